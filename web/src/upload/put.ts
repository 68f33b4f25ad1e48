/** One PUT to a presigned URL with its progress. It is given up when nothing moves for a while: a dead line does not say so. */

import { ApiError } from "../api/video";
import type { SignedUrl } from "./server";

const SILENCE_MS = 30_000;

/** Sends a body. sent: called with the bytes that went out since the last call. Raises ApiError, DOMException AbortError. */
export function putSigned(target: SignedUrl, body: Uint8Array<ArrayBuffer>, sent: (bytes: number) => void, stop: AbortSignal): Promise<void> {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    let [before, silence] = [0, 0];
    const listen = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => request.abort(), SILENCE_MS);
    };
    const abort = (): void => request.abort();
    request.upload.addEventListener("progress", ({ loaded }) => {
      sent(loaded - before);
      before = loaded;
      listen();
    });
    request.addEventListener("loadend", () => {
      clearTimeout(silence);
      stop.removeEventListener("abort", abort);
      if (request.status >= 200 && request.status < 300) {
        sent(body.length - before);
        done();
      } else {
        sent(-before);
        failed(stop.aborted ? new DOMException("stopped", "AbortError") : new ApiError(request.status, codeOf(request), "the store refused"));
      }
    });
    stop.addEventListener("abort", abort);
    request.open("PUT", target.path ?? target.url ?? "");
    for (const [name, value] of Object.entries(target.headers)) request.setRequestHeader(name, value);
    listen();
    request.send(body);
    if (stop.aborted) request.abort();
  });
}

function codeOf(request: XMLHttpRequest): string {
  try {
    return String((JSON.parse(request.responseText) as { code?: unknown }).code ?? `http.${request.status}`);
  } catch {
    return `http.${request.status}`;
  }
}
