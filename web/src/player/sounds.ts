/** The audio tracks that a viewer can choose from, as Shaka has them. */

import type shaka from "shaka-player/dist/shaka-player.compiled-es2021.js";

import type { RenditionView } from "../api/schema";
import { words } from "../text/watch/words";

export interface Sound {
  id: string;
  words: string;
  active: boolean;
}

/** Seconds of the old sound that are kept, so that a switch is heard soon and nothing stops. */
const KEPT_S = 2;
const SURROUND_CHANNELS = 6;
/** A name that the server made of language and role, where the owner gave none. */
const MADE = /^([A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*)(?: \((commentary|description)\))?(?: (\d+))?$/;

export function listSounds(player: shaka.Player): Sound[] {
  const found = new Map<string, Sound>();
  for (const track of player.getAudioTracks()) {
    const id = soundId(track);
    if (!found.has(id)) found.set(id, { id, words: sayTrack(track), active: track.active });
  }
  return [...found.values()];
}

export function chooseSound(player: shaka.Player, id: string): void {
  const track = player.getAudioTracks().find((one) => soundId(one) === id);
  if (track !== undefined && !track.active) player.selectAudioTrack(track, KEPT_S);
}

/** What to begin with: the wished language where there is a track in it, else what plays by default; in no more channels than every device plays. */
export function preferSound(renditions: readonly RenditionView[], language: string): shaka.extern.AudioPreference | null {
  const plain = renditions.filter(({ kind, channels }) => kind === "audio" && channels < SURROUND_CHANNELS);
  const wished = plain.find((one) => one.language === language && one.role !== "commentary" && one.role !== "description");
  const first = wished ?? plain[0];
  if (first === undefined) return null;
  return { language: first.language ?? "und", label: first.label, channelCount: first.channels, role: "", codec: "", spatialAudio: false };
}

/** The language of the sound that plays. */
export function activeLanguage(player: shaka.Player): string | null {
  return player.getAudioTracks().find((track) => track.active)?.language ?? null;
}

// Not Shaka's own number: a choice has to survive a change of stream. Labels differ within a video.
function soundId(track: shaka.extern.AudioTrack): string {
  return `${track.language}|${track.label ?? ""}|${track.channelsCount ?? 0}`;
}

function sayTrack(track: shaka.extern.AudioTrack): string {
  const [, tag = "", role, number] = MADE.exec(track.label ?? "") ?? [];
  const isMade = tag === "audio" || tag.toLowerCase() === track.language.toLowerCase();
  const named = isMade ? sayLanguage(tag) + sayRole(role) + (number === undefined ? "" : ` ${number}`) : (track.label ?? sayLanguage(track.language));
  return (track.channelsCount ?? 0) >= SURROUND_CHANNELS ? `${named} · 5.1` : named;
}

function sayRole(role: string | undefined): string {
  return role === "commentary" || role === "description" ? ` (${words.player.roles[role]})` : "";
}

function sayLanguage(tag: string): string {
  if (tag === "audio" || tag === "und") return words.player.audio;
  try {
    return new Intl.DisplayNames(document.documentElement.lang, { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}
