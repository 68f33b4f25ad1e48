/** Whether a Matroska file holds what only the server reads: captions and chapters. */

import { CannotSplit } from "./reason";

const HEADER_BYTES = 2 ** 20;
const CLUSTER = [0x1f, 0x43, 0xb6, 0x75];
const CHAPTERS = [0x10, 0x43, 0xa7, 0x70]; // the element, or its place in the SeekHead
const SUBTITLE_TRACK = [0x83, 0x81, 0x11];

/** Looks at what stands before the first cluster. Raises CannotSplit. */
export async function checkMatroska(file: Blob): Promise<void> {
  const head = new Uint8Array(await file.slice(0, HEADER_BYTES).arrayBuffer());
  const cluster = find(head, CLUSTER);
  const header = cluster < 0 ? head : head.subarray(0, cluster);
  if (find(header, CHAPTERS) >= 0) throw new CannotSplit("text_tracks", "chapters");
  if (find(header, SUBTITLE_TRACK) >= 0) throw new CannotSplit("text_tracks", "captions");
}

function find(data: Uint8Array, wanted: readonly number[]): number {
  for (let i = 0; i + wanted.length <= data.length; i++) {
    if (wanted.every((byte, j) => data[i + j] === byte)) return i;
  }
  return -1;
}
