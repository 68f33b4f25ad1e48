/** The player alone, inside other people's pages: `?t=&autoplay=1&muted=1&loop=1&captions=1`. */

import "../player/yeoul-player";
import { followVideo } from "../api/follow";
import type { Video } from "../api/video";
import { find } from "../find";
import { idOfPage, readKnown } from "../player/known";
import type { YeoulPlayer } from "../player/yeoul-player";
import { words } from "../text/watch/words";
import { readTime } from "../watch/description";

const player = find<YeoulPlayer>("#player");
const query = new URLSearchParams(location.search);
const isOn = (name: string): boolean => query.get(name) === "1";

/** Over the picture, while the controls are: the title, which leads to the watch page where the viewer is now. */
function makeTitle(): HTMLAnchorElement {
  const title = document.createElement("a");
  title.slot = "top-chrome";
  title.className = "embed-title";
  title.target = "_blank";
  title.rel = "noopener";
  title.href = `/watch/${encodeURIComponent(idOfPage())}`;
  title.addEventListener("click", () => {
    const at = Math.floor(player.media.currentTime);
    title.search = at > 0 ? `?t=${at}` : "";
    player.media.pause();
  });
  find("media-controller", player).prepend(title);
  return title;
}

const title = makeTitle();

function show(video: Video): void {
  document.title = title.textContent = find("#title").textContent = video.title;
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
const known = readKnown();
if (known !== null) show(known.video);
followVideo(idOfPage(), {
  onVideo: show,
  onGone: (error) => {
    title.hidden = true;
    player.showMissing(error.status, error.code);
  },
});
