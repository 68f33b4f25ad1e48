/**
 * Why a file is uploaded whole and split by the server. The upload page explains each reason in one
 * line.
 */
export type Reason =
  | "container" // mediabunny does not read it (AVI, MPEG-PS, ...)
  | "unreadable" // mediabunny reads the container, but not this file
  | "truncated"
  | "no_video"
  | "video_codec"
  | "audio_codec"
  | "audio_times" // timestamps are too coarse to place samples
  | "text_tracks" // the server reads captions and chapters
  | "edit_list" // more than one edit
  | "starts_mid_gop" // only a decoder can tell which of the first frames exist
  | "far_keyframes" // pieces would be larger than the file
  | "sound_longer" // the server has to hold a frame
  | "many_sounds" // more audio tracks than allowed, or audio tracks that do not fit into memory
  | "interlaced" // only a decoder can tell which frames are
  | "piece_too_large"
  | "pipeline"; // the server's pipeline needs the file as it is

/** Raised if the browser cannot split the file. */
export class CannotSplit extends Error {
  readonly reason: Reason;

  constructor(reason: Reason, detail = "") {
    super(detail === "" ? reason : `${reason}: ${detail}`);
    this.reason = reason;
  }
}
