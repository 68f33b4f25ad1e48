/** The worker of one file: reads its index, cuts pieces or parts, hashes them. Each request is answered once, by its id. */

import type { Declared, NewTrack, Source } from "./nouns";
import { CannotSplit, type Reason } from "./reason";
import { sha256 } from "./sha256";
import { Splitter } from "./splitter";

export type Request =
  | { id: number; kind: "open"; file: File; pieceS: number }
  | { id: number; kind: "piece"; index: number }
  | { id: number; kind: "sound"; index: number }
  | { id: number; kind: "part"; file: File; index: number; partBytes: number };

/** What opening found. */
export interface Opened {
  source: Source;
  count: number;
  soundCount: number;
  sizeBytes: number;
}

/** An object to be sent. */
export interface Item {
  declared: Declared;
  body: Uint8Array<ArrayBuffer>;
}

/** The file of an audio track beside the pieces. */
export interface SoundItem {
  track: NewTrack;
  body: Uint8Array<ArrayBuffer>;
}

export type Answer = { id: number } & ({ value: Opened | Item | SoundItem } | { reason: Reason } | { error: string });

let splitter: Splitter | null = null;

async function answer(request: Request): Promise<Opened | Item | SoundItem> {
  if (request.kind === "open") {
    splitter = await Splitter.open(request.file, request.pieceS);
    return { source: splitter.source, count: splitter.count, soundCount: splitter.soundCount, sizeBytes: splitter.sizeBytes };
  }
  if (request.kind === "piece") {
    if (splitter === null) throw new Error("no file is open");
    return makeItem({ index: request.index, piece: splitter.piece(request.index).piece }, await splitter.cut(request.index));
  }
  if (request.kind === "sound") {
    if (splitter === null) throw new Error("no file is open");
    const { track, body } = await splitter.takeSound(request.index);
    return { track: { ...track, size_bytes: body.length, sha256: await sha256(body) }, body };
  }
  const start = request.index * request.partBytes;
  const part = request.file.slice(start, start + request.partBytes);
  return makeItem({ index: request.index }, new Uint8Array(await part.arrayBuffer()));
}

async function makeItem(named: Pick<Declared, "index" | "piece">, body: Uint8Array<ArrayBuffer>): Promise<Item> {
  return { declared: { ...named, size_bytes: body.length, sha256: await sha256(body) }, body };
}

function post(message: Answer, moved: Transferable[] = []): void {
  self.postMessage(message, { transfer: moved });
}

self.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  answer(data).then(
    (value) => post({ id: data.id, value }, "body" in value ? [value.body.buffer] : []),
    (error: unknown) => {
      if (error instanceof CannotSplit) post({ id: data.id, reason: error.reason });
      else post({ id: data.id, error: error instanceof Error ? error.message : String(error) });
    },
  );
});
