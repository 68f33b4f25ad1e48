/** Holds the last picture over the media element while another stream is loaded into it. */

export class Hold {
  constructor(
    readonly canvas: HTMLCanvasElement,
    readonly media: HTMLVideoElement,
  ) {}

  set(held: boolean): void {
    if (held && this.media.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) this.#draw();
    this.canvas.hidden = !held;
  }

  #draw(): void {
    this.canvas.width = this.media.videoWidth;
    this.canvas.height = this.media.videoHeight;
    this.canvas.getContext("2d")?.drawImage(this.media, 0, 0);
  }
}
