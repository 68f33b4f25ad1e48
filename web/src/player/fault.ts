/** What went wrong in playback, in words for the viewer, and whether it may pass by itself. */

import type shaka from "shaka-player/dist/shaka-player.compiled-es2021.js";

import { words } from "../text/watch/words";

export interface Fault {
  code: string;
  message: string;
  /** Network trouble: tried again without being asked. */
  passing: boolean;
}

// Numbers of shaka.util.Error: Category.NETWORK, and the codes in it that name a status or its absence.
const NETWORK = 1;
const BAD_HTTP_STATUS = 1001;
const CANCELLED = [7000, 7001, 7002];

/** Whether this only says that we ourselves loaded something else. */
export function isInterruption(error: unknown): boolean {
  return isShakaError(error) && CANCELLED.includes(error.code);
}

/** Names any error that Shaka or the media element raised. */
export function describeFault(error: unknown): Fault {
  if (!isShakaError(error)) {
    return { code: "player.unexpected", message: error instanceof Error ? error.message : String(error), passing: false };
  }
  const code = `player.${error.code}`;
  if (error.category !== NETWORK) return { code, message: wordsFor(error.category), passing: false };
  const status = error.code === BAD_HTTP_STATUS ? Number(error.data[1]) : 0;
  if (status === 401 || status === 403) return { code, message: words.stage.forbidden, passing: false };
  if (status === 404 || status === 410) return { code, message: words.fault.missing, passing: true };
  return { code, message: status >= 500 ? words.fault.server : words.fault.network, passing: true };
}

function wordsFor(category: number): string {
  // shaka.util.Error.Category: 3 MEDIA, 4 MANIFEST, 6 DRM.
  if (category === 3) return words.fault.media;
  if (category === 4) return words.fault.manifest;
  if (category === 6) return words.fault.locked;
  return words.fault.other;
}

function isShakaError(error: unknown): error is shaka.util.Error {
  return typeof error === "object" && error !== null && "category" in error && "code" in error && "data" in error;
}
