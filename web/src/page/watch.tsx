/** The watch page: the player, the video's details, and what to watch next. */

import { render } from "preact";

import "../player/yeoul-player.ts";
import { followVideo } from "../api/follow.ts";
import type { Video } from "../api/video.ts";
import { getElement } from "../part/get-element.ts";
import { readQuery } from "../part/query.ts";
import { pageVideoId, readPageData } from "../player/page-data.ts";
import type { YeoulPlayer } from "../player/yeoul-player.ts";
import { setTitle } from "../shell/page.tsx";
import { text } from "../text/text.ts";
import { About, Missing } from "../watch/About.tsx";
import { readTime } from "../watch/description.ts";
import { Side } from "../watch/Side.tsx";

const player = getElement<YeoulPlayer>("#player");
const id = pageVideoId();

let latest: Video | null = null;
let isFirstFrameDone = false;

function show(video: Video): void {
  latest = video;
  player.video = video;
  if (isFirstFrameDone || video.playback === null) renderVideo();
}

function renderVideo(): void {
  if (latest === null) return;
  setTitle(latest.title || text.video.untitled);
  render(<About video={latest} player={player} />, getElement("#about"));
}

/** Renders what stands around the player. It waits, because it takes longer than the first frame. */
function renderRest(): void {
  isFirstFrameDone = true;
  renderVideo();
  render(<Side id={id} player={player} />, getElement("#side"));
}

function start(): void {
  const time = readQuery("t");
  player.options = {
    autoplay: true,
    muted: false,
    loop: false,
    captions: false,
    startS: time === null ? null : readTime(time),
  };
  const pageData = readPageData();
  if (pageData !== null) show(pageData.video);
  followVideo(id, {
    onVideo: show,
    onGone: (error) => {
      latest = null;
      player.showMissing(error.status, error.code);
      render(<Missing status={error.status} />, getElement("#about"));
    },
  });
  void player.firstFrame.then(renderRest);
}

start();
