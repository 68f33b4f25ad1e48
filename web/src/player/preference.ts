/**
 * What a viewer chose for all videos, stored in the browser. Without storage a choice lasts as long
 * as the page.
 */

export interface CaptionStyle {
  size: string;
  colour: string;
  back: string;
  edge: string;
}

export interface Preference {
  speed: number;
  captions: boolean;
  /** Null: as the browser is configured. */
  saver: boolean | null;
  /** Null: on, unless the browser asks for reduced motion. */
  autoplayNext: boolean | null;
  captionStyle: CaptionStyle;
  /** Language of the audio track. Empty: the default track of the video. */
  audioLanguage: string;
  /** Measured during the last playback; 0 while unknown. */
  bandwidth_bps: number;
}

const KEY = "yeoul_player";
export const DEFAULT_CAPTION_STYLE: CaptionStyle = {
  size: "100",
  colour: "#ffffff",
  back: "rgb(0 0 0 / 0.8)",
  edge: "none",
};
const DEFAULT: Preference = {
  speed: 1,
  captions: false,
  saver: null,
  autoplayNext: null,
  captionStyle: DEFAULT_CAPTION_STYLE,
  audioLanguage: "",
  bandwidth_bps: 0,
};

function readStored(): Preference {
  try {
    return {
      ...DEFAULT,
      ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preference>),
    };
  } catch {
    return DEFAULT;
  }
}

let current = readStored();

export function preference(): Readonly<Preference> {
  return current;
}

export function setPreference(change: Partial<Preference>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // An embedded player may have no storage.
  }
}

export function savesData(): boolean {
  return current.saver ?? navigator.connection?.saveData === true;
}

export function playsNext(): boolean {
  return current.autoplayNext ?? !matchMedia("(prefers-reduced-motion: reduce)").matches;
}
