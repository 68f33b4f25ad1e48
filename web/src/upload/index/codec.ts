/** The codecs that a piece can hold, with their names on the server and their tags in NUT. */

import type { AudioCodec, VideoCodec } from "mediabunny";

interface Coded {
  name: string;
  fourcc: Uint8Array;
  /** Leading bytes of the browser's decoder configuration that ffmpeg's does not have. */
  skipBytes: number;
}

const tag = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const wave = (number: number): Uint8Array => Uint8Array.of(number & 255, number >> 8, 0, 0);
const coded = (name: string, fourcc: Uint8Array, skipBytes = 0): Coded => ({
  name,
  fourcc,
  skipBytes,
});
const pcm = (name: string, bits: number, letters: string, big = false): Coded =>
  coded(
    name,
    big
      ? Uint8Array.of(bits, ...tag([...letters].reverse().join("")))
      : Uint8Array.of(...tag(letters), bits),
  );

export const VIDEO: Partial<Record<VideoCodec, Coded>> = {
  avc: coded("h264", tag("H264")),
  hevc: coded("hevc", tag("HEVC")),
  vp8: coded("vp8", tag("VP80")),
  vp9: coded("vp9", tag("VP90")),
  av1: coded("av1", tag("AV01")),
};

export const AUDIO: Partial<Record<AudioCodec, Coded>> = {
  aac: coded("aac", wave(0xff)),
  mp3: coded("mp3", wave(0x55)),
  ac3: coded("ac3", wave(0x2000)),
  flac: coded("flac", wave(0xf1ac), 8),
  opus: coded("opus", tag("Opus")),
  "pcm-s16": pcm("pcm_s16le", 16, "PSD"),
  "pcm-s16be": pcm("pcm_s16be", 16, "PSD", true),
  "pcm-s24": pcm("pcm_s24le", 24, "PSD"),
  "pcm-s24be": pcm("pcm_s24be", 24, "PSD", true),
};
