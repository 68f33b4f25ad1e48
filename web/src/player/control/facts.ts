/** What the controls show of a player. */

import type { Rung } from "../stream/rungs.ts";
import type { Chapter } from "./chapter.ts";

/** Dispatched at the media element when a value of Facts changes. */
export const FACTS_CHANGED = "yeoulfactschange";

export interface Facts {
  /** The duration of the whole video, also while only its beginning exists. NaN while unknown. */
  durationS(): number;
  /** The end of the range that can be sought now. */
  seekableEndS(): number;
  rungs(): Rung[];
  isPaused(): boolean;
  setPaused(paused: boolean): void;
  chosenRung(): string | null;
  chooseRung(id: string | null): void;
  chapters(): Chapter[];
}
