/** Keyboard shortcuts of the player, as on other video sites. */

export interface KeyTarget {
  togglePlay(): void;
  seekBy(seconds: number): void;
  seekToShare(share: number): void;
  changeVolume(by: number): void;
  toggleMute(): void;
  toggleFullscreen(): void;
  toggleCaptions(): void;
  togglePictureInPicture(): void;
  stepFrame(direction: 1 | -1): void;
  changeSpeed(direction: 1 | -1): void;
  playNext(): void;
  showKeys(): void;
}

const KEYS: Record<string, (target: KeyTarget) => void> = {
  k: (target) => target.togglePlay(),
  " ": (target) => target.togglePlay(),
  j: (target) => target.seekBy(-10),
  l: (target) => target.seekBy(10),
  ArrowLeft: (target) => target.seekBy(-5),
  ArrowRight: (target) => target.seekBy(5),
  ArrowUp: (target) => target.changeVolume(0.05),
  ArrowDown: (target) => target.changeVolume(-0.05),
  Home: (target) => target.seekToShare(0),
  End: (target) => target.seekToShare(1),
  m: (target) => target.toggleMute(),
  f: (target) => target.toggleFullscreen(),
  c: (target) => target.toggleCaptions(),
  i: (target) => target.togglePictureInPicture(),
  ",": (target) => target.stepFrame(-1),
  ".": (target) => target.stepFrame(1),
  "<": (target) => target.changeSpeed(-1),
  ">": (target) => target.changeSpeed(1),
  N: (target) => target.playNext(),
  "?": (target) => target.showKeys(),
};

/** Keys that a focused button, slider or menu handles itself. */
const OWN_KEYS = new Set([
  " ",
  "Enter",
  "ArrowLeft",
  "ArrowRight",
  "ArrowUp",
  "ArrowDown",
  "Home",
  "End",
]);
const OWNERS = /^(a|button|media-[a-z-]+-(range|button|menu|menu-item))$/;
const TYPING = /^(input|textarea|select)$/;

/** Listens on the whole page, which has one player. Returns a function that ends it. */
export function listenForKeys(target: KeyTarget): () => void {
  const onKeyDown = (event: KeyboardEvent): void => {
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      event.defaultPrevented ||
      isHandled(event) ||
      document.querySelector("dialog[open]") !== null
    )
      return;
    const digit = /^[0-9]$/.test(event.key) ? Number(event.key) : null;
    // Shift matters, caps lock does not.
    const key = event.shiftKey || event.key.length > 1 ? event.key : event.key.toLowerCase();
    const action = digit === null ? (KEYS[key] ?? KEYS[key.toLowerCase()]) : undefined;
    if (digit !== null) target.seekToShare(digit / 10);
    else if (action !== undefined) action(target);
    else return;
    event.preventDefault();
  };
  document.addEventListener("keydown", onKeyDown);
  return () => document.removeEventListener("keydown", onKeyDown);
}

/** True if the focused element handles the key. */
function isHandled(event: KeyboardEvent): boolean {
  for (const node of event.composedPath()) {
    if (!(node instanceof HTMLElement)) continue;
    const name = node.localName;
    if (OWN_KEYS.has(event.key) && OWNERS.test(name)) return true;
    // Sliders of the controls contain an <input type=range>, which handles only OWN_KEYS.
    if (
      node.isContentEditable ||
      (TYPING.test(name) && (node as HTMLInputElement).type !== "range")
    )
      return true;
  }
  return false;
}
