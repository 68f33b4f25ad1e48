/** Steps through a paused video picture by picture. */

export class FrameStepper {
  #shownS = 0;
  #stop = false;

  constructor(readonly media: HTMLVideoElement) {
    const onFrame: VideoFrameRequestCallback = (_now, frame) => {
      this.#shownS = frame.mediaTime;
      if (!this.#stop) media.requestVideoFrameCallback(onFrame);
    };
    media.requestVideoFrameCallback(onFrame);
  }

  /** Shows the next picture (direction 1) or the one before (-1). Aims at the middle of it, so that rounding never shows its neighbour. */
  step(direction: 1 | -1, framesPerS: number, endS: number): void {
    this.media.pause();
    const target = this.#shownS + (direction + 0.5) / framesPerS;
    this.media.currentTime = Math.max(0, Math.min(target, endS));
  }

  end(): void {
    this.#stop = true;
  }
}
