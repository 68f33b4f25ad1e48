/** What a viewer chose for all videos, kept in the browser; where that keeps nothing, it holds for the page. */

export interface CaptionStyle {
  size: string;
  colour: string;
  back: string;
  edge: string;
}

export interface Preference {
  speed: number;
  captions: boolean;
  /** null: as the browser wishes. */
  saver: boolean | null;
  /** null: unless less motion is wished. */
  autoplayNext: boolean | null;
  captionStyle: CaptionStyle;
  /** Of the sound; empty: what the video plays by default. */
  audioLanguage: string;
  /** What the network gave when last something was played; 0 while unknown. */
  bandwidth_bps: number;
}

const KEY = "yeoul_player";
export const PLAIN_STYLE: CaptionStyle = { size: "100", colour: "#ffffff", back: "rgb(0 0 0 / 0.8)", edge: "none" };
const FIRST: Preference = { speed: 1, captions: false, saver: null, autoplayNext: null, captionStyle: PLAIN_STYLE, audioLanguage: "", bandwidth_bps: 0 };

function read(): Preference {
  try {
    return { ...FIRST, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preference>) };
  } catch {
    return FIRST;
  }
}

let kept = read();

export function preference(): Readonly<Preference> {
  return kept;
}

export function prefer(change: Partial<Preference>): void {
  kept = { ...kept, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // A frame of another site may be given no storage.
  }
}

export function savesData(): boolean {
  return kept.saver ?? navigator.connection?.saveData === true;
}

export function playsNext(): boolean {
  return kept.autoplayNext ?? !matchMedia("(prefers-reduced-motion: reduce)").matches;
}
