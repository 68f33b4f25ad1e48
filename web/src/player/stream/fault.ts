/** Describes playback errors for the viewer. */

import type shaka from "shaka-player/dist/shaka-player.compiled-es2021.js";

import { words } from "../../text/watch/words.ts";

export interface Fault {
  code: string;
  message: string;
  /** True for network errors, after which playback is retried automatically. */
  isTransient: boolean;
}

/** Numbers of shaka.util.Error.Category and shaka.util.Error.Code. */
const CATEGORY = { network: 1, media: 3, manifest: 4, drm: 6 };
const BAD_HTTP_STATUS = 1001;
const INTERRUPTED = [7000, 7001, 7002]; // LOAD_INTERRUPTED, OPERATION_ABORTED, NO_VIDEO_ELEMENT

/** True if the player itself interrupted the operation, to load something else. */
export function isInterruption(error: unknown): boolean {
  return isShakaError(error) && INTERRUPTED.includes(error.code);
}

/** Describes any error that Shaka or the media element raised. */
export function describeFault(error: unknown): Fault {
  if (!isShakaError(error)) {
    return {
      code: "player.unexpected",
      message: words.fault.other,
      isTransient: false,
    };
  }
  const code = `player.${error.code}`;
  if (error.category !== CATEGORY.network)
    return { code, message: wordsFor(error.category), isTransient: false };
  const status = error.code === BAD_HTTP_STATUS ? Number(error.data[1]) : 0;
  if (status === 401 || status === 403)
    return { code, message: words.stage.forbidden, isTransient: false };
  if (status === 404 || status === 410)
    return { code, message: words.fault.missing, isTransient: true };
  return {
    code,
    message: status >= 500 ? words.fault.server : words.fault.network,
    isTransient: true,
  };
}

function wordsFor(category: number): string {
  if (category === CATEGORY.media) return words.fault.media;
  if (category === CATEGORY.manifest) return words.fault.manifest;
  if (category === CATEGORY.drm) return words.fault.locked;
  return words.fault.other;
}

function isShakaError(error: unknown): error is shaka.util.Error {
  return (
    typeof error === "object" &&
    error !== null &&
    "category" in error &&
    "code" in error &&
    "data" in error
  );
}
