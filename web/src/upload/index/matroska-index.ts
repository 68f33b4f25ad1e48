import { CannotSplit } from "../split-reason.ts";

const HEADER_BYTES = 2 ** 20;
const CLUSTER = [0x1f, 0x43, 0xb6, 0x75];
const CHAPTERS = [0x10, 0x43, 0xa7, 0x70]; // the element, or its entry in the SeekHead
const CAPTION_TRACK = [0x83, 0x81, 0x11]; // TrackType 17

/**
 * Raises CannotSplit if the Matroska header before the first cluster names captions or chapters,
 * which only the server reads.
 */
export async function checkMatroska(file: Blob): Promise<void> {
  const head = new Uint8Array(await file.slice(0, HEADER_BYTES).arrayBuffer());
  const cluster = indexOfBytes(head, CLUSTER);
  const header = cluster < 0 ? head : head.subarray(0, cluster);
  if (indexOfBytes(header, CHAPTERS) >= 0) throw new CannotSplit("text_tracks", "chapters");
  if (indexOfBytes(header, CAPTION_TRACK) >= 0) throw new CannotSplit("text_tracks", "captions");
}

function indexOfBytes(data: Uint8Array, wanted: readonly number[]): number {
  for (let i = 0; i + wanted.length <= data.length; i++) {
    if (wanted.every((byte, j) => data[i + j] === byte)) return i;
  }
  return -1;
}
