/** The watch page: the player, what is known of the video, and what to watch next. */

import { render } from "preact";

import "../player/yeoul-player";
import { followVideo } from "../api/follow";
import type { Video } from "../api/video";
import { find } from "../find";
import { idOfPage, readKnown } from "../player/known";
import type { YeoulPlayer } from "../player/yeoul-player";
import { setTitle } from "../shell/page";
import { text } from "../text/text";
import { About, Missing } from "../watch/About";
import { readTime } from "../watch/description";
import { Side } from "../watch/Side";

const player = find<YeoulPlayer>("#player");
const id = idOfPage();

function show(video: Video): void {
  setTitle(video.title || text.video.untitled);
  player.video = video;
  render(<About video={video} player={player} />, find("#about"));
}

function start(): void {
  const wish = new URLSearchParams(location.search).get("t");
  player.options = { autoplay: true, muted: false, loop: false, captions: false, startS: wish === null ? null : readTime(wish) };
  const known = readKnown();
  if (known !== null) show(known.video);
  followVideo(id, {
    onVideo: show,
    onGone: (error) => {
      player.showMissing(error.status, error.code);
      render(<Missing status={error.status} />, find("#about"));
    },
  });
  render(<Side id={id} player={player} />, find("#side"));
}

start();
