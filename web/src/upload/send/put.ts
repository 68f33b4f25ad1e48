import { Problem } from "../../api/client.ts";
import type { SignedUrl } from "./server.ts";

/** A dead connection is not reported, so the request is aborted if no byte moves for this long. */
const SILENCE_MS = 30_000;

/**
 * Sends a body to a presigned URL. onSent: called with the number of bytes since the last call,
 * negative when the attempt failed. Raises Problem, or AbortError if `stop` is aborted.
 */
export function putSigned(
  target: SignedUrl,
  body: Uint8Array<ArrayBuffer>,
  onSent: (bytes: number) => void,
  stop: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let sentBytes = 0;
    let silence: ReturnType<typeof setTimeout> | undefined;
    const restartSilence = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => request.abort(), SILENCE_MS);
    };
    const abort = (): void => request.abort();
    request.upload.addEventListener("progress", ({ loaded }) => {
      onSent(loaded - sentBytes);
      sentBytes = loaded;
      restartSilence();
    });
    request.addEventListener("loadend", () => {
      clearTimeout(silence);
      stop.removeEventListener("abort", abort);
      if (request.status >= 200 && request.status < 300) {
        onSent(body.length - sentBytes);
        resolve();
      } else {
        onSent(-sentBytes);
        reject(
          stop.aborted
            ? new DOMException("stopped", "AbortError")
            : new Problem(request.status, codeOf(request), "The server rejected the upload."),
        );
      }
    });
    stop.addEventListener("abort", abort);
    request.open("PUT", target.path ?? target.url ?? "");
    for (const [name, value] of Object.entries(target.headers))
      request.setRequestHeader(name, value);
    restartSilence();
    request.send(body);
    if (stop.aborted) request.abort();
  });
}

function codeOf(request: XMLHttpRequest): string {
  try {
    return String(
      (JSON.parse(request.responseText) as { code?: unknown }).code ?? `http.${request.status}`,
    );
  } catch {
    return `http.${request.status}`;
  }
}
