/**
 * Corrects times for engines that misread edit lists. WebKit on GStreamer, as in GNOME Web and in
 * many television sets, would show all frames too late, by the media time of the edit list. Firefox
 * would play the sound too late by as much.
 */

import shaka from "shaka-player/dist/shaka-player.compiled-es2021.js";

import type { TrackKind } from "./engine.ts";
import { clearMediaTime, shiftSegment } from "./segment-times.ts";

/** Makes a player shift the times of all segments of some tracks by the edit list of their init segment. */
export function applyEditLists(player: shaka.Player, tracks: readonly TrackKind[]): void {
  const mediaTimes = new Map<number, PromiseWithResolvers<number>>();
  const mediaTimeOf = (stream: number): PromiseWithResolvers<number> => {
    const existing = mediaTimes.get(stream) ?? withResolvers<number>();
    mediaTimes.set(stream, existing);
    return existing;
  };
  player.getNetworkingEngine()?.registerResponseFilter(async (_type, response, context) => {
    const { AdvancedRequestType } = shaka.net.NetworkingEngine;
    const kind = context?.stream?.type;
    const stream = context?.stream?.id;
    if (stream === undefined || !tracks.some((track) => track === kind)) return;
    if (context?.type === AdvancedRequestType.INIT_SEGMENT) {
      const [init, mediaTime] = clearMediaTime(bytesOf(response.data));
      response.data = init;
      mediaTimeOf(stream).resolve(mediaTime);
    } else if (context?.type === AdvancedRequestType.MEDIA_SEGMENT) {
      response.data = shiftSegment(bytesOf(response.data), await mediaTimeOf(stream).promise);
    }
  });
}

/** As Promise.withResolvers, which the engines concerned may lack. */
function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve!: (value: T | PromiseLike<T>) => void;
  let reject!: (reason?: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
