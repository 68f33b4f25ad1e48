import { sha256 } from "./sha256.ts";

const EDGE_BYTES = 2 ** 20;

/**
 * Returns the SHA-256 of a file's size, first MiB and last MiB, by which the server finds its
 * upload again. The command line uses the same.
 */
export async function fingerprint(file: Blob): Promise<string> {
  const size = new TextEncoder().encode(String(file.size));
  const end =
    file.size > EDGE_BYTES ? file.slice(Math.max(EDGE_BYTES, file.size - EDGE_BYTES)) : new Blob();
  return sha256(
    new Uint8Array(await new Blob([size, file.slice(0, EDGE_BYTES), end]).arrayBuffer()),
  );
}
