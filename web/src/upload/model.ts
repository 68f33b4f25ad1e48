/**
 * A source and its pieces as the API describes them, with the fields that the browser always fills
 * in.
 */

import type * as api from "../api/schema.d.ts";

export type Ratio = api.TimeBase;

type AlwaysSet<T, Names extends keyof T> = Omit<T, Names> & Required<Pick<T, Names>>;

/** Fields of a video track about colour and pixel format. */
export type ColourField =
  | "pix_fmt"
  | "bit_depth"
  | "colour_primaries"
  | "colour_transfer"
  | "colour_matrix"
  | "colour_range";

export type VideoTrack = AlwaysSet<
  Omit<api.VideoTrack, "coded_sar">,
  "sar" | "rotation_deg" | "mirrored" | ColourField | "interlaced" | "frames"
>;

export type AudioTrack = AlwaysSet<
  Pick<
    api.AudioTrack,
    "codec" | "sample_rate" | "channels" | "time_base" | "profile" | "bitrate_bps" | "language"
  >,
  "profile" | "bitrate_bps" | "language"
>;

export interface Source {
  container: "mov" | "matroska" | "mpegts";
  duration_s: number;
  start_pts: number;
  video: VideoTrack;
  audio: AudioTrack | null;
}

export interface Piece extends Required<api.Piece> {
  container: "nut";
  frames: number;
  audio: Required<api.PieceAudio> | null;
}

/** Declares an audio track that is uploaded as a file of its own. */
export interface NewTrack extends Required<api.NewTrack> {
  sound: Required<api.SoundFile> & { tick: Ratio };
}

/** Declares a piece, or a part of a whole file, before it is sent. Parts have no `piece`. */
export interface Declared extends api.Declared {
  piece?: Piece;
}
