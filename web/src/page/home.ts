/** The home page: public videos, newest first. */

import { ApiError, getFeed, type Video } from "../api/video";
import { formatAge, formatDuration, stateLine } from "../format";
import { find } from "../find";

const feed = find<HTMLUListElement>("#feed");
const note = find("#feed-note");
const more = find<HTMLButtonElement>("#feed-more");
let cursor: string | null = null;

async function showMore(): Promise<void> {
  more.disabled = true;
  try {
    const page = await getFeed(cursor);
    for (const video of page.items) feed.append(makeCard(video));
    cursor = page.next;
    more.hidden = cursor === null;
    more.textContent = "Show more";
    say(feed.childElementCount === 0 ? "No videos yet. Upload the first one with: yeoul upload FILE" : null);
  } catch (error) {
    say(error instanceof ApiError && error.status > 0 ? `The server answered: ${error.message}` : "The server does not answer.");
    more.hidden = false;
    more.textContent = "Try again";
  }
  more.disabled = false;
  feed.setAttribute("aria-busy", "false");
}

function say(text: string | null): void {
  note.hidden = text === null;
  note.textContent = text ?? "";
}

function makeCard(video: Video): HTMLLIElement {
  const link = document.createElement("a");
  link.className = "card";
  link.href = `/watch/${encodeURIComponent(video.id)}`;
  link.append(makePicture(video), makeText("h2", "card-title", video.title));
  link.append(makeText("p", "card-facts", `${video.owner.handle} · ${formatAge(video.created_at, Date.now())}`));
  const item = document.createElement("li");
  item.append(link);
  return item;
}

function makePicture(video: Video): HTMLElement {
  const picture = document.createElement("div");
  picture.className = "card-picture";
  if (video.poster !== null) {
    const poster = document.createElement("img");
    poster.src = video.poster;
    poster.alt = "";
    poster.loading = "lazy";
    picture.append(poster);
  }
  if (video.state !== "ready") picture.append(makeText("span", `chip chip-${video.state}`, CHIPS[video.state], stateLine(video)));
  if (video.duration_s !== null) picture.append(makeText("span", "card-duration", formatDuration(video.duration_s)));
  return picture;
}

const CHIPS: Record<Video["state"], string> = {
  created: "Waiting",
  uploading: "Uploading",
  processing: "Processing",
  playable: "Processing",
  ready: "",
  failed: "Failed",
  deleted: "Deleted",
};

function makeText(tag: string, className: string, text: string, title = ""): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  if (title !== "") element.title = title;
  return element;
}

more.addEventListener("click", () => void showMore());
void showMore();
