/** media-chrome's store with our own state: the duration from the API, and Shaka's rungs. */

import { AvailabilityStates, StreamTypes } from "media-chrome/dist/constants.js";
import { createMediaStore, type MediaStore } from "media-chrome/dist/media-store/media-store.js";
import { type StateMediator, stateMediator } from "media-chrome/dist/media-store/state-mediator.js";
import { FACTS_CHANGED, type Facts } from "./facts.ts";

/** Makes the store. State that is not listed here is media-chrome's. */
export function makeStore(
  media: HTMLVideoElement,
  fullscreenElement: HTMLElement,
  facts: Facts,
): MediaStore {
  const mediator: StateMediator = {
    ...stateMediator,
    mediaDuration: {
      get: facts.durationS,
      mediaEvents: ["durationchange", "loadedmetadata", "emptied", FACTS_CHANGED],
    },
    mediaPaused: { ...stateMediator.mediaPaused, get: facts.isPaused, set: facts.setPaused },
    mediaSeekable: {
      get: () => (Number.isFinite(facts.durationS()) ? [0, facts.durationS()] : undefined),
      mediaEvents: ["durationchange", "loadedmetadata", "emptied", FACTS_CHANGED],
    },
    mediaCurrentTime: {
      ...stateMediator.mediaCurrentTime,
      set: (value) => {
        if (Number.isFinite(value))
          media.currentTime = Math.max(0, Math.min(value, facts.seekableEndS()));
      },
    },
    // A growing video is watched from its start, unlike a live stream.
    mediaStreamType: { get: () => StreamTypes.ON_DEMAND },
    mediaChaptersCues: {
      get: () =>
        facts.chapters().map(({ title, start_s, end_s }) => ({
          text: title,
          startTime: start_s,
          endTime: end_s,
        })),
      mediaEvents: ["loadedmetadata", FACTS_CHANGED],
    },
    mediaRenditionList: {
      get: () => facts.rungs().map((rung) => ({ ...rung })),
      mediaEvents: [FACTS_CHANGED],
    },
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
  return createMediaStore({
    media,
    fullscreenElement,
    documentElement: document,
    stateMediator: mediator,
  });
}
