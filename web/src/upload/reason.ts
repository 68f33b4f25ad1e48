/** Why a file goes up whole and is split by the server instead. The page says it in one line. */

export type Reason =
  | "container" // mediabunny does not read it (AVI, MPEG-PS, ...)
  | "unreadable" // it does, but this one is broken
  | "truncated"
  | "no_video"
  | "video_codec"
  | "audio_codec"
  | "audio_times" // times too coarse to place samples by, and no way to count them here
  | "text_tracks" // captions and chapters are read by the server
  | "edit_list" // more than one edit
  | "starts_mid_gop" // only a decoder can tell which of the first pictures exist
  | "far_keyframes" // pieces would be larger than the file
  | "sound_longer" // a picture has to be held
  | "many_sounds" // more audio tracks than there can be, or larger ones than fit into memory
  | "interlaced" // only a decoder can tell which pictures are
  | "piece_too_large"
  | "pipeline"; // the server's pipeline wants the file as it is

/** The file cannot be split here. */
export class CannotSplit extends Error {
  constructor(
    readonly reason: Reason,
    detail = "",
  ) {
    super(detail === "" ? reason : `${reason}: ${detail}`);
  }
}
