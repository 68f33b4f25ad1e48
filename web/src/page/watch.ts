/** The watch page: the player, and what is known of the video. */

import "../player/yeoul-player";
import { followVideo } from "../api/follow";
import type { Video } from "../api/video";
import { formatAge, stateLine } from "../format";
import type { YeoulPlayer } from "../player/yeoul-player";
import { find } from "../find";

const player = find<YeoulPlayer>("#player");
const work = find("#work");

function show(video: Video): void {
  document.title = `${video.title} · Yeoul`;
  find("#title").textContent = video.title;
  find("#facts").textContent = `${video.owner.handle} · ${formatAge(video.created_at, Date.now())}`;
  const description = find("#description");
  description.textContent = video.description;
  description.hidden = video.description === "";
  showWork(video);
  player.video = video;
}

/** While the video is being made: how far it is, and which rungs are there. */
function showWork(video: Video): void {
  work.hidden = video.state !== "playable";
  if (work.hidden) return;
  const line = document.createElement("p");
  line.className = "work-line";
  line.textContent = stateLine(video);
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.value = video.progress;
  bar.setAttribute("aria-label", "Progress");
  const rungs = document.createElement("ul");
  rungs.className = "work-rungs";
  for (const rendition of video.renditions.filter((one) => one.kind === "video")) {
    const chip = document.createElement("li");
    chip.className = "chip";
    chip.textContent = rendition.name;
    rungs.append(chip);
  }
  work.replaceChildren(line, bar, rungs);
}

function start(): void {
  const id = decodeURIComponent(location.pathname.split("/")[2] ?? "");
  const wish = new URLSearchParams(location.search).get("proto");
  player.protocol = wish === "hls" || wish === "dash" ? wish : null;
  followVideo(id, {
    onVideo: show,
    onGone: (error) => {
      find("#title").textContent = error.status === 404 ? "Not found" : "Not available";
      player.showMissing(error.status === 404 ? "There is no such video." : error.message, error.code);
    },
  });
}

start();
