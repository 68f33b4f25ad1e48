import type { Video } from "../api/video.ts";

const PERMISSIONS = "autoplay; fullscreen; picture-in-picture; encrypted-media";
const WIDTH = 640;

/** Returns the HTML that embeds a video in another page. url: the address of the embed page. */
export function makeEmbedCode(url: string, video: Pick<Video, "title" | "source">): string {
  const { width, height } = video.source ?? { width: 16, height: 9 };
  const size = `width="${WIDTH}" height="${Math.round((WIDTH * height) / width)}"`;
  return `<iframe src="${escapeAttribute(url)}" title="${escapeAttribute(video.title)}" ${size} style="border:0" allow="${PERMISSIONS}" allowfullscreen loading="lazy"></iframe>`;
}

function escapeAttribute(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
}
