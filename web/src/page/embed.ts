/** The player for other sites: `?t=&autoplay=1&muted=1&loop=1&captions=1`. */

import "../player/yeoul-player.ts";
import { followVideo } from "../api/follow.ts";
import type { Video } from "../api/video.ts";
import { getElement } from "../part/get-element.ts";
import { pageVideoId, readPageData } from "../player/page-data.ts";
import type { YeoulPlayer } from "../player/yeoul-player.ts";
import { words } from "../text/watch/words.ts";
import { readTime } from "../watch/description.ts";

const player = getElement<YeoulPlayer>("#player");
const query = new URLSearchParams(location.search);
const isOn = (name: string): boolean => query.get(name) === "1";

/** Shows the title with the controls. It links to the watch page at the current time. */
function makeTitle(): HTMLAnchorElement {
  const title = document.createElement("a");
  title.slot = "top-chrome";
  title.className = "embed-title";
  title.target = "_blank";
  title.rel = "noopener";
  title.href = `/watch/${encodeURIComponent(pageVideoId())}`;
  title.addEventListener("click", () => {
    const at = Math.floor(player.media.currentTime);
    title.search = at > 0 ? `?t=${at}` : "";
    player.media.pause();
  });
  getElement("media-controller", player).prepend(title);
  return title;
}

const title = makeTitle();

function show(video: Video): void {
  document.title = title.textContent = getElement("#title").textContent = video.title;
  title.setAttribute("aria-label", `${video.title} – ${words.player.watchOn}`);
  player.video = video;
}

player.options = {
  autoplay: isOn("autoplay"),
  muted: isOn("muted"),
  loop: isOn("loop"),
  captions: isOn("captions"),
  startS: query.has("t") ? readTime(query.get("t")) : null,
};
const pageData = readPageData();
if (pageData !== null) show(pageData.video);
followVideo(pageVideoId(), {
  onVideo: show,
  onGone: (error) => {
    title.hidden = true;
    player.showMissing(error.status, error.code);
  },
});
