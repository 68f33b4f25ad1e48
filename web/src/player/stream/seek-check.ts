/**
 * Checks the frame that is shown after a seek. Shaka can remove a segment and append it again while
 * Chromium reads it. Chromium then continues at the next keyframe, which can be seconds too late.
 */

/** Frames that are early by less are not corrected: the times are rounded, and some engines are inexact. */
const EARLY_S = 0.1;

/** Repeats a seek if the frame that it shows is later than the current position. */
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
