/**
 * The worker of one file: reads its index, cuts pieces or parts and hashes them. Each request gets
 * one answer with its id.
 */

import type { Declared, NewTrack, Source } from "./model.ts";
import { Splitter } from "./piece/splitter.ts";
import { sha256 } from "./send/sha256.ts";
import { CannotSplit, type Reason } from "./split-reason.ts";

export type Request =
  | { id: number; kind: "open"; file: File; pieceS: number }
  | { id: number; kind: "piece"; index: number }
  | { id: number; kind: "audio"; index: number }
  | { id: number; kind: "part"; file: File; index: number; partBytes: number };

/** The answer to "open". */
export interface OpenedFile {
  source: Source;
  count: number;
  extraAudioCount: number;
  sizeBytes: number;
}

/** A piece or part with its bytes. */
export interface Item {
  declared: Declared;
  body: Uint8Array<ArrayBuffer>;
}

/** An additional audio track with its bytes. */
export interface AudioItem {
  track: NewTrack;
  body: Uint8Array<ArrayBuffer>;
}

export type Answer = { id: number } & (
  | { value: OpenedFile | Item | AudioItem }
  | { reason: Reason }
  | { error: string }
);

let splitter: Splitter | null = null;

async function handle(request: Request): Promise<OpenedFile | Item | AudioItem> {
  if (request.kind === "open") {
    splitter = await Splitter.open(request.file, request.pieceS);
    const { source, count, extraAudioCount, sizeBytes } = splitter;
    return { source, count, extraAudioCount, sizeBytes };
  }
  if (request.kind === "part") {
    const start = request.index * request.partBytes;
    const part = request.file.slice(start, start + request.partBytes);
    return makeItem({ index: request.index }, new Uint8Array(await part.arrayBuffer()));
  }
  if (splitter === null) throw new Error("no file is open");
  if (request.kind === "piece") {
    return makeItem(
      { index: request.index, piece: splitter.piece(request.index).piece },
      await splitter.cut(request.index),
    );
  }
  const { track, body } = await splitter.makeExtraAudio(request.index);
  return { track: { ...track, size_bytes: body.length, sha256: await sha256(body) }, body };
}

async function makeItem(
  fields: Pick<Declared, "index" | "piece">,
  body: Uint8Array<ArrayBuffer>,
): Promise<Item> {
  return { declared: { ...fields, size_bytes: body.length, sha256: await sha256(body) }, body };
}

function post(answer: Answer, transfer: Transferable[] = []): void {
  self.postMessage(answer, { transfer });
}

self.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  handle(data).then(
    (value) => post({ id: data.id, value }, "body" in value ? [value.body.buffer] : []),
    (error: unknown) => {
      if (error instanceof CannotSplit) post({ id: data.id, reason: error.reason });
      else post({ id: data.id, error: error instanceof Error ? error.message : String(error) });
    },
  );
});
