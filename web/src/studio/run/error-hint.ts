import { text } from "../../text/text.ts";

/** Returns advice for an error: whether the file, the upload or the server is at fault. */
export function hintFor(code: string): string {
  if (code === "pipeline.task_cancelled") return text.run.hints.cancelled;
  if (code === "storage.checksum_mismatch") return text.run.hints.damaged;
  if (["media.timeout", "media.tool_failed"].includes(code)) return text.run.hints.server;
  if (code.startsWith("media.") || code === "pipeline.poison_piece") return text.run.hints.file;
  if (code.startsWith("upload.")) return text.run.hints.upload;
  return text.run.hints.server;
}
