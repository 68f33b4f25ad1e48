/** Makes small MP4 and Matroska files. Their packets are random bytes: nothing decodes them. */

import {
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  MkvOutputFormat,
  Mp4OutputFormat,
  Output,
  WebMOutputFormat,
} from "mediabunny";

import { Random } from "./random.ts";
import { type SpsOptions, writeAvcRecord, writeSps } from "./sps.ts";

export interface ClipOptions {
  format?: "mp4" | "mkv" | "webm" | "fragmented";
  videoCodec?: "avc" | "vp9";
  fps?: number;
  frames?: number;
  gop?: number;
  /** I P B order instead of I P P. */
  bFrames?: boolean;
  sps?: SpsOptions;
  rotation?: 0 | 90 | 180 | 270;
  /** Seconds of each audio track. */
  audioS?: number[];
  audioStartS?: number;
  audioLanguages?: string[];
  audioNames?: string[];
  audioRate?: number;
}

const PACKET_SAMPLES = 1024;
const WIDTH = 320;
const HEIGHT = 180;

/** AudioSpecificConfig of AAC-LC (ISO/IEC 14496-3, 1.6.2.1). */
export function aacConfig(sampleRate: number, channels: number): Uint8Array<ArrayBuffer> {
  const rates = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000];
  const rate = rates.indexOf(sampleRate);
  return Uint8Array.of((2 << 3) | (rate >> 1), ((rate & 1) << 7) | (channels << 3));
}

function formatOf({ format = "mp4" }: ClipOptions) {
  if (format === "mkv") return new MkvOutputFormat();
  if (format === "webm") return new WebMOutputFormat();
  return new Mp4OutputFormat({ fastStart: format === "fragmented" ? "fragmented" : "in-memory" });
}

/** Returns the presentation order of frames in decode order. */
export function decodeOrder(frames: number, gop: number, bFrames: boolean): number[] {
  const order: number[] = [];
  for (let start = 0; start < frames; start += gop) {
    const end = Math.min(start + gop, frames);
    order.push(start);
    for (let at = start + 1; at < end; at += bFrames ? 2 : 1) {
      if (bFrames && at + 1 < end) order.push(at + 1, at);
      else order.push(at);
    }
  }
  return order;
}

export async function makeClip(options: ClipOptions = {}): Promise<Blob> {
  const {
    fps = 25,
    frames = 100,
    gop = 25,
    bFrames = false,
    audioS = [],
    videoCodec = "avc",
  } = options;
  const { audioStartS = 0, audioRate = 48_000, rotation = 0 } = options;
  const random = new Random(1);
  const target = new BufferTarget();
  const output = new Output({ format: formatOf(options), target });
  const video = new EncodedVideoPacketSource(videoCodec);
  output.addVideoTrack(video, { frameRate: fps, rotation });
  const sounds = audioS.map((_, i) => {
    const source = new EncodedAudioPacketSource(videoCodec === "vp9" ? "opus" : "aac");
    const language = options.audioLanguages?.[i];
    const name = options.audioNames?.[i];
    output.addAudioTrack(source, {
      ...(language === undefined ? {} : { languageCode: language }),
      ...(name === undefined ? {} : { name }),
    });
    return source;
  });
  await output.start();
  const videoConfig: VideoDecoderConfig =
    videoCodec === "avc"
      ? {
          codec: "avc1.64001f",
          codedWidth: WIDTH,
          codedHeight: HEIGHT,
          description: writeAvcRecord(writeSps(options.sps)),
        }
      : { codec: "vp09.00.10.08", codedWidth: WIDTH, codedHeight: HEIGHT };
  for (const frame of decodeOrder(frames, gop, bFrames)) {
    const isKey = frame % gop === 0;
    const data = random.bytes(isKey ? 400 : 40);
    const packet = new EncodedPacket(data, isKey ? "key" : "delta", frame / fps, 1 / fps);
    await video.add(packet, { decoderConfig: videoConfig });
  }
  const audioConfig: AudioDecoderConfig =
    videoCodec === "avc"
      ? {
          codec: "mp4a.40.2",
          sampleRate: audioRate,
          numberOfChannels: 2,
          description: aacConfig(audioRate, 2),
        }
      : { codec: "opus", sampleRate: 48_000, numberOfChannels: 2 };
  for (const [i, source] of sounds.entries()) {
    const packets = Math.ceil(((audioS[i] as number) * audioRate) / PACKET_SAMPLES);
    for (let at = 0; at < packets; at++) {
      const timestamp = audioStartS + (at * PACKET_SAMPLES) / audioRate;
      const packet = new EncodedPacket(
        random.bytes(60),
        "key",
        timestamp,
        PACKET_SAMPLES / audioRate,
      );
      await source.add(packet, { decoderConfig: audioConfig });
    }
  }
  await output.finalize();
  if (target.buffer === null) throw new Error("nothing was written");
  return new Blob([target.buffer]);
}
