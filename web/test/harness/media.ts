/** A media element whose state a test sets. */
export class FakeMedia extends EventTarget {
  currentTime = 0;
  duration = Number.NaN;
  playbackRate = 1;
  defaultPlaybackRate = 1;
  volume = 1;
  muted = false;
  paused = true;
  seeking = false;
  ended = false;
  loop = false;
  readyState = 4;
  videoWidth = 1280;
  videoHeight = 720;
  played = ranges();
  frameCallbacks: ((now: number, frame: { mediaTime: number }) => void)[] = [];

  /** Sets properties and dispatches an event. */
  emit(type: string, state: Partial<FakeMedia> = {}): void {
    Object.assign(this, state);
    this.dispatchEvent(new Event(type));
  }

  async play(): Promise<void> {
    this.emit("play", { paused: false });
  }

  pause(): void {
    if (!this.paused) this.emit("pause", { paused: true });
  }

  requestVideoFrameCallback(callback: (now: number, frame: { mediaTime: number }) => void): number {
    return this.frameCallbacks.push(callback);
  }

  /** Shows a frame of a media time. */
  showFrame(mediaTime: number): void {
    for (const callback of this.frameCallbacks.splice(0)) callback(0, { mediaTime });
  }

  get video(): HTMLVideoElement {
    return this as unknown as HTMLVideoElement;
  }
}

/** Time ranges, as `played` has them. */
export function ranges(...pairs: [number, number][]): TimeRanges {
  return {
    length: pairs.length,
    start: (index: number) => pairs[index]?.[0] ?? Number.NaN,
    end: (index: number) => pairs[index]?.[1] ?? Number.NaN,
  };
}
