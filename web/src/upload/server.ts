/** What the server is asked during an upload (API `uploads`); every call raises ApiError. */

import { ApiError, getJson, problem, type Video } from "../api/video";
import type { Declared, NewTrack, Source } from "./nouns";

const ROOT = "/api/v1";
const END_BYTES = 2 ** 20;

export interface Session {
  id: string;
  video_id: string;
  mode: "pieces" | "whole";
  pieces: { index: number; size_bytes: number; sha256: string; landed: boolean }[];
}

export interface Known {
  items: Session[];
  part_bytes: number;
  piece_s: number;
  whole: boolean;
}

export interface SignedUrl {
  index: number;
  /** Null: it has landed already. */
  url: string | null;
  /** The same on this server, whatever name the page knows it by. */
  path: string | null;
  headers: Record<string, string>;
}

export interface NewVideo {
  title: string;
  visibility: "public" | "unlisted" | "private";
}

export interface OpenRequest {
  mode: "pieces" | "whole";
  file_name: string;
  size_bytes: number;
  fingerprint: string;
  source?: Source;
}

/** The caller's open uploads of a file, and how a new one should be cut. */
export function findUploads(fingerprint: string): Promise<Known> {
  return getJson<Known>(`${ROOT}/uploads?fingerprint=${fingerprint}`);
}

export function createVideo(video: NewVideo, key: string): Promise<Video> {
  return post<Video>("videos", video, key);
}

export function openUpload(videoId: string, request: OpenRequest): Promise<Session> {
  return post<Session>(`videos/${videoId}/upload`, request);
}

/** Presigned URLs for objects that are about to be sent. */
export async function signUrls(uploadId: string, declared: readonly Declared[]): Promise<SignedUrl[]> {
  const { urls } = await post<{ urls: SignedUrl[] }>(`uploads/${uploadId}/urls`, { pieces: declared });
  return urls.map((signed) => (signed.url === null ? signed : { ...signed, url: reachable(signed.url) }));
}

/** A server that was given no public address calls itself localhost; from here it is where this page came from. */
function reachable(url: string): string {
  const parsed = new URL(url);
  const isOurs = parsed.hostname === "localhost" && parsed.port === location.port && parsed.protocol === location.protocol;
  return isOurs ? location.origin + parsed.pathname + parsed.search : url;
}

/** Asks whether a file can be taken that the browser does not know. Raises ApiError media.unsupported_codec. */
export async function probeFile(file: Blob): Promise<void> {
  const [first, last] = await Promise.all([file.slice(0, END_BYTES), file.slice(-END_BYTES)].map(encodeBase64));
  await send("uploads/probe", { first, last, size_bytes: file.size });
}

function encodeBase64(part: Blob): Promise<string> {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => done(String(reader.result).replace(/^[^,]*,/, "")));
    reader.addEventListener("error", () => failed(reader.error ?? new Error("the file cannot be read")));
    reader.readAsDataURL(part);
  });
}

export async function reportLanded(uploadId: string, indexes: readonly number[]): Promise<void> {
  await send(`uploads/${uploadId}/landed`, { indexes });
}

export async function completeUpload(uploadId: string, pieces: number): Promise<void> {
  await send(`uploads/${uploadId}/complete`, { pieces });
}

/** Declares an audio track, and gets an address for its bytes; url is null where they have landed. */
export async function openTrack(videoId: string, track: NewTrack): Promise<{ name: string; target: SignedUrl }> {
  const { track: made, url, path, headers } = await post<{ track: { name: string }; url: string | null; path: string | null; headers: Record<string, string> }>(
    `videos/${videoId}/audio`,
    track,
  );
  return { name: made.name, target: { index: 0, url: url === null ? null : reachable(url), path, headers } };
}

export async function reportTrack(videoId: string, name: string): Promise<void> {
  await send(`videos/${videoId}/audio/${name}/landed`, {});
}

export async function deleteVideo(videoId: string): Promise<void> {
  const response = await fetch(`${ROOT}/videos/${videoId}?forever=true`, { method: "DELETE" }).catch(notReached);
  if (!response.ok && response.status !== 404) throw await problem(response);
}

async function post<T>(path: string, body: unknown, key?: string): Promise<T> {
  return (await (await send(path, body, key)).json()) as T;
}

async function send(path: string, body: unknown, key?: string): Promise<Response> {
  const headers = { "content-type": "application/json", ...(key === undefined ? {} : { "idempotency-key": key }) };
  const response = await fetch(`${ROOT}/${path}`, { method: "POST", headers, body: JSON.stringify(body) }).catch(notReached);
  if (!response.ok) throw await problem(response);
  return response;
}

function notReached(cause: unknown): never {
  throw new ApiError(0, "network", cause instanceof Error ? cause.message : "no answer");
}
