/** media-chrome's store over our own facts: the duration the API knows, and Shaka's rungs. */

import { createMediaStore, type MediaStore } from "media-chrome/dist/media-store/media-store.js";
import { stateMediator, type StateMediator } from "media-chrome/dist/media-store/state-mediator.js";
import { AvailabilityStates, StreamTypes } from "media-chrome/dist/constants.js";

import type { Chapter } from "./chapter";
import type { Rung } from "./rungs";

/** Fired at the media element when one of our facts changes. */
export const FACTS_CHANGED = "yeoulfactschange";

export interface Facts {
  /** The whole video's length, also while only its beginning is there; NaN while unknown. */
  durationS(): number;
  /** Up to where one can seek now. */
  seekableEndS(): number;
  rungs(): Rung[];
  isPaused(): boolean;
  setPaused(paused: boolean): void;
  chosenRung(): string | null;
  chooseRung(id: string | null): void;
  chapters(): Chapter[];
}

/** Makes the store; everything that is not named here stays media-chrome's. */
export function makeStore(media: HTMLVideoElement, fullscreenElement: HTMLElement, facts: Facts): MediaStore {
  const mediator: StateMediator = {
    ...stateMediator,
    mediaDuration: { get: facts.durationS, mediaEvents: ["durationchange", "loadedmetadata", "emptied", FACTS_CHANGED] },
    mediaPaused: { ...stateMediator.mediaPaused, get: facts.isPaused, set: facts.setPaused },
    mediaSeekable: {
      get: () => (Number.isFinite(facts.durationS()) ? [0, facts.durationS()] : undefined),
      mediaEvents: ["durationchange", "loadedmetadata", "emptied", FACTS_CHANGED],
    },
    mediaCurrentTime: {
      ...stateMediator.mediaCurrentTime,
      set: (value) => {
        if (Number.isFinite(value)) media.currentTime = Math.max(0, Math.min(value, facts.seekableEndS()));
      },
    },
    // A growing video is one that can be watched from its start, not a live one.
    mediaStreamType: { get: () => StreamTypes.ON_DEMAND },
    mediaChaptersCues: {
      get: () => facts.chapters().map(({ title, start_s, end_s }) => ({ text: title, startTime: start_s, endTime: end_s })),
      mediaEvents: ["loadedmetadata", FACTS_CHANGED],
    },
    mediaRenditionList: { get: () => facts.rungs().map((rung) => ({ ...rung })), mediaEvents: [FACTS_CHANGED] },
    mediaRenditionSelected: {
      get: () => (facts.chosenRung() ?? undefined) as string,
      set: (id) => facts.chooseRung(id === "auto" ? null : id),
      mediaEvents: [FACTS_CHANGED],
    },
    mediaRenditionUnavailable: {
      get: () => (facts.rungs().length > 0 ? undefined : AvailabilityStates.UNAVAILABLE),
      mediaEvents: [FACTS_CHANGED],
    },
  };
  return createMediaStore({ media, fullscreenElement, documentElement: document, stateMediator: mediator });
}
