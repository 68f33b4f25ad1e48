/** Steps through a paused video frame by frame. */
export class FrameStepper {
  readonly media: HTMLVideoElement;
  #shownS = 0;
  #stop = false;

  constructor(media: HTMLVideoElement) {
    this.media = media;
    const onFrame: VideoFrameRequestCallback = (_now, frame) => {
      this.#shownS = frame.mediaTime;
      if (!this.#stop) media.requestVideoFrameCallback(onFrame);
    };
    media.requestVideoFrameCallback(onFrame);
  }

  /**
   * Shows the next frame (1) or the previous one (-1). It seeks to the middle of the frame, so that
   * rounding cannot select another.
   */
  step(direction: 1 | -1, framesPerS: number, endS: number): void {
    this.media.pause();
    const target = this.#shownS + (direction + 0.5) / framesPerS;
    this.media.currentTime = Math.max(0, Math.min(target, endS));
  }

  end(): void {
    this.#stop = true;
  }
}
