/** The audio tracks that a viewer can choose from, by Shaka's tracks. */

import type shaka from "shaka-player/dist/shaka-player.compiled-es2021.js";

import type { RenditionView } from "../../api/schema.d.ts";
import { nameLanguage } from "../../preference/language-name.ts";
import { words } from "../../text/watch/words.ts";

export interface AudioTrack {
  id: string;
  words: string;
  active: boolean;
}

/**
 * Seconds of the old track that stay in the buffer after a choice: the switch is audible soon, and
 * playback does not stall.
 */
const BUFFER_KEPT_S = 2;
const SURROUND_CHANNELS = 6;
/** A label that the server made from language and role, since the owner gave none. */
const GENERATED_LABEL =
  /^([A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*)(?: \((commentary|description)\))?(?: (\d+))?$/;

export function listAudioTracks(player: shaka.Player): AudioTrack[] {
  const tracks = new Map<string, AudioTrack>();
  for (const track of player.getAudioTracks()) {
    const id = trackId(track);
    if (!tracks.has(id)) tracks.set(id, { id, words: describeTrack(track), active: track.active });
  }
  return [...tracks.values()];
}

export function chooseAudioTrack(player: shaka.Player, id: string): void {
  const track = player.getAudioTracks().find((candidate) => trackId(candidate) === id);
  if (track !== undefined && !track.active) player.selectAudioTrack(track, BUFFER_KEPT_S);
}

/**
 * Returns the track with which playback starts: the one in the preferred language, or the default
 * track. Tracks with more channels than every device plays are left out. Pure.
 */
export function pickStartAudio(
  renditions: readonly RenditionView[],
  language: string,
): shaka.extern.AudioPreference | null {
  const candidates = renditions.filter(
    ({ kind, channels }) => kind === "audio" && channels < SURROUND_CHANNELS,
  );
  const isPreferred = ({ language: tag, role }: RenditionView): boolean =>
    tag === language && role !== "commentary" && role !== "description";
  const track = candidates.find(isPreferred) ?? candidates[0];
  if (track === undefined) return null;
  return {
    language: track.language ?? "und",
    label: track.label,
    channelCount: track.channels,
    role: "",
    codec: "",
    spatialAudio: false,
  };
}

/** Returns the language of the current audio track. */
export function activeLanguage(player: shaka.Player): string | null {
  return player.getAudioTracks().find((track) => track.active)?.language ?? null;
}

/**
 * Unlike Shaka's numbers, this id stays the same when the stream changes. Labels are unique within
 * a video.
 */
function trackId(track: shaka.extern.AudioTrack): string {
  return `${track.language}|${track.label ?? ""}|${track.channelsCount ?? 0}`;
}

function describeTrack(track: shaka.extern.AudioTrack): string {
  const [, tag = "", role, number] = GENERATED_LABEL.exec(track.label ?? "") ?? [];
  const isGenerated = tag === "audio" || tag.toLowerCase() === track.language.toLowerCase();
  const generated =
    describeLanguage(tag) + describeRole(role) + (number === undefined ? "" : ` ${number}`);
  const name = isGenerated ? generated : (track.label ?? describeLanguage(track.language));
  return (track.channelsCount ?? 0) >= SURROUND_CHANNELS ? `${name} · 5.1` : name;
}

function describeRole(role: string | undefined): string {
  return role === "commentary" || role === "description" ? ` (${words.player.roles[role]})` : "";
}

function describeLanguage(tag: string): string {
  return tag === "audio" || tag === "und" ? words.player.audio : nameLanguage(tag);
}
