/** The nouns that the server knows a file and its pieces by (`model/source.py`, `model/piece.py`). */

export interface Ratio {
  num: number;
  den: number;
}

export interface VideoTrack {
  codec: string;
  width: number;
  height: number;
  time_base: Ratio;
  sar: Ratio;
  rotation_deg: number;
  mirrored: boolean;
  pix_fmt: string | null;
  bit_depth: number;
  colour_primaries: string | null;
  colour_transfer: string | null;
  colour_matrix: string | null;
  colour_range: string | null;
  interlaced: boolean;
  frame_rate: number;
  frames: number;
}

export interface AudioTrack {
  codec: string;
  sample_rate: number;
  channels: number;
  time_base: Ratio;
  profile: string | null;
  bitrate_bps: number;
  language: string | null;
}

/** What the server is told of an audio track that has a file of its own (`upload/track_service.py`). */
export interface NewTrack {
  language: string | null;
  label: string;
  role: "dub" | "description" | "commentary";
  size_bytes: number;
  sha256: string;
  sound: { tick: Ratio; start_ns: number; end_sample: number | null };
}

export interface Source {
  container: "mov" | "matroska" | "mpegts";
  duration_s: number;
  start_pts: number;
  video: VideoTrack;
  audio: AudioTrack | null;
}

export interface Piece {
  index: number;
  container: "nut";
  start_pts: number;
  end_pts: number;
  base: number;
  audio_base: number;
  frames: number;
  audio: { anchor_sample: number | null; end_sample: number | null } | null;
  last: boolean;
}

/** What the server is told of an object before it is sent; parts of a whole file have no piece. */
export interface Declared {
  index: number;
  size_bytes: number;
  sha256: string;
  piece?: Piece;
}
