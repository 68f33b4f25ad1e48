"""HLS playlists on constructed nouns, read back with the checker's own parser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.checker.m3u8 import Playlist, parse
from tests.checker.rates import measured_peak
from tests.presentations import audio_track, complete, growing, text_track, video_track
from yeoul.delivery import hls
from yeoul.delivery.bandwidth import Chunk, average_bps, peak_bps
from yeoul.delivery.presentation import Track, make_storyboard, segment_uri
from yeoul.model.rendition import Storyboard


def without(track: Track, *indexes: int) -> Track:
    return track.model_copy(update={"segments": tuple(s for s in track.segments if s.index not in indexes)})


def first(track: Track, count: int) -> Track:
    return track.model_copy(update={"segments": track.segments[:count]})


def in_codec(track: Track, codecs: str) -> Track:
    name = track.name if codecs.startswith("avc1") else f"{track.name}-{codecs[:4]}"
    return track.model_copy(update={"rendition": track.rendition.model_copy(update={"name": name, "codecs": codecs})})


def names(playlist: Playlist) -> list[str]:
    return [entry.uri for entry in playlist.entries]


def test_a_complete_master_reads_as_written_here():
    p = complete(video_track(480), video_track(240, sizes=(150_000, 100_000, 30_000)), audio_track(), texts=(text_track(),))
    # 480p: peak is its first segment, 600,000 bit/s, and sound's 128,000 or so is added: 282 x 340 x 8 bits in 6.016 s are 127,500.
    assert hls.make_multivariant_playlist(p) == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",LANGUAGE="und",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio/index.m3u8"\n'
        '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",NAME="text-0",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,'
        'URI="text-0/index.m3u8"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=727500,AVERAGE-BANDWIDTH=575500,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=852x480,'
        'VIDEO-RANGE=SDR,FRAME-RATE=30.000,AUDIO="audio",SUBTITLES="text",CLOSED-CAPTIONS=NONE\n'
        "480p/index.m3u8\n"
        '#EXT-X-STREAM-INF:BANDWIDTH=327500,AVERAGE-BANDWIDTH=276834,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=426x240,'
        'VIDEO-RANGE=SDR,FRAME-RATE=30.000,AUDIO="audio",SUBTITLES="text",CLOSED-CAPTIONS=NONE\n'
        "240p/index.m3u8\n"
        '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=60002,AVERAGE-BANDWIDTH=44802,CODECS="avc1.64001f",RESOLUTION=852x480,VIDEO-RANGE=SDR,'
        'URI="480p/iframes.m3u8"\n'
        '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=20002,AVERAGE-BANDWIDTH=14935,CODECS="avc1.64001f",RESOLUTION=426x240,VIDEO-RANGE=SDR,'
        'URI="240p/iframes.m3u8"\n'
    )


def test_the_variant_nearest_to_2_mbit_s_is_first_and_the_others_rise():
    sizes = {1080: 3_000_000, 720: 1_500_000, 360: 300_000, 240: 150_000}
    tracks = [video_track(height, durations_ticks=[92160], sizes=[size]) for height, size in sizes.items()]
    assert [uri for _, uri in parse(hls.make_multivariant_playlist(complete(*tracks))).variants] == [
        "720p/index.m3u8",
        "240p/index.m3u8",
        "360p/index.m3u8",
        "1080p/index.m3u8",
    ]


def test_codecs_come_one_after_the_other_and_h264_first():
    rungs = video_track(720), video_track(240, sizes=(150_000, 100_000, 30_000))
    made = [in_codec(rung, codecs) for codecs in ("av01.0.04M.08", "avc1.64001f", "hvc1.1.6.L90.90") for rung in rungs]
    master = parse(hls.make_multivariant_playlist(complete(*made, audio_track())))
    assert [(variant["CODECS"].partition(".")[0], variant["RESOLUTION"]) for variant, _ in master.variants] == [
        ("avc1", "1280x720"),
        ("avc1", "426x240"),
        ("hvc1", "426x240"),
        ("hvc1", "1280x720"),
        ("av01", "426x240"),
        ("av01", "1280x720"),
    ]
    frames = [(frame["CODECS"], frame["URI"]) for frame in master.all("EXT-X-I-FRAME-STREAM-INF")]
    assert frames[-1] == ("av01.0.04M.08", "720p-av01/iframes.m3u8") and len(frames) == 6


def make_sounds() -> tuple[Track, ...]:
    """English in stereo and 5.1, two dubs of which one has a name, a commentary and a description."""
    return (
        audio_track(name="audio", language="en"),
        audio_track(name="audio-surround", language="en", bytes_per_frame=900),
        audio_track(name="audio-1", language="ko", position=1, role="dub", label='한국어 "더빙"'),
        audio_track(name="audio-2", language="en", position=2, role="commentary", bytes_per_frame=100),
        audio_track(name="audio-3", language="en", position=3, role="description"),
        audio_track(name="audio-4", language="en", position=4, role="dub"),
    )


def test_sounds_are_groups_that_have_the_same_members():
    master = parse(
        hls.make_multivariant_playlist(complete(video_track(480), video_track(240, sizes=(150_000, 100_000, 30_000)), *make_sounds()))
    )
    media = master.all("EXT-X-MEDIA")
    members = {group: [one for one in media if one["GROUP-ID"] == group] for group in ("audio", "surround")}
    shared = ("NAME", "LANGUAGE", "DEFAULT", "AUTOSELECT")
    assert [[one[name] for name in shared] for one in members["audio"]] == [[one[name] for name in shared] for one in members["surround"]]
    assert [one["NAME"] for one in members["audio"]] == ["en", "한국어 '더빙'", "en (commentary)", "en (description)", "en 2"]
    assert [one["AUTOSELECT"] for one in members["audio"]] == ["YES", "YES", "NO", "YES", "YES"]
    assert [one.get("CHARACTERISTICS") for one in members["audio"]] == [None, None, None, "public.accessibility.describes-video", None]
    assert [(one["URI"], one["CHANNELS"]) for one in members["surround"]][:2] == [
        ("audio-surround/index.m3u8", "6"),
        ("audio-1/index.m3u8", "2"),
    ]
    assert [(variant["AUDIO"], uri) for variant, uri in master.variants] == [
        ("audio", "480p/index.m3u8"),
        ("audio", "240p/index.m3u8"),
        ("surround", "480p/index.m3u8"),
        ("surround", "240p/index.m3u8"),
    ]
    plain, dear = (next(int(v["BANDWIDTH"]) for v, _ in master.variants if v["AUDIO"] == group) for group in ("audio", "surround"))
    assert dear - plain == (900 - 340) * 282 * 8 * 48_000 // (282 * 1024)
    assert len(master.all("EXT-X-I-FRAME-STREAM-INF")) == 2


def test_a_complete_media_list_reads_as_written_here():
    p = complete(video_track(), audio_track())
    assert hls.make_media_playlist(p, p.audios[0]) == (
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:9\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"
        '#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI="init.mp4"\n'
        "#EXTINF:6.016000,\n0.m4s\n#EXTINF:5.994667,\n1.m4s\n#EXTINF:3.008000,\n2.m4s\n#EXT-X-ENDLIST\n"
    )


def test_an_iframe_list_names_byte_ranges_that_last_until_the_next():
    p = complete(video_track(), audio_track())
    playlist = parse(hls.make_iframe_playlist(p, p.videos[0]))
    assert playlist.value("EXT-X-I-FRAMES-ONLY") == ""
    assert [(e.uri, e.byte_range, e.duration_s) for e in playlist.entries] == [
        ("0.m4s", (0, 45_001), 6.0),
        ("1.m4s", (0, 30_001), 6.0),
        ("2.m4s", (0, 9_001), 3.0),
    ]


def test_a_subtitle_list_is_one_file_as_long_as_the_video():
    p = complete(video_track(), audio_track(), texts=(text_track(),))
    playlist = parse(hls.make_caption_playlist(p, p.texts[0]))
    assert [(e.uri, e.duration_s) for e in playlist.entries] == [("captions.vtt", 15.0)]
    assert playlist.value("EXT-X-TARGETDURATION") == "15"
    assert playlist.is_ended


def test_a_growing_list_is_an_event_without_end_and_offers_no_text():
    p = growing(first(video_track(), 2), first(audio_track(), 2), texts=(text_track(),))
    playlist = parse(hls.make_media_playlist(p, p.videos[0]))
    assert playlist.value("EXT-X-PLAYLIST-TYPE") == "EVENT"
    assert not playlist.is_ended
    assert "SUBTITLES" not in hls.make_multivariant_playlist(p)


def test_a_hole_hides_what_follows_it():
    p = growing(without(video_track(), 1), audio_track())
    assert names(parse(hls.make_media_playlist(p, p.videos[0]))) == ["0.m4s"]


@pytest.mark.parametrize(("pictures", "sounds", "listed"), [(3, 1, 1), (1, 3, 1), (2, 2, 2)])
def test_sound_and_picture_are_listed_equally_far(pictures: int, sounds: int, listed: int):
    p = growing(first(video_track(), pictures), first(audio_track(), sounds))
    for track in p.tracks:
        assert len(parse(hls.make_media_playlist(p, track)).entries) == listed


@pytest.mark.parametrize(("piece_s", "target"), [(0.6, "1"), (4.5, "7"), (6.0, "9"), (10.0, "15"), (30.0, "45")])
def test_the_target_duration_covers_the_longest_piece_from_the_first_list_on(piece_s: float, target: str):
    """A border may lie half a piece late to fall on a keyframe, and the target must not change when such a piece comes."""
    seconds = [min(2.0, piece_s), piece_s, 1.5 * piece_s]
    video = video_track(durations_ticks=[round(one * 30) * 512 for one in seconds])
    lists = [hls.make_media_playlist(growing(first(video, count), piece_s=piece_s), first(video, count)) for count in (1, 2, 3)]
    lists += [hls.make_media_playlist(complete(video, piece_s=piece_s), video)]
    assert [parse(text).value("EXT-X-TARGETDURATION") for text in lists] == [target] * 4


def test_a_closed_track_holds_back_no_other():
    short = first(audio_track(), 1).model_copy(update={"closed": True})
    p = growing(video_track(), short)
    assert len(parse(hls.make_media_playlist(p, p.videos[0])).entries) == 3


def test_it_is_playable_when_every_list_has_a_segment():
    assert not growing(video_track(), first(audio_track(), 0)).is_playable
    assert not growing(without(video_track(), 0), audio_track()).is_playable
    assert growing(first(video_track(), 1), first(audio_track(), 1)).is_playable


def test_a_growing_master_declares_the_cap_that_is_not_reached_yet():
    p = growing(first(video_track(declared_bps=1_400_000), 1), first(audio_track(), 1))
    [(variant, _)] = parse(hls.make_multivariant_playlist(p)).variants
    assert int(variant["BANDWIDTH"]) == 1_400_000 + 250_000


def test_no_word_of_an_uploader_breaks_out_of_an_attribute():
    text = text_track(name='de",URI="http://evil"\n#EXT-X-ENDLIST', language='en"\nx')
    master = hls.make_multivariant_playlist(complete(video_track(), audio_track(), texts=(text,)))
    media = [entry for entry in parse(master).all("EXT-X-MEDIA") if entry["TYPE"] == "SUBTITLES"]
    assert media == [
        {
            "TYPE": "SUBTITLES",
            "GROUP-ID": "text",
            "NAME": "de%22%2CURI%3D%22http%3A%2F%2Fevil%22%0A%23EXT-X-ENDLIST",
            "LANGUAGE": "und",
            "DEFAULT": "NO",
            "AUTOSELECT": "YES",
            "FORCED": "NO",
            "URI": "de%22%2CURI%3D%22http%3A%2F%2Fevil%22%0A%23EXT-X-ENDLIST/index.m3u8",
        }
    ]


def test_a_video_without_sound_names_no_audio():
    master = hls.make_multivariant_playlist(complete(video_track()))
    [(variant, _)] = parse(master).variants
    assert "AUDIO" not in variant
    assert variant["CODECS"] == "avc1.64001f"


def test_complete_with_a_hole_is_refused():
    with pytest.raises(ValidationError, match="480p is complete but has no segment 1"):
        complete(without(video_track(), 1))


def test_uris_lie_below_the_rendition():
    track = video_track()
    assert segment_uri(track, track.segments[2]) == "480p/2.m4s"


def test_a_storyboard_names_each_tile_once_and_ends_with_the_video():
    board = Storyboard(keys=("a", "b"), columns=2, rows=1, tile_width=160, tile_height=90, interval_s=5.0, tiles=3)
    assert make_storyboard(board, 3612.5).split("\n\n") == [
        "WEBVTT",
        "00:00:00.000 --> 00:00:05.000\nstoryboard-0.jpg#xywh=0,0,160,90",
        "00:00:05.000 --> 00:00:10.000\nstoryboard-0.jpg#xywh=160,0,160,90",
        "00:00:10.000 --> 01:00:12.500\nstoryboard-1.jpg#xywh=0,0,160,90\n",
    ]


ticks = st.lists(st.integers(1, 9 * 15360), min_size=1, max_size=40)


@given(ticks, st.data())
def test_list_times_equal_decode_times_however_long_the_list(durations: list[int], data: st.DataObject):
    timescale = data.draw(st.sampled_from([15360, 90000, 30000, 44100, 12800, 1000]))
    track = video_track(durations_ticks=durations, sizes=[1000] * len(durations))
    track = track.model_copy(update={"rendition": track.rendition.model_copy(update={"timescale": timescale})})
    playlist = parse(hls.make_media_playlist(complete(track), track))
    time_s = 0.0
    for entry, segment in zip(playlist.entries, track.segments, strict=True):
        assert abs(time_s - segment.start_ticks / timescale) < 2e-6
        time_s += entry.duration_s
    assert max(int(e.duration_s + 0.5) for e in playlist.entries) <= int(playlist.value("EXT-X-TARGETDURATION") or 0)


@given(st.lists(st.tuples(st.integers(1, 10**7), st.floats(0.1, 9.0)), min_size=1, max_size=30), st.integers(2, 9))
def test_bandwidths_are_those_of_the_definition(chunks: list[tuple[int, float]], target_s: int):
    peak = peak_bps([Chunk(*chunk) for chunk in chunks], target_s)
    assert peak == pytest.approx(measured_peak(chunks, target_s), rel=1e-6, abs=1.0)
    assert average_bps([Chunk(*chunk) for chunk in chunks]) <= max(8 * size / seconds for size, seconds in chunks) + 1


@given(st.permutations([("v", 0), ("v", 1), ("v", 2), ("a", 0), ("a", 1), ("a", 2)]))
def test_lists_only_grow_whatever_the_order_of_landing(order: list[tuple[str, int]]):
    """Each list is a prefix of the next one, and of the final one; the target duration never changes."""
    landed: set[tuple[str, int]] = set()
    seen: dict[str, str] = {"v": "", "a": ""}
    video, audio = video_track(), audio_track()
    for arrival in order:
        landed.add(arrival)
        tracks = {
            kind: track.model_copy(update={"segments": tuple(s for s in track.segments if (kind, s.index) in landed)})
            for kind, track in (("v", video), ("a", audio))
        }
        p = growing(*tracks.values())
        for kind, track in tracks.items():
            text = hls.make_media_playlist(p, track)
            assert text.startswith(seen[kind])
            seen[kind] = text
    final = complete(video, audio)
    for kind, track in (("v", video), ("a", audio)):
        assert hls.make_media_playlist(final, track) == seen[kind].replace("EVENT", "VOD") + "#EXT-X-ENDLIST\n"
