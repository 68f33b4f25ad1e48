/**
 * Cuts a local file into pieces. The index is read once; the bytes of a piece are read when it is
 * made.
 */

import {
  BlobSource,
  EncodedPacketSink,
  Input,
  type InputAudioTrack,
  type InputTrack,
  type InputVideoTrack,
  MATROSKA,
  MP4,
  MPEG_TS,
  QTFF,
  WEBM,
} from "mediabunny";
import {
  type DecoderSetup,
  describeAudio,
  describeExtraAudio,
  describeVideo,
} from "../index/describe-track.ts";
import { checkMatroska } from "../index/matroska-index.ts";
import { type Mp4Index, readMp4Index } from "../index/mp4-index.ts";
import { at, type PacketTable } from "../index/packet-table.ts";
import { scanAudio, scanVideo } from "../index/scan.ts";
import type { AudioTrack, NewTrack, Source, VideoTrack } from "../model.ts";
import { CannotSplit } from "../split-reason.ts";
import { type NutStream, NutWriter } from "./nut.ts";
import { type PlannedPiece, planPieces, type Range } from "./plan.ts";

const MAX_PIECE_BYTES = 64 * 2 ** 20; // held in memory while it is sent
const MAX_EXTRA_AUDIO_BYTES = 256 * 2 ** 20;
const MAX_AUDIO_TRACKS = 16;
const FORMATS = [MP4, QTFF, MATROSKA, WEBM, MPEG_TS];
/** Pieces may hold this many times the bytes of the source. */
const MAX_OVERHEAD = 1.5;
const MAX_HOLD_S = 0.2;
const MIN_AUDIO_TICKS_PER_S = 20_000;

interface Track<Input extends InputTrack, Described> {
  track: Input;
  table: PacketTable;
  described: Described;
  setup: DecoderSetup;
}

type OpenVideo = Track<InputVideoTrack, VideoTrack>;

/** trimmed: the container gives the end of the track to the sample. */
interface OpenAudio extends Track<InputAudioTrack, AudioTrack> {
  trimmed: boolean;
}

export class Splitter {
  private readonly video: OpenVideo;
  private readonly audio: OpenAudio | null;
  private readonly planned: readonly PlannedPiece[];
  private readonly extraAudio: readonly OpenAudio[];
  readonly source: Source;

  private constructor(
    source: Source,
    planned: readonly PlannedPiece[],
    video: OpenVideo,
    audio: OpenAudio | null,
    extraAudio: readonly OpenAudio[],
  ) {
    this.source = source;
    this.planned = planned;
    this.video = video;
    this.audio = audio;
    this.extraAudio = extraAudio;
  }

  /** Number of audio tracks in addition to the one in the pieces. */
  get extraAudioCount(): number {
    return this.extraAudio.length;
  }

  get count(): number {
    return this.planned.length;
  }

  /** Approximate size of all pieces and additional audio tracks. */
  get sizeBytes(): number {
    return (
      sum(this.planned.map((piece) => piece.sizeBytes)) +
      sum(this.extraAudio.map((audio) => sum(audio.table.sizeBytes)))
    );
  }

  piece(index: number): PlannedPiece {
    const planned = this.planned[index];
    if (planned === undefined) throw new RangeError(`there is no piece ${index}`);
    return planned;
  }

  /** Reads a file's index and plans its pieces. Raises CannotSplit. */
  static async open(file: Blob, targetS: number): Promise<Splitter> {
    const input = new Input({ formats: FORMATS, source: new BlobSource(file) });
    const container = await containerOf(input);
    const index = container === "mov" ? await readMp4Index(file) : null;
    if (container === "matroska") await checkMatroska(file);
    const video = await openVideo(input, index);
    const [audio = null, ...extraAudio] = await openAllAudio(input, index);
    if (audio !== null && outlasts(audio.table, video.table)) throw new CannotSplit("sound_longer");
    const endSample = audio === null ? null : endSampleOf(audio, video.table);
    const planned = planPieces(
      video.table,
      audio?.table ?? null,
      audio?.described.codec ?? "",
      endSample,
      targetS,
    );
    if (planned.some((piece) => piece.sizeBytes > MAX_PIECE_BYTES))
      throw new CannotSplit("piece_too_large");
    if (hasOverhead(planned, video.table, audio?.table ?? null))
      throw new CannotSplit("far_keyframes");
    return new Splitter(describeSource(container, video, audio), planned, video, audio, extraAudio);
  }

  /** Makes the bytes of a piece. Raises CannotSplit if the file has changed since it was opened. */
  async cut(index: number): Promise<Uint8Array<ArrayBuffer>> {
    const { piece, video, audio, sizeBytes } = this.piece(index);
    const packets = await readPackets(0, this.video, video, piece.base);
    if (this.audio !== null && audio !== null)
      packets.push(...(await readPackets(1, this.audio, audio, piece.audio_base)));
    packets.sort((a, b) => a.decodeS - b.decodeS || a.stream - b.stream);
    const writer = new NutWriter(this.streams(video), sizeBytes);
    for (const { stream, pts, key, data } of packets) writer.write(stream, pts, key, data);
    return writer.finish();
  }

  /**
   * Makes the file of an additional audio track. Raises CannotSplit if the file has changed since
   * it was opened.
   */
  async makeExtraAudio(
    index: number,
  ): Promise<{ body: Uint8Array<ArrayBuffer>; track: Omit<NewTrack, "size_bytes" | "sha256"> }> {
    const audio = this.extraAudio[index];
    if (audio === undefined) throw new RangeError(`there is no audio track ${index}`);
    const { track, table, described } = audio;
    const base = minimumOf(table.pts);
    const writer = new NutWriter([audioStream(audio)], sum(table.sizeBytes));
    for (const { pts, key, data } of await readPackets(
      0,
      audio,
      { start: 0, stop: table.pts.length },
      base,
    ))
      writer.write(0, pts, key, data);
    const startS = base / table.ticksPerS - this.video.table.startPts / this.video.table.ticksPerS;
    const sound = {
      tick: described.time_base,
      start_ns: Math.round(startS * 1e9),
      end_sample: endSampleOf(audio, this.video.table),
    };
    const { language, title, role } = await describeExtraAudio(track, described);
    return { body: writer.finish(), track: { language, label: title, role, sound } };
  }

  private streams(range: Range): NutStream[] {
    const { described, setup, table } = this.video;
    const { width, height, sar, time_base: timeBase } = described;
    const video: NutStream = {
      kind: "video",
      ...setup,
      timeBase,
      reorderDepth: reorderDepth(table, range),
      width,
      height,
      sar,
    };
    return this.audio === null ? [video] : [video, audioStream(this.audio)];
  }
}

function audioStream({ described, setup }: OpenAudio): NutStream {
  const { sample_rate: sampleRate, channels, time_base: timeBase } = described;
  return { kind: "audio", ...setup, timeBase, sampleRate, channels };
}

async function containerOf(input: Input): Promise<Source["container"]> {
  const format = await input.getFormat().catch(() => {
    throw new CannotSplit("container");
  });
  const mime = format.mimeType.toLowerCase();
  if (mime === "video/mp4" || mime === "video/quicktime") return "mov";
  if (mime === "video/x-matroska" || mime === "video/webm") return "matroska";
  if (mime === "video/mp2t") return "mpegts";
  throw new CannotSplit("container", mime);
}

async function openVideo(input: Input, index: Mp4Index | null): Promise<OpenVideo> {
  const track = (await input.getVideoTracks())[0];
  if (track === undefined) throw new CannotSplit("no_video");
  if (track.codec === null) throw new CannotSplit("video_codec");
  const table = await scanVideo(track, index);
  const firstKey = await new EncodedPacketSink(track).getKeyPacket(
    at(table.foundS, table.key.indexOf(1)),
  );
  const { described, setup } = await describeVideo(
    track,
    table,
    firstKey?.data ?? new Uint8Array(0),
  );
  return { track, table, described, setup };
}

/** Opens the audio tracks that have packets, the default track first. */
async function openAllAudio(input: Input, index: Mp4Index | null): Promise<OpenAudio[]> {
  const inputs = await input.getAudioTracks();
  const first = inputs.find((track) => track.disposition.default) ?? inputs[0];
  if (inputs.length > MAX_AUDIO_TRACKS) throw new CannotSplit("many_sounds");
  const tracks: OpenAudio[] = [];
  for (const input of [...inputs].sort((a, b) => Number(b === first) - Number(a === first))) {
    const audio = await openAudio(input, index);
    if (audio !== null) tracks.push(audio);
  }
  if (tracks.slice(1).some(({ table }) => sum(table.sizeBytes) > MAX_EXTRA_AUDIO_BYTES))
    throw new CannotSplit("many_sounds");
  return tracks;
}

/** Returns null if the track has no packets. */
async function openAudio(
  track: InputAudioTrack,
  index: Mp4Index | null,
): Promise<OpenAudio | null> {
  if (track.codec === null) throw new CannotSplit("audio_codec");
  if (track.timeResolution < MIN_AUDIO_TICKS_PER_S) throw new CannotSplit("audio_times");
  // MPEG audio of layers 2 and 3 has one stream type in a transport stream.
  if (index === null && track.codec === "mp3") throw new CannotSplit("audio_codec", "layer 2 or 3");
  const scanned = await scanAudio(track, index);
  if (scanned === null) return null;
  const { described, setup } = await describeAudio(track, scanned.table);
  return { track, table: scanned.table, described, setup, trimmed: scanned.trimmed };
}

/**
 * Returns the end of an audio track in samples from the start of the video, or null if the
 * container does not give it.
 */
function endSampleOf(audio: OpenAudio, video: PacketTable): number | null {
  if (!audio.trimmed) return null;
  const endS = audio.table.stopPts / audio.table.ticksPerS - video.startPts / video.ticksPerS;
  return Math.max(0, Math.round(endS * audio.described.sample_rate));
}

function describeSource(
  container: Source["container"],
  video: OpenVideo,
  audio: OpenAudio | null,
): Source {
  const { startPts, stopPts, ticksPerS } = video.table;
  const endS = Math.max(
    stopPts / ticksPerS,
    audio === null ? -Infinity : audio.table.stopPts / audio.table.ticksPerS,
  );
  return {
    container,
    duration_s: endS - startPts / ticksPerS,
    start_pts: startPts,
    video: video.described,
    audio: audio?.described ?? null,
  };
}

/** A packet as it is written to a piece. */
interface PiecePacket {
  stream: number;
  decodeS: number;
  pts: number;
  key: boolean;
  data: Uint8Array;
}

/**
 * Reads the packets of a range. base: subtracted from their pts. Raises CannotSplit if the file has
 * changed.
 */
async function readPackets(
  stream: number,
  { track, table }: Track<InputTrack, unknown>,
  range: Range,
  base: number,
): Promise<PiecePacket[]> {
  const sink = new EncodedPacketSink(track);
  const startS = at(table.foundS, range.start);
  let packet = track.isVideoTrack()
    ? await sink.getKeyPacket(startS)
    : await sink.getPacket(startS);
  const packets: PiecePacket[] = [];
  for (let i = range.start; i < range.stop; i++) {
    if (packet === null || packet.sequenceNumber !== at(table.serial, i))
      throw new CannotSplit("unreadable", `packet ${i} has moved`);
    packets.push({
      stream,
      decodeS: at(table.dts, i) / table.ticksPerS,
      pts: at(table.pts, i) - base,
      key: table.key[i] === 1,
      data: packet.data,
    });
    if (i + 1 < range.stop) packet = await sink.getNextPacket(packet);
  }
  return packets;
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += at(values, i);
  return total;
}

function minimumOf(values: Float64Array): number {
  return values.reduce((least, value) => Math.min(least, value), Infinity);
}

/** Returns by how many packets a frame is decoded before it is displayed, at most. */
function reorderDepth(table: PacketTable, range: Range): number {
  const order = Array.from({ length: range.stop - range.start }, (_, i) => range.start + i);
  order.sort((a, b) => at(table.pts, a) - at(table.pts, b));
  return order.reduce((depth, packet, i) => Math.max(depth, range.start + i - packet), 0);
}

/**
 * True if the pieces would repeat so many packets that the server should split the file
 * (`SplitPlan.is_heavy`).
 */
function hasOverhead(
  planned: readonly PlannedPiece[],
  video: PacketTable,
  audio: PacketTable | null,
): boolean {
  const sourceBytes = sum(video.sizeBytes) + (audio === null ? 0 : sum(audio.sizeBytes));
  return sum(planned.map((piece) => piece.sizeBytes)) > MAX_OVERHEAD * sourceBytes;
}

/**
 * True if the audio starts so long before the video, or ends so long after it, that the server
 * holds a frame (`media/source/scan.py`).
 */
function outlasts(audio: PacketTable, video: PacketTable): boolean {
  const startS = Math.max(0, at(audio.pts, 0) / audio.ticksPerS);
  const firstFrameS = minimumOf(video.pts) / video.ticksPerS;
  return (
    firstFrameS - startS > MAX_HOLD_S ||
    audio.stopPts / audio.ticksPerS - video.endPts / video.ticksPerS > MAX_HOLD_S
  );
}
