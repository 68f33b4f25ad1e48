/** Shows the last frame over the media element while another stream is loaded. */
export class HeldFrame {
  readonly canvas: HTMLCanvasElement;
  readonly media: HTMLVideoElement;

  constructor(canvas: HTMLCanvasElement, media: HTMLVideoElement) {
    this.canvas = canvas;
    this.media = media;
  }

  show(isHeld: boolean): void {
    if (isHeld && this.media.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) this.#draw();
    this.canvas.hidden = !isHeld;
  }

  #draw(): void {
    this.canvas.width = this.media.videoWidth;
    this.canvas.height = this.media.videoHeight;
    this.canvas.getContext("2d")?.drawImage(this.media, 0, 0);
  }
}
