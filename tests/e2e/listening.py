"""Flashes and beeps: a clip in which both come together, and three ways to find out whether they still do."""

from __future__ import annotations

import statistics
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np

from tests import oracle
from yeoul.media.binaries import ffmpeg_path

# What the page's source buffers are, in the order in which they were made.
RECORD_BUFFERS = """
window.buffers = [];
const add = MediaSource.prototype.addSourceBuffer;
MediaSource.prototype.addSourceBuffer = function (type) { const made = add.call(this, type); window.buffers.push(made); return made; };
"""
# Plays the page's video, or the given file instead of it, and hears and sees what comes when, by the machine's clock.
LISTEN = """async (file) => {
  let media = window.media ?? document.querySelector('yeoul-player').media;
  if (file !== null) {
    media.pause();
    media = document.createElement('video');
    media.src = URL.createObjectURL(await (await fetch(`data:video/mp4;base64,${file}`)).blob());
    document.body.prepend(media);
  }
  const source = `registerProcessor('beeps', class extends AudioWorkletProcessor {
    constructor() { super(); this.quiet = 0; }
    process([input]) {
      const samples = input[0] ?? [];
      for (let i = 0; i < samples.length; i++) {
        if (Math.abs(samples[i]) < 0.05) this.quiet += 1;
        else { if (this.quiet > sampleRate * 0.3) this.port.postMessage((currentFrame + i) / sampleRate); this.quiet = 0; }
      }
      return true;
    }
  });`;
  if (!media.heard) { // an element can be connected only once
    const context = new AudioContext();
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([source], {type: 'text/javascript'})));
    media.heard = new AudioWorkletNode(context, 'beeps');
    context.createMediaElementSource(media).connect(media.heard).connect(context.destination);
  }
  const node = media.heard, context = node.context;
  const beeps = [], flashes = [], clocks = [];
  const canvas = new OffscreenCanvas(8, 8), pen = canvas.getContext('2d', {willReadFrequently: true});
  node.port.onmessage = (event) => {
    // From the audio clock to the page's: when these samples are due at the speaker.
    const now = context.getOutputTimestamp();
    beeps.push(now.performanceTime + (event.data - now.contextTime) * 1000);
  };
  let dark = true, plays = true;
  const onFrame = (now, frame) => {
    clocks.push(performance.now() - media.currentTime * 1000);
    pen.drawImage(media, 0, 0, 8, 8);
    const bright = pen.getImageData(4, 4, 1, 1).data[0] > 128;
    if (bright && dark) flashes.push({shown: frame.expectedDisplayTime, mediaTime: frame.mediaTime});
    dark = !bright;
    if (plays) media.requestVideoFrameCallback(onFrame);
  };
  media.requestVideoFrameCallback(onFrame);
  media.currentTime = 0;
  await context.resume();
  await media.play();
  await new Promise((done) => media.addEventListener('ended', done, {once: true}));
  plays = false;
  return {beeps, flashes, clock: clocks.sort((a, b) => a - b)[clocks.length >> 1]};
}"""


def make_flashes_and_beeps(path: Path, *, rate: int = 30, keep: str = "1") -> Path:
    """Makes 6 s of black and silence; at each half second past the full one, white pictures and a beep for 0.1 s.

    keep: which pictures there are, in the words of ffmpeg's filter `select`.
    """
    picture = f"color=black:s=640x360:r={rate}:d=6,drawbox=c=white:t=fill:enable='between(mod(t,1),0.499,0.599)',select='{keep}'"
    sound = "aevalsrc='if(between(mod(t,1),0.5,0.6),0.8*sin(2*PI*1000*t),0)':s=48000:d=6"
    command = [ffmpeg_path(), "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound]
    command += [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-pix_fmt",
        "yuv420p",
        "-fps_mode",
        "vfr",
        "-g",
        "60",
        "-c:a",
        "aac",
        "-b:a",
        "192k",
        str(path),
    ]
    subprocess.run(command, check=True)
    return path


def find_flashes(path: Path) -> list[float]:
    """Returns the times of the first white pictures, in seconds."""
    with av.open(str(path)) as container:
        frames = [(frame.time or 0.0, frame.to_ndarray(format="gray").mean() > 128) for frame in container.decode(video=0)]
    return [time - frames[0][0] for (_, before), (time, after) in pairwise(frames) if after and not before]


def find_beeps(path: Path) -> list[float]:
    """Returns the times at which a beep begins after silence, in seconds."""
    heard = oracle.find_heard(path)
    assert heard is not None
    loud = np.flatnonzero(np.abs(heard.samples) > 0.05)
    begins = loud[np.diff(loud, prepend=-oracle.RATE) > 0.3 * oracle.RATE]
    return [heard.start_s + float(first) / oracle.RATE for first in begins]


def sound_lags_ms(heard: dict[str, Any]) -> list[float]:
    """Returns by how much each beep of LISTEN's answer is heard later than its flash is due by the element's clock.

    A busy machine may pass over the first white picture of a flash, which makes the result too small.
    When a flash is seen differs from that by up to half a picture: Chromium shows a picture early or late by so much, and does not mend it
    while it plays (media/filters/video_renderer_algorithm.cc, `max_acceptable_drift`).
    """
    lags: list[float] = []
    for n, flash in enumerate(heard["flashes"]):
        assert -0.021 < flash["mediaTime"] - (n + 0.5) < 0.1, flash
        due_ms = heard["clock"] + flash["mediaTime"] * 1000
        lags.append(min((beep - due_ms for beep in heard["beeps"]), key=abs))
    assert len(lags) == 6
    return lags


def sound_lag_ms(heard: dict[str, Any]) -> float:
    """Returns the median of `sound_lags_ms`."""
    return statistics.median(sound_lags_ms(heard))


# Plays the page's video to its end and tells the pitch of each beep, in Hz and in order; the sound `choice` is taken once 3 s have passed.
HEAR_PITCHES = """async (choice) => {
  const player = document.querySelector('yeoul-player'), media = player.media;
  const context = new AudioContext();
  const source = `registerProcessor('pitches', class extends AudioWorkletProcessor {
    constructor() { super(); this.begun = -1; this.turns = 0; this.last = 0; this.quiet = 0; }
    process([input]) {
      const samples = input[0] ?? [];
      for (let i = 0; i < samples.length; i++) {
        const loud = Math.abs(samples[i]) > 0.05;
        this.quiet = loud ? 0 : this.quiet + 1;
        if (this.begun < 0 && loud) { this.begun = 0; this.turns = 0; }
        if (this.begun >= 0) {
          this.begun += 1;
          if (samples[i] * this.last < 0) this.turns += 1;
          if (this.begun === 2400) this.port.postMessage(this.turns * sampleRate / 2 / 2400);
          if (this.quiet > 4800) this.begun = -1;
        }
        if (samples[i] !== 0) this.last = samples[i];
      }
      return true;
    }
  });`;
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([source], {type: 'text/javascript'})));
  const pitches = [], node = new AudioWorkletNode(context, 'pitches');
  node.port.onmessage = (event) => pitches.push(event.data);
  context.createMediaElementSource(media).connect(node).connect(context.destination);
  const ended = new Promise((done) => media.addEventListener('ended', done, {once: true}));
  media.addEventListener('timeupdate', () => {
    if (choice !== null && media.currentTime > 3) { player.playback.chooseAudioTrack(choice); choice = null; }
  });
  media.currentTime = 0;
  await context.resume();
  await media.play();
  await ended;
  return pitches;
}"""
