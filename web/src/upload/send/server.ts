/** The API calls of an upload. Each raises Problem. */

import { encodeBase64 } from "../../api/base64.ts";
import { call, Problem } from "../../api/client.ts";
import type {
  OpenUpload,
  UploadPage,
  UploadView,
  UrlView,
  VideoView,
  Visibility,
} from "../../api/schema.d.ts";
import type { Declared, NewTrack } from "../model.ts";

const END_BYTES = 2 ** 20;

/**
 * url: null if the bytes have landed already. path: the same address on this server, under whatever
 * name the page was loaded.
 */
export type SignedUrl = Pick<UrlView, "url" | "path" | "headers">;

/** Returns the caller's open uploads of a file, and how a new one should be cut. */
export function findUploads(fingerprint: string): Promise<UploadPage> {
  return call("GET /uploads", { query: { fingerprint } });
}

export function createVideo(
  video: { title: string; visibility: Visibility },
  idempotencyKey: string,
): Promise<VideoView> {
  return call("POST /videos", { body: video, idempotencyKey });
}

export function openUpload(videoId: string, body: OpenUpload): Promise<UploadView> {
  return call("POST /videos/{video_id}/upload", { path: { video_id: videoId }, body });
}

/** Returns presigned URLs for objects that are about to be sent, by their index. */
export async function signUrls(
  uploadId: string,
  declared: readonly Declared[],
): Promise<Map<number, SignedUrl>> {
  const { urls } = await call("POST /uploads/{upload_id}/urls", {
    path: { upload_id: uploadId },
    body: { pieces: [...declared] },
  });
  return new Map(urls.map((signed) => [signed.index, withReachableUrl(signed)]));
}

/**
 * Replaces "localhost" in a URL: a server without a configured public address calls itself so, but
 * the page may have another name for it.
 */
function withReachableUrl(signed: SignedUrl): SignedUrl {
  if (signed.url === null) return signed;
  const url = new URL(signed.url);
  const isOwn =
    url.hostname === "localhost" &&
    url.port === location.port &&
    url.protocol === location.protocol;
  return isOwn ? { ...signed, url: location.origin + url.pathname + url.search } : signed;
}

/**
 * Asks the server if it supports a file that the browser cannot read. Raises Problem
 * media.unsupported_codec if not.
 */
export async function probeFile(file: Blob): Promise<void> {
  const ends = [file.slice(0, END_BYTES), file.slice(-END_BYTES)].map(async (part) =>
    encodeBase64(new Uint8Array(await part.arrayBuffer())),
  );
  const [first = "", last = ""] = await Promise.all(ends);
  await call("POST /uploads/probe", { body: { first, last, size_bytes: file.size } });
}

export function reportLanded(uploadId: string, indexes: readonly number[]): Promise<void> {
  return call("POST /uploads/{upload_id}/landed", {
    path: { upload_id: uploadId },
    body: { indexes: [...indexes] },
  });
}

export async function completeUpload(uploadId: string, pieces: number): Promise<void> {
  await call("POST /uploads/{upload_id}/complete", {
    path: { upload_id: uploadId },
    body: { pieces },
  });
}

/** Declares an audio track. Returns its name and the URL for its bytes. */
export async function openTrack(
  videoId: string,
  body: NewTrack,
): Promise<{ name: string; target: SignedUrl }> {
  const { track, ...signed } = await call("POST /videos/{video_id}/audio", {
    path: { video_id: videoId },
    body,
  });
  return { name: track.name, target: withReachableUrl(signed) };
}

export async function reportTrack(videoId: string, name: string): Promise<void> {
  await call("POST /videos/{video_id}/audio/{name}/landed", { path: { video_id: videoId, name } });
}

/** Deletes a video permanently. A video that is already gone is no error. */
export async function deleteVideo(videoId: string): Promise<void> {
  try {
    await call("DELETE /videos/{video_id}", {
      path: { video_id: videoId },
      query: { forever: "true" },
    });
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 404) throw error;
  }
}
