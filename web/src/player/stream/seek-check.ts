/**
 * Checks the frame that is shown after a seek. If Shaka removes and appends a segment that Chromium
 * reads already, Chromium continues at the next key frame, which can be seconds too late.
 */

/** Rounding, and engines that show a frame a little early, stay below it. */
const EARLY_S = 0.1;

/** Seeks again, once, after a seek that shows a frame later than the current position. */
export function checkSeeks(media: HTMLVideoElement): void {
  let shown_s = 0;
  let isWaiting = false;
  let isRepeated = false;
  const check = (): void => {
    const position_s = media.currentTime;
    if (isRepeated || shown_s <= position_s + EARLY_S) return;
    isRepeated = true;
    media.currentTime = position_s;
  };
  // The frame is presented before the event "seeked" or after it.
  const onFrame: VideoFrameRequestCallback = (_now, { mediaTime }) => {
    shown_s = mediaTime;
    isWaiting = media.seeking;
    if (isWaiting) media.requestVideoFrameCallback(onFrame);
    else check();
  };
  media.addEventListener("seeking", () => {
    if (isRepeated) return;
    shown_s = 0;
    if (!isWaiting) media.requestVideoFrameCallback(onFrame);
    isWaiting = true;
  });
  media.addEventListener("seeked", () => {
    if (isRepeated) isRepeated = false;
    else check();
  });
}
