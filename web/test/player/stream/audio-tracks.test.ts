import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import {
  activeLanguage,
  chooseAudioTrack,
  listAudioTracks,
  pickStartAudio,
} from "../../../src/player/stream/audio-tracks.ts";
import { words } from "../../../src/text/watch/words.ts";

interface Track {
  language: string;
  label: string | null;
  channelsCount: number | null;
  active: boolean;
}

const track = (language: string, label: string | null, more: Partial<Track> = {}): Track => ({
  language,
  label,
  channelsCount: 2,
  active: false,
  ...more,
});

function playerOf(tracks: Track[]) {
  const selected: unknown[][] = [];
  const player = {
    getAudioTracks: () => tracks,
    selectAudioTrack: (...args: unknown[]) => selected.push(args),
  };
  return { player: player as unknown as Parameters<typeof listAudioTracks>[0], selected };
}

const namesOf = (...tracks: Track[]): string[] =>
  listAudioTracks(playerOf(tracks).player).map((found) => found.words);

beforeEach(() => {
  document.documentElement.lang = "en";
});

describe("listAudioTracks", () => {
  test("translates labels that the server made, and keeps those of the owner", () => {
    assert.deepEqual(
      namesOf(track("ko", "ko"), track("ko", "ko 2"), track("en", "Director's cut")),
      ["Korean", "Korean 2", "Director's cut"],
    );
    const [commentary] = namesOf(track("en", "en (commentary)"));
    assert.equal(commentary, `English (${words.player.roles.commentary})`);
  });

  test("names unknown languages and surround sound", () => {
    assert.deepEqual(namesOf(track("und", "audio")), [words.player.audio]);
    assert.deepEqual(namesOf(track("en", "en", { channelsCount: 6 })), ["English · 5.1"]);
    assert.deepEqual(namesOf(track("en", null)), ["English"]);
  });

  test("lists tracks of the same language, label and channels once", () => {
    const { player } = playerOf([
      track("en", "en", { active: true }),
      track("en", "en"),
      track("en", "en", { channelsCount: 6 }),
    ]);
    assert.deepEqual(
      listAudioTracks(player).map(({ active }) => active),
      [true, false],
    );
  });
});

describe("chooseAudioTrack", () => {
  test("selects the track of an id, unless it is active", () => {
    const [english, korean] = [track("en", "en", { active: true }), track("ko", "ko")];
    const { player, selected } = playerOf([english, korean]);
    const ids = listAudioTracks(player).map(({ id }) => id);
    for (const id of [...ids, "no such track"]) chooseAudioTrack(player, id);
    assert.deepEqual(selected, [[korean, 2]]);
    assert.equal(activeLanguage(player), "en");
    assert.equal(activeLanguage(playerOf([korean]).player), null);
  });
});

describe("pickStartAudio", () => {
  const rendition = (language: string | null, role: string, channels = 2, kind = "audio") => ({
    kind,
    language,
    role,
    channels,
    label: `${language} ${role} ${channels}`,
  });
  const renditions = [
    rendition(null, "main", 0, "video"),
    rendition("en", "main", 6),
    rendition("en", "main"),
    rendition("ko", "commentary"),
    rendition("ko", "dub"),
  ] as unknown as Parameters<typeof pickStartAudio>[0];

  test("prefers the viewer's language, but no commentary", () => {
    assert.deepEqual(
      [pickStartAudio(renditions, "ko")?.label, pickStartAudio(renditions, "ko")?.language],
      ["ko dub 2", "ko"],
    );
  });

  test("falls back to the default track, in stereo", () => {
    assert.equal(pickStartAudio(renditions, "fr")?.label, "en main 2");
    assert.equal(pickStartAudio(renditions, "")?.label, "en main 2");
  });

  test("picks none of a silent video", () => {
    assert.equal(pickStartAudio([], "en"), null);
  });
});
