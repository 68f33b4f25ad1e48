"""Players that other sites use, each alone on an empty page of Chromium: hls.js, dash.js and video.js."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_PACKAGES = Path(__file__).parents[2] / "web" / "node_modules"
_PAGE = "<!doctype html><title>player</title><body><video id='video' muted playsinline width='640' height='360'></video>"
_VIDEO_JS = """(url) => {
  const player = videojs('video', {html5: {vhs: {overrideNative: true}}});
  player.src({src: url, type: '%s'});
  window.media = player.tech({IWillNotUseThisInPlugins: true}).el();
}"""

# The media element of a page, of one of these players or of ours.
MEDIA = "(window.media ?? document.querySelector('yeoul-player').media)"
# What is buffered, and how many pictures were decoded.
STATE = f"""(() => {{
  const media = {MEDIA};
  const ranges = Array.from({{length: media.buffered.length}}, (_, index) => [media.buffered.start(index), media.buffered.end(index)]);
  return {{ranges, time: media.currentTime, ended: media.ended, duration: media.duration, error: media.error?.message ?? null,
    pictures: media.getVideoPlaybackQuality().totalVideoFrames}};
}})()"""
# How bright the picture of a moment is.
LOOK = f"""(async () => {{
  const media = {MEDIA};
  const pen = Object.assign(document.createElement('canvas'), {{width: 8, height: 8}}).getContext('2d', {{willReadFrequently: true}});
  media.pause();
  const found = [];
  for (const time of %s) {{
    const sought = new Promise((done) => media.addEventListener('seeked', done, {{once: true}}));
    media.currentTime = time;
    await sought;
    let bright = null;
    for (let same = 0; same < 8;) {{
      await new Promise((done) => setTimeout(done, 50));
      pen.drawImage(media, 0, 0, 8, 8);
      const now = pen.getImageData(4, 4, 1, 1).data[0] > 128;
      same = now === bright ? same + 1 : 0;
      bright = now;
    }}
    found.push(bright);
  }}
  return found;
}})()"""


# Fills the window with the page's video, or with the given MP4 (base64) instead, as `window.media`: at its start, and decoded before.
FILL_SCREEN = """async (file) => {
  let media = document.querySelector('yeoul-player').media;
  media.pause();
  if (file !== null) {
    media = document.createElement('video');
    media.src = URL.createObjectURL(new Blob([Uint8Array.from(atob(file), (one) => one.charCodeAt(0))], {type: 'video/mp4'}));
    document.body.append(media);
  }
  Object.assign(media.style, {position: 'fixed', inset: '0', width: '100vw', height: '100vh', zIndex: '99999', background: 'black'});
  window.media = media;
  media.muted = true;
  await media.play();
  await new Promise((done) => media.addEventListener('timeupdate', () => media.currentTime > 0.7 && done()));
  media.pause();
  media.currentTime = 0;
  await new Promise((done) => media.addEventListener('seeked', done, {once: true}));
  media.muted = false;
}"""
PLAY_ALONE = """(async () => {
  const ended = new Promise((done) => window.media.addEventListener('ended', done, {once: true}));
  await window.media.play();
  await ended;
})()"""


@dataclass(frozen=True)
class WebPlayer:
    """A player: its script in `web/node_modules`, the stream that it takes, and how it is begun; `window.media` is its element then."""

    script: str
    stream: str
    begin: str


WEB_PLAYERS: Mapping[str, WebPlayer] = {
    "hls.js": WebPlayer(
        "hls.js/dist/hls.min.js",
        "hls",
        """(url) => {
          window.media = document.getElementById('video');
          const player = new Hls();
          player.on(Hls.Events.ERROR, (_, data) => { if (data.fatal) window.faults.push(data.details); });
          player.loadSource(url);
          player.attachMedia(media);
        }""",
    ),
    "dash.js": WebPlayer(
        "dashjs/dist/modern/umd/dash.all.min.js",
        "dash",
        """(url) => {
          window.media = document.getElementById('video');
          const player = dashjs.MediaPlayer().create();
          player.on(dashjs.MediaPlayer.events.ERROR, (event) => window.faults.push(String(event.error?.message ?? event.error)));
          player.initialize(media, url, false);
        }""",
    ),
    "video.js with HLS": WebPlayer("video.js/dist/video.min.js", "hls", _VIDEO_JS % "application/x-mpegURL"),
    "video.js with DASH": WebPlayer("video.js/dist/video.min.js", "dash", _VIDEO_JS % "application/dash+xml"),
}


def open_player(page: Page, name: str, video: Mapping[str, Any]) -> None:
    """Opens a page on which a player has a video; video: what `yeoul upload --json` said of it."""
    player = WEB_PLAYERS[name]
    # Not about:blank, which may not listen to its own sound.
    page.goto(video["watch"].partition("/watch/")[0] + "/healthz")
    page.set_content(_PAGE)
    page.add_script_tag(path=_PACKAGES / player.script)
    page.evaluate("window.faults = []")
    page.evaluate(player.begin, video[player.stream])
