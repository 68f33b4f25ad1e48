/**
 * Describes a file's tracks as the server's API does. Raises CannotSplit if only a decoder can tell
 * a property.
 */

import type { InputAudioTrack, InputVideoTrack } from "mediabunny";
import type { AudioTrack, NewTrack, VideoTrack } from "../model.ts";
import { CannotSplit } from "../split-reason.ts";
import { AUDIO, VIDEO } from "./codec.ts";
import { avcColour, hevcColour, webColour } from "./colour.ts";
import type { PacketTable } from "./packet-table.ts";

/** Up to this rate a decoder may find SBR, which doubles the rate. */
const MAX_SBR_CORE_HZ = 24_000;

/** Language tags that the server accepts. */
const LANGUAGE = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,6}$/;

/** The codec tag and decoder configuration of a track in NUT. */
export interface DecoderSetup {
  fourcc: Uint8Array;
  extradata: Uint8Array;
}

export async function describeVideo(
  track: InputVideoTrack,
  table: PacketTable,
  firstKey: Uint8Array,
): Promise<{ described: VideoTrack; setup: DecoderSetup }> {
  const coded = track.codec === null ? undefined : VIDEO[track.codec];
  const config = await track.getDecoderConfig();
  if (coded === undefined || config === null)
    throw new CannotSplit("video_codec", track.codec ?? "unknown");
  const description = toBytes(config.description);
  const web = config.colorSpace ?? {};
  const colour =
    track.codec === "avc"
      ? avcColour(description.length > 0 ? description : firstKey, web)
      : track.codec === "hevc"
        ? hevcColour(description, web)
        : webColour(config.codec, web);
  if (track.codec === "hevc" && description.length === 0)
    throw new CannotSplit("video_codec", "HEVC without a configuration record");
  const [rotation_deg, mirrored] = orientation(await track.getTransformationMatrix());
  const span = table.endPts - table.startPts;
  const described: VideoTrack = {
    codec: coded.name,
    width: track.codedWidth,
    height: track.codedHeight,
    time_base: { num: 1, den: table.ticksPerS },
    sar: track.pixelAspectRatio,
    rotation_deg,
    mirrored,
    ...colour,
    interlaced: false,
    // One division, so that the value equals the server's.
    frame_rate: span > 0 ? (table.frames * table.ticksPerS) / span : 0,
    frames: table.frames,
  };
  return { described, setup: { fourcc: coded.fourcc, extradata: description } };
}

/**
 * Returns (clockwise rotation in degrees, mirrored before the rotation) of a row-major display
 * matrix.
 */
function orientation(matrix: ArrayLike<number>): [VideoTrack["rotation_deg"], boolean] {
  let [a, b] = [matrix[0] ?? 1, matrix[1] ?? 0];
  const [c, d] = [matrix[3] ?? 0, matrix[4] ?? 1];
  const mirrored = a * d - b * c < 0;
  if (mirrored) [a, b] = [-a, -b];
  const quarters = Math.round(Math.atan2(b, a) / (Math.PI / 2));
  return [((((quarters % 4) + 4) % 4) * 90) as VideoTrack["rotation_deg"], mirrored];
}

export async function describeAudio(
  track: InputAudioTrack,
  table: PacketTable,
): Promise<{ described: AudioTrack; setup: DecoderSetup }> {
  const coded = track.codec === null ? undefined : AUDIO[track.codec];
  const config = await track.getDecoderConfig();
  if (coded === undefined || config === null)
    throw new CannotSplit("audio_codec", track.codec ?? "unknown");
  const description = toBytes(config.description);
  if (track.codec === "aac") checkPlainAac(description, track.sampleRate);
  const bytes = table.sizeBytes.reduce((sum, size) => sum + size, 0);
  const spanS = (table.stopPts - table.startPts) / table.ticksPerS;
  const described: AudioTrack = {
    codec: coded.name,
    sample_rate: track.sampleRate,
    channels: track.numberOfChannels,
    time_base: { num: 1, den: table.ticksPerS },
    profile: track.codec === "aac" ? "LC" : null,
    bitrate_bps: spanS > 0 ? Math.floor((8 * bytes) / spanS) : 0,
    language:
      track.languageCode === "und" || !LANGUAGE.test(track.languageCode)
        ? null
        : track.languageCode,
  };
  return {
    described,
    setup: { fourcc: coded.fourcc, extradata: description.subarray(coded.skipBytes) },
  };
}

/**
 * Returns language, title and role of an additional audio track. A track without a disposition is a
 * dub.
 */
export async function describeExtraAudio(
  track: InputAudioTrack,
  described: AudioTrack,
): Promise<{ language: string | null; title: string; role: NewTrack["role"] }> {
  const { commentary, visuallyImpaired } = track.disposition;
  const role = commentary ? "commentary" : visuallyImpaired ? "description" : "dub";
  const name = (await track.getName()) ?? "";
  return {
    language: described.language,
    title: name
      .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ")
      .trim()
      .slice(0, 80),
    role,
  };
}

/**
 * Raises CannotSplit unless the configuration is plain AAC-LC without SBR or PS (ISO/IEC 14496-3,
 * 1.6.2.1), which only a decoder would find.
 */
function checkPlainAac(config: Uint8Array, sampleRate: number): void {
  const [kind, sync, flag] = [
    (config[0] ?? 0x10) >> 3,
    ((config[2] ?? 0) << 8) | (config[3] ?? 0),
    config[4] ?? 0,
  ];
  const carriesMore = sync === 0x56e5 && (flag & 0x80) !== 0;
  if (kind !== 2 || carriesMore || sampleRate <= MAX_SBR_CORE_HZ)
    throw new CannotSplit("audio_codec", "not plain AAC-LC");
}

function toBytes(data: AllowSharedBufferSource | undefined): Uint8Array {
  if (data === undefined) return new Uint8Array(0);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
