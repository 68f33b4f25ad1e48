/**
 * Names are checked before types, since browsers report .ts as text. Other files are left to the
 * server.
 */
const VIDEO_NAMES = /\.(mp4|m4v|mov|mkv|webm|avi|mxf|m?ts|m2ts)$/i;
const NO_VIDEO_TYPES = /^(image|audio|text|font)\/|^application\/(pdf|zip|json|msword|vnd\.)/;

/** Returns why a chosen file is not uploaded, or null if it may be a video. */
export function findFileError(
  file: Pick<File, "name" | "type" | "size">,
): "empty" | "no_video" | null {
  if (file.size === 0) return "empty";
  return VIDEO_NAMES.test(file.name) || !NO_VIDEO_TYPES.test(file.type) ? null : "no_video";
}
