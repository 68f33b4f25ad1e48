/** A file that is cut into pieces where it lies: its index is read once, its bytes only when a piece is made. */

import { BlobSource, EncodedPacketSink, type EncodedPacket, Input, type InputAudioTrack, type InputTrack, type InputVideoTrack } from "mediabunny";
import { MATROSKA, MP4, MPEG_TS, QTFF, WEBM } from "mediabunny";
import { describeAudio, describeVideo, nameSound, type Setup } from "./describe";
import { checkMatroska } from "./matroska_index";
import { type Mp4Index, readMp4Index } from "./mp4_index";
import type { AudioTrack, NewTrack, Source, VideoTrack } from "./nouns";
import { type NutStream, NutWriter } from "./nut";
import { planPieces, type PlannedPiece, type Range } from "./plan";
import { CannotSplit } from "./reason";
import { scanAudio, scanVideo } from "./scan";
import { at, type PacketTable } from "./table";

const LARGEST_PIECE_BYTES = 64 * 2 ** 20; // held in memory while it is sent
const LARGEST_SOUND_BYTES = 256 * 2 ** 20;
const MOST_SOUNDS = 16;
const FORMATS = [MP4, QTFF, MATROSKA, WEBM, MPEG_TS];
const HEAVY = 1.5;
const HOLD_S = 0.2;
const COARSE_TICKS_PER_S = 20_000;

/** trimmed: the container says to the sample where it ends. */
interface Sound {
  audio: Track<InputAudioTrack, AudioTrack>;
  trimmed: boolean;
}

interface Track<T extends InputTrack, N> {
  track: T;
  table: PacketTable;
  noun: N;
  setup: Setup;
}

export class Splitter {
  private constructor(
    private readonly video: Track<InputVideoTrack, VideoTrack>,
    private readonly audio: Track<InputAudioTrack, AudioTrack> | null,
    readonly source: Source,
    private readonly planned: readonly PlannedPiece[],
    private readonly sounds: readonly Sound[],
  ) {}

  /** Audio tracks besides the one in the pieces. */
  get soundCount(): number {
    return this.sounds.length;
  }

  get count(): number {
    return this.planned.length;
  }

  /** The bytes that all pieces take, about. */
  get sizeBytes(): number {
    const pieces = this.planned.reduce((sum, one) => sum + one.sizeBytes, 0);
    return this.sounds.reduce((sum, { audio }) => sum + bytesOf(audio.table), pieces);
  }

  piece(index: number): PlannedPiece {
    const found = this.planned[index];
    if (found === undefined) throw new RangeError(`there is no piece ${index}`);
    return found;
  }

  /** Reads a file's index and plans its pieces. Raises CannotSplit. */
  static async open(file: Blob, targetS: number): Promise<Splitter> {
    const input = new Input({ formats: FORMATS, source: new BlobSource(file) });
    const container = await containerOf(input);
    const index = container === "mov" ? await readMp4Index(file) : null;
    if (container === "matroska") await checkMatroska(file);
    const video = await openVideo(input, index);
    const [sound = null, ...sounds] = await openAudio(input, index);
    if (sound !== null && outlasts(sound.audio.table, video.table)) throw new CannotSplit("sound_longer");
    const endSample = sound?.trimmed === true ? endOf(sound.audio, video.table) : null;
    const planned = planPieces(video.table, sound?.audio.table ?? null, sound?.audio.noun.codec ?? "", endSample, targetS);
    if (planned.some((one) => one.sizeBytes > LARGEST_PIECE_BYTES)) throw new CannotSplit("piece_too_large");
    if (isHeavy(planned, video.table, sound?.audio.table ?? null)) throw new CannotSplit("far_keyframes");
    const source = describe(container, video, sound?.audio ?? null);
    return new Splitter(video, sound?.audio ?? null, source, planned, sounds);
  }

  /** Makes the bytes of a piece. Raises CannotSplit where the file is no longer what was planned. */
  async cut(index: number): Promise<Uint8Array<ArrayBuffer>> {
    const { piece, video, audio, sizeBytes } = this.piece(index);
    const runs = [{ id: 0, base: piece.base, table: this.video.table, range: video, packets: await readRun(this.video.track, this.video.table, video) }];
    if (this.audio !== null && audio !== null) {
      const { track, table } = this.audio;
      runs.push({ id: 1, base: piece.audio_base, table, range: audio, packets: await readRun(track, table, audio) });
    }
    const writer = new NutWriter(this.streams(video), sizeBytes);
    const order = runs.flatMap((run) =>
      run.packets.map((packet, i) => ({ run, packet, place: run.range.start + i, dueS: at(run.table.dts, run.range.start + i) / run.table.ticksPerS })),
    );
    order.sort((a, b) => a.dueS - b.dueS || a.run.id - b.run.id);
    for (const { run, packet, place } of order) writer.write(run.id, at(run.table.pts, place) - run.base, run.table.key[place] === 1, packet.data);
    return writer.finish();
  }

  /** Makes the file of another audio track, and says where it stands. Raises CannotSplit as `cut` does. */
  async takeSound(place: number): Promise<{ body: Uint8Array<ArrayBuffer>; track: Omit<NewTrack, "size_bytes" | "sha256"> }> {
    const sound = this.sounds[place];
    if (sound === undefined) throw new RangeError(`there is no audio track ${place}`);
    const { track, table, noun, setup } = sound.audio;
    const packets = await readRun(track, table, { start: 0, stop: table.pts.length });
    const base = table.pts.reduce((least, pts) => Math.min(least, pts), Infinity);
    const { sample_rate: sampleRate, channels, time_base: timeBase } = noun;
    const writer = new NutWriter([{ kind: "audio", ...setup, timeBase, sampleRate, channels }], bytesOf(table));
    packets.forEach((packet, i) => writer.write(0, at(table.pts, i) - base, table.key[i] === 1, packet.data));
    const startS = base / table.ticksPerS - this.video.table.startPts / this.video.table.ticksPerS;
    const endSample = sound.trimmed ? endOf(sound.audio, this.video.table) : null;
    const { language, title, role } = await nameSound(track, noun);
    return { body: writer.finish(), track: { language, label: title, role, sound: { tick: timeBase, start_ns: Math.round(startS * 1e9), end_sample: endSample } } };
  }

  private streams(range: Range): NutStream[] {
    const { noun, setup, table } = this.video;
    const { width, height, sar, time_base: timeBase } = noun;
    const video: NutStream = { kind: "video", ...setup, timeBase, reorderDepth: reorderDepth(table, range), width, height, sar };
    if (this.audio === null) return [video];
    const { sample_rate: sampleRate, channels, time_base } = this.audio.noun;
    return [video, { kind: "audio", ...this.audio.setup, timeBase: time_base, sampleRate, channels }];
  }
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

async function openVideo(input: Input, index: Mp4Index | null): Promise<Track<InputVideoTrack, VideoTrack>> {
  const track = (await input.getVideoTracks())[0];
  if (track === undefined) throw new CannotSplit("no_video");
  if (track.codec === null) throw new CannotSplit("video_codec");
  const table = await scanVideo(track, index);
  const firstKey = await new EncodedPacketSink(track).getKeyPacket(at(table.foundS, table.key.indexOf(1)));
  const { noun, setup } = await describeVideo(track, table, firstKey?.data ?? new Uint8Array(0));
  return { track, table, noun, setup };
}

/** The audio tracks that hold sound, the one that plays by default first. */
async function openAudio(input: Input, index: Mp4Index | null): Promise<Sound[]> {
  const tracks = await input.getAudioTracks();
  const first = tracks.find((one) => one.disposition.default) ?? tracks[0];
  if (tracks.length > MOST_SOUNDS) throw new CannotSplit("many_sounds");
  const found: Sound[] = [];
  for (const track of [...tracks].sort((a, b) => Number(b === first) - Number(a === first))) {
    const sound = await openSound(track, index);
    if (sound !== null) found.push(sound);
  }
  if (found.slice(1).some(({ audio }) => bytesOf(audio.table) > LARGEST_SOUND_BYTES)) throw new CannotSplit("many_sounds");
  return found;
}

async function openSound(track: InputAudioTrack, index: Mp4Index | null): Promise<Sound | null> {
  if (track.codec === null) throw new CannotSplit("audio_codec");
  if (track.timeResolution < COARSE_TICKS_PER_S) throw new CannotSplit("audio_times");
  if (index === null && track.codec === "mp3") throw new CannotSplit("audio_codec", "layer 2 or 3"); // one type in a transport stream
  const scanned = await scanAudio(track, index);
  if (scanned === null) return null;
  const { noun, setup } = await describeAudio(track, scanned.table);
  return { audio: { track, table: scanned.table, noun, setup }, trimmed: scanned.trimmed };
}

function endOf(audio: Track<InputAudioTrack, AudioTrack>, video: PacketTable): number {
  const endS = audio.table.stopPts / audio.table.ticksPerS - video.startPts / video.ticksPerS;
  return Math.max(0, Math.round(endS * audio.noun.sample_rate));
}

function describe(container: Source["container"], video: Track<InputVideoTrack, VideoTrack>, audio: Track<InputAudioTrack, AudioTrack> | null): Source {
  const { startPts, stopPts, ticksPerS } = video.table;
  const endS = Math.max(stopPts / ticksPerS, audio === null ? -Infinity : audio.table.stopPts / audio.table.ticksPerS);
  return { container, duration_s: endS - startPts / ticksPerS, start_pts: startPts, video: video.noun, audio: audio?.noun ?? null };
}

/** The packets of a range, with their bytes. */
async function readRun(track: InputTrack, table: PacketTable, range: Range): Promise<EncodedPacket[]> {
  const sink = new EncodedPacketSink(track);
  const atS = at(table.foundS, range.start);
  let packet = track.isVideoTrack() ? await sink.getKeyPacket(atS) : await sink.getPacket(atS);
  const packets: EncodedPacket[] = [];
  for (let place = range.start; place < range.stop; place++) {
    if (packet === null || packet.sequenceNumber !== at(table.serial, place)) throw new CannotSplit("unreadable", `packet ${place} is not where it was`);
    packets.push(packet);
    if (place + 1 < range.stop) packet = await sink.getNextPacket(packet);
  }
  return packets;
}

function bytesOf(table: PacketTable): number {
  return table.sizeBytes.reduce((sum, size) => sum + size, 0);
}

/** By how many packets a picture is decoded before it is displayed, at most. */
function reorderDepth(table: PacketTable, range: Range): number {
  const order = Array.from({ length: range.stop - range.start }, (_, i) => range.start + i);
  order.sort((a, b) => at(table.pts, a) - at(table.pts, b));
  return order.reduce((depth, place, i) => Math.max(depth, range.start + i - place), 0);
}

/** Whether pieces would hold the file's packets so many times that the server better cuts it; `SplitPlan.is_heavy`. */
function isHeavy(planned: readonly PlannedPiece[], video: PacketTable, audio: PacketTable | null): boolean {
  const sum = (sizes: ArrayLike<number>): number => Array.from(sizes).reduce((total, size) => total + size, 0);
  const own = sum(video.sizeBytes) + (audio === null ? 0 : sum(audio.sizeBytes));
  return planned.reduce((total, one) => total + one.sizeBytes, 0) > HEAVY * own;
}

/** Whether the sound begins so long before the picture, or ends so long after it, that the server holds a picture; `scan._held`. */
function outlasts(audio: PacketTable, video: PacketTable): boolean {
  const start = Math.max(0, at(audio.pts, 0) / audio.ticksPerS);
  const first = video.pts.reduce((least, pts) => Math.min(least, pts), Infinity) / video.ticksPerS;
  return first - start > HOLD_S || audio.stopPts / audio.ticksPerS - video.endPts / video.ticksPerS > HOLD_S;
}
