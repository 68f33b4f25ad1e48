"""The checker finds each breach by its own rule, on streams that are broken on purpose, and nothing on good ones."""

import contextlib
import gzip
import re
import shutil
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

import httpx
import pytest

from tests.checker import RULES, Expect, check_dash, check_hls, check_streams, http_fetch, report
from tests.checker.boxes import parse_fragments, parse_init
from tests.streams import build_stream, make_source, write_playlists
from yeoul.base.errors import MediaToolError
from yeoul.delivery.presentation import Presentation
from yeoul.media.binaries import ffmpeg_path, packager_path
from yeoul.media.mp4 import fragment
from yeoul.media.mp4.audio_box import make_audio_init
from yeoul.media.mp4.edit_list import get_media_time
from yeoul.model.rendition import Rung

SIZE = (640, 360)
FRAMES = 480
KNOWN = Expect(display_size=SIZE, frames=FRAMES, has_audio=True)


@dataclass(frozen=True)
class Built:
    folder: Path
    presentation: Presentation


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_source(tmp_path_factory.mktemp("source") / "source.mp4")


@pytest.fixture(scope="module")
def short_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_source(tmp_path_factory.mktemp("short") / "short.mp4", duration_s=3.0)


@pytest.fixture(scope="module")
def good(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("good")
    return Built(folder, build_stream(source, folder))


@pytest.fixture(scope="module")
def long_segments(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The lower rung of the same source, cut for 30 s."""
    folder = tmp_path_factory.mktemp("long")
    return Built(
        folder, build_stream(source, folder, rungs=[Rung(name="240p", width=426, height=240, crf=23, maxrate_bps=400_000)], target_s=30)
    )


@pytest.fixture
def copy(good: Built, tmp_path: Path) -> Path:
    return shutil.copytree(good.folder, tmp_path / "stream")


def rules_found(folder: Path, expect: Expect = KNOWN) -> set[str]:
    return {finding.rule for finding in check_streams(str(folder), expect=expect)}


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Replace what the regular expression `old` matches, once; it has to match."""
    path = folder / name
    text, count = re.subn(old, new, path.read_text(), count=1, flags=re.DOTALL)
    assert count == 1, f"{old} is not in {name}"
    path.write_text(text)


def scaled(factor: float) -> Callable[[re.Match[str]], str]:
    return lambda match: match[1] + str(round(int(match[2]) * factor))


def edit_number(folder: Path, name: str, pattern: str, factor: float) -> None:
    path = folder / name
    text, count = re.subn(pattern, scaled(factor), path.read_text(), count=1)
    assert count == 1
    path.write_text(text)


def test_a_good_stream_breaks_no_rule(good: Built):
    findings = check_streams(str(good.folder), expect=KNOWN)
    assert not findings, report(findings)
    assert {track.name for track in good.presentation.tracks} == {"360p", "240p", "audio"}
    assert len(good.presentation.tracks[0].segments) == 4


# --- manifests that lie ---

LIES = {
    "hls.bandwidth": ("master.m3u8", r"(:BANDWIDTH=)(\d+)", 1.2),
    "hls.average-bandwidth": ("master.m3u8", r"(AVERAGE-BANDWIDTH=)(\d+)", 0.85),
    "dash.bandwidth": ("manifest.mpd", r'(bandwidth=")(\d+)', 0.95),
    "stream.frame-rate": ("master.m3u8", r"(FRAME-RATE=)(\d+)", 1.2),
    "stream.resolution": ("master.m3u8", r"(RESOLUTION=\d+x)(\d+)", 1.01),
}


@pytest.mark.parametrize("rule", LIES)
def test_a_wrong_figure_is_found(rule: str, copy: Path):
    edit_number(copy, *LIES[rule])
    # An I-frame list is looked for by the size that a variant declares.
    assert rules_found(copy) == {rule} | ({"hls.iframes"} if rule == "stream.resolution" else set())


EDITS = {
    "a missing ENDLIST": ("hls.ended", "240p/index.m3u8", "#EXT-X-ENDLIST\n", ""),
    "a list that is not VOD": ("hls.ended", "audio/index.m3u8", "TYPE:VOD", "TYPE:EVENT"),
    "wrong CODECS": ("stream.codecs", "master.m3u8", r'"avc1\.[0-9a-f]+,', '"avc1.640028,'),
    "wrong codecs in the MPD": ("stream.codecs", "manifest.mpd", "mp4a.40.2", "mp4a.40.5"),
    "no INDEPENDENT-SEGMENTS": ("hls.independent", "master.m3u8", "#EXT-X-INDEPENDENT-SEGMENTS\n", ""),
    "no FRAME-RATE": ("hls.attributes", "master.m3u8", "FRAME-RATE=30.000,", ""),
    "no EXTM3U": ("hls.syntax", "240p/iframes.m3u8", "#EXTM3U\n", ""),
    "an old version": ("hls.syntax", "240p/index.m3u8", "VERSION:7", "VERSION:3"),
    "sound without a language": ("hls.attributes", "master.m3u8", 'LANGUAGE="und",', ""),
    "no default sound": ("hls.groups", "master.m3u8", "DEFAULT=YES", "DEFAULT=NO"),
    "a short target duration": ("hls.target", "360p/index.m3u8", "TARGETDURATION:9", "TARGETDURATION:5"),
    "another target duration": ("hls.target", "360p/index.m3u8", "TARGETDURATION:9", "TARGETDURATION:8"),
    "sound listed without its priming": ("hls.times", "audio/index.m3u8", r"EXTINF:2\.0\d+", "EXTINF:1.987"),
    "no I-frame stream": ("hls.iframes", "master.m3u8", r"#EXT-X-I-FRAME-STREAM-INF:[^\n]*\n", ""),
    "an I-frame range that starts late": ("hls.iframes", "360p/iframes.m3u8", r"(BYTERANGE:\d+)@0", r"\1@8"),
    "an MPD that is no XML": ("dash.syntax", "manifest.mpd", "</Period>", ""),
    "an MPD without a duration": ("dash.syntax", "manifest.mpd", 'minBufferTime="[^"]*"', ""),
    "a dynamic MPD": ("dash.static", "manifest.mpd", 'type="static"', 'type="dynamic"'),
    "an MPD that is too long": ("dash.static", "manifest.mpd", 'Duration="PT16', 'Duration="PT18'),
    "no frameRate": ("dash.attributes", "manifest.mpd", ' frameRate="30"', ""),
    "wrong channels": ("dash.attributes", "manifest.mpd", 'Configuration" value="2"', 'Configuration" value="6"'),
    "a timeline that starts late": ("dash.timeline", "manifest.mpd", r't="0"', 't="512"'),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_manifest_broken_by_one_edit_is_found_by_its_rule_alone(name: str, copy: Path):
    rule, file, old, new = EDITS[name]
    edit(copy, file, old, new)
    assert rules_found(copy, Expect(display_size=SIZE, has_audio=True)) == {rule}


def test_an_iframe_range_that_is_cut_off_is_found(copy: Path):
    edit_number(copy, "360p/iframes.m3u8", r"(BYTERANGE:)(\d+)", 0.9)
    found = check_hls(str(copy))
    assert [(finding.rule, finding.where) for finding in found] == [("hls.iframes", "360p/iframes.m3u8")]
    assert "does not decode as one picture" in found[0].detail


def test_files_that_only_one_protocol_names_are_found(copy: Path):
    shutil.copytree(copy / "240p", copy / "other")
    (copy / "manifest.mpd").write_text((copy / "manifest.mpd").read_text().replace('"240p/', '"other/'))
    assert rules_found(copy) == {"both.same-files"}


def test_captions_that_are_no_webvtt_are_found(copy: Path):
    media = '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",NAME="en",LANGUAGE="en",URI="en/index.m3u8"\n'
    edit(copy, "master.m3u8", "(#EXT-X-STREAM)", media + r"\1")
    (copy / "master.m3u8").write_text(
        (copy / "master.m3u8").read_text().replace('AUDIO="audio",CLOSED', 'AUDIO="audio",SUBTITLES="text",CLOSED')
    )
    (copy / "en").mkdir()
    head = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:16\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:16.0,\ncaptions.vtt\n#EXT-X-ENDLIST\n"
    (copy / "en" / "index.m3u8").write_text(head)
    (copy / "en" / "captions.vtt").write_text("1\n00:00:01,000 --> 00:00:02,000\nSubRip\n")
    assert rules_found(copy) == {"hls.text"}


# --- media that is broken ---


def test_a_lost_segment_is_found_and_named(copy: Path):
    (copy / "360p" / "2.m4s").unlink()
    findings = check_streams(str(copy), expect=KNOWN)
    assert [(finding.rule, finding.where) for finding in findings] == [("stream.fetch", "360p/2.m4s")]


def test_a_truncated_segment_is_found_and_named(copy: Path):
    path = copy / "240p" / "1.m4s"
    path.write_bytes(path.read_bytes()[:-100])
    findings = check_streams(str(copy), expect=KNOWN)
    assert [(finding.rule, finding.where) for finding in findings] == [("stream.boxes", "240p/1.m4s")]


def test_a_tfdt_gap_is_found(copy: Path):
    path = copy / "audio" / "2.m4s"
    data = path.read_bytes()
    at = data.index(b"tfdt") + 4
    width = 8 if data[at] == 1 else 4
    tfdt = int.from_bytes(data[at + 4 : at + 4 + width], "big")
    path.write_bytes(data[: at + 4] + (tfdt + 1024).to_bytes(width, "big") + data[at + 4 + width :])
    # The lists were right for the time that was there before.
    assert rules_found(copy) == {"stream.tfdt", "hls.times", "dash.timeline"}


def without_one_sample(media: bytes, delay_ticks: int) -> bytes:
    """A segment loses a B picture, which no other refers to, and the picture before it is shown longer: all times stay right."""
    fragments = fragment.list_fragments(media)
    for found in fragments:
        dts = [found.start_ticks, *accumulate((sample.duration_ticks for sample in found.samples), initial=found.start_ticks)][1:]
        shown = [start + sample.cts_ticks - delay_ticks for start, sample in zip(dts, found.samples, strict=False)]
        places = [found.data_offset, *accumulate((sample.size_bytes for sample in found.samples), initial=found.data_offset)][1:]
        for gone in range(2, len(shown)):
            if shown[gone] > shown[gone - 1]:
                continue  # a P picture, or the second of two B pictures, whose loss would make the one before it too long
            kept = [index for index in range(len(shown)) if index != gone]
            base = [0, *accumulate(1 for _ in kept)]
            rows = [
                replace(found.samples[index], duration_ticks=1, cts_ticks=shown[index] - found.start_ticks - base[at])
                for at, index in enumerate(kept)
            ]
            moof = fragment._write_moof(found.sequence, found.start_ticks, rows)
            data = b"".join(media[places[index] : places[index] + found.samples[index].size_bytes] for index in kept)
            written = moof + fragment._box("mdat", data)
            end = found.start_ticks + found.duration_ticks
            with contextlib.suppress(MediaToolError):
                return media[: found.offset] + fragment.retime(written, end, delay_ticks) + media[found.offset + found.size_bytes :]
    raise AssertionError("no picture of this segment can go")


def rewritten(p: Presentation, folder: Path, name: str, index: int) -> Presentation:
    """The presentation as an encoder would describe a segment that was changed on disk."""
    media = (folder / name / f"{index}.m4s").read_bytes()
    delay = get_media_time((folder / name / "init.mp4").read_bytes())
    fragments = fragment.list_fragments(media)
    changed = {
        "size_bytes": len(media),
        "samples": sum(len(found.samples) for found in fragments),
        "i_frames": fragment.find_i_frames(fragments, delay),
    }
    tracks = [
        track.model_copy(update={"segments": tuple(s.model_copy(update=changed) if s.index == index else s for s in track.segments)})
        if track.name == name
        else track
        for track in p.tracks
    ]
    return p.model_copy(update={"tracks": tuple(tracks)})


def test_one_lost_frame_is_found(good: Built, copy: Path):
    """Lists, times and sizes all agree with what is there; only the source knows of one frame more."""
    path = copy / "360p" / "1.m4s"
    path.write_bytes(without_one_sample(path.read_bytes(), get_media_time((copy / "360p" / "init.mp4").read_bytes())))
    write_playlists(rewritten(good.presentation, copy, "360p", 1), copy)
    findings = check_streams(str(copy), expect=KNOWN)
    assert [(finding.rule, finding.where, finding.detail) for finding in findings] == [
        ("stream.frames", "360p/init.mp4", "479 frames, the source shows 480")
    ]


def test_a_frame_that_does_not_decode_is_found(copy: Path):
    path, init = copy / "360p" / "1.m4s", parse_init((copy / "360p" / "init.mp4").read_bytes())
    data = path.read_bytes()
    sample = parse_fragments(data, init)[0].samples[5]
    path.write_bytes(data[: sample.offset] + b"\xff" * sample.size + data[sample.offset + sample.size :])
    assert rules_found(copy) == {"stream.decodes"}


def test_a_segment_without_an_idr_picture_is_found(copy: Path):
    """The slices of the first picture say that they are no IDR picture."""
    path, init = copy / "240p" / "2.m4s", parse_init((copy / "240p" / "init.mp4").read_bytes())
    data = bytearray(path.read_bytes())
    sample = parse_fragments(bytes(data), init)[0].samples[0]
    at = sample.offset
    while at < sample.offset + sample.size:
        if data[at + 4] & 0x1F == 5:
            data[at + 4] = data[at + 4] & 0xE0 | 1
        at += 4 + int.from_bytes(data[at : at + 4], "big")
    path.write_bytes(bytes(data))
    assert "stream.idr" in rules_found(copy, Expect())


def test_an_init_without_a_cmaf_brand_is_found(copy: Path):
    path = copy / "audio" / "init.mp4"
    data = path.read_bytes()
    end = int.from_bytes(data[:4], "big")
    path.write_bytes(re.sub(rb"cmf.", b"isom", data[:end]) + data[end:])
    assert rules_found(copy) == {"stream.brand"}


def test_a_profile_that_players_may_lack_is_found(copy: Path):
    """avcC, playlists and MPD all say High 10."""
    path = copy / "240p" / "init.mp4"
    data = path.read_bytes()
    at = data.index(b"avcC") + 5
    old = data[at : at + 3].hex()
    path.write_bytes(data[:at] + b"\x6e" + data[at + 1 :])
    for name in ("master.m3u8", "manifest.mpd"):
        text = (copy / name).read_text()
        (copy / name).write_text(text.replace(f"avc1.{old}", f"avc1.6e{old[2:]}"))
    assert rules_found(copy, Expect(display_size=SIZE)) == {"stream.profile"}


def test_a_first_variant_that_is_not_the_default_is_found(copy: Path):
    """Two variants of the same list: 2,000 kb/s would have been there, but the first is of 9,000."""
    master = copy / "master.m3u8"
    text = re.sub(r"AVERAGE-BANDWIDTH=\d+", "AVERAGE-BANDWIDTH=9000000", master.read_text(), count=1)
    master.write_text(text)
    assert "hls.default" in rules_found(copy, Expect())


def test_a_picture_that_starts_late_is_found(copy: Path):
    """The init skips two frames more than the offsets hold."""
    init = copy / "240p" / "init.mp4"
    data = init.read_bytes()
    at = data.index(b"elst") + 16
    init.write_bytes(data[:at] + struct.pack(">i", get_media_time(data) + 1024) + data[at + 4 :])
    assert rules_found(copy, Expect(display_size=SIZE)) == {"stream.zero", "stream.delay"}


def test_sound_that_is_delayed_less_than_the_picture_is_found(copy: Path):
    """The init skips a frame of AAC less."""
    init = copy / "audio" / "init.mp4"
    delay = get_media_time(init.read_bytes())
    assert delay == 2048
    init.write_bytes(make_audio_init(2, delay - 1024))
    assert rules_found(copy, Expect(display_size=SIZE)) == {"stream.delay", "hls.times", "dash.timeline", "dash.static"}


def test_negative_offsets_are_found(copy: Path):
    """Times are right for who takes them as they are; players of ffmpeg and GStreamer show all pictures late."""
    folder = copy / "360p"
    data = (folder / "init.mp4").read_bytes()
    delay, at = get_media_time(data), data.index(b"elst") + 16
    (folder / "init.mp4").write_bytes(data[:at] + bytes(4) + data[at + 4 :])
    for path in folder.glob("*.m4s"):
        media = bytearray(path.read_bytes())
        for found in fragment.list_fragments(bytes(media)):
            rows = [replace(sample, cts_ticks=sample.cts_ticks - delay) for sample in found.samples]
            moof = fragment._write_moof(found.sequence, found.start_ticks, rows)
            assert len(moof) == found.data_offset - 8 - found.offset
            media[found.offset : found.offset + len(moof)] = moof
        path.write_bytes(bytes(media))
    assert rules_found(copy, Expect(display_size=SIZE)) == {"stream.shown", "stream.delay"}


def test_misaligned_rungs_are_found(good: Built, long_segments: Built, copy: Path):
    shutil.rmtree(copy / "240p")
    shutil.copytree(long_segments.folder / "240p", copy / "240p")
    other = next(track for track in long_segments.presentation.tracks if track.name == "240p")
    tracks = [track if track.name != "240p" else other for track in good.presentation.tracks]
    write_playlists(good.presentation.model_copy(update={"tracks": tuple(tracks)}), copy)
    assert rules_found(copy) == {"stream.aligned", "stream.length"}


def test_segments_of_ten_seconds_are_found(long_segments: Built):
    assert rules_found(long_segments.folder) == {"stream.length"}


@pytest.mark.parametrize(("width", "height", "rule"), [(1280, 720, "stream.upscaled"), (640, 270, "stream.aspect")])
def test_a_rung_of_the_wrong_size_is_found(width: int, height: int, rule: str, short_source: Path, tmp_path: Path):
    folder = tmp_path / "stream"
    folder.mkdir()
    build_stream(short_source, folder, rungs=[Rung(name="one", width=width, height=height, crf=30, maxrate_bps=2_000_000)])
    assert rules_found(folder, Expect(display_size=SIZE, frames=90, has_audio=True)) == {rule}


def test_two_equal_rungs_are_found(good: Built, copy: Path):
    shutil.copytree(copy / "360p", copy / "twin")
    track = next(track for track in good.presentation.tracks if track.name == "360p")
    twin = track.model_copy(update={"rendition": track.rendition.model_copy(update={"name": "twin"})})
    write_playlists(good.presentation.model_copy(update={"tracks": (*good.presentation.tracks, twin)}), copy)
    assert rules_found(copy) == {"stream.ladder"}


def test_lost_sound_is_found(good: Built, copy: Path):
    write_playlists(good.presentation.model_copy(update={"tracks": good.presentation.videos}), copy)
    assert rules_found(copy) == {"stream.audio"}


# --- while growing ---


def grown(p: Presentation, folder: Path, counts: dict[str, int]) -> Presentation:
    tracks = tuple(track.model_copy(update={"segments": track.segments[: counts[track.name]]}) for track in p.tracks)
    growing = p.model_copy(update={"state": "growing", "tracks": tracks})
    write_playlists(growing, folder)
    return growing


def test_a_growing_stream_breaks_no_rule(good: Built, copy: Path):
    grown(good.presentation, copy, {"360p": 2, "240p": 3, "audio": 3})
    findings = check_hls(str(copy), expect=Expect(display_size=SIZE, has_audio=True))
    assert not findings, report(findings)


def test_sound_listed_past_the_picture_is_found(good: Built, copy: Path):
    short = grown(good.presentation, copy, {"360p": 2, "240p": 2, "audio": 2})
    listed_far = (copy / "audio" / "index.m3u8").read_text()
    grown(good.presentation, copy, {"360p": 3, "240p": 3, "audio": 3})
    listed_farther = (copy / "audio" / "index.m3u8").read_text()
    write_playlists(short, copy)
    assert listed_farther.startswith(listed_far)
    (copy / "audio" / "index.m3u8").write_text(listed_farther)
    assert {finding.rule for finding in check_hls(str(copy))} == {"hls.horizon"}


# --- over HTTP ---

TYPES = {".m3u8": "application/vnd.apple.mpegurl", ".mpd": "application/dash+xml", ".m4s": "video/mp4", ".mp4": "video/mp4"}


def server(folder: Path, types: dict[str, str], *, gzips: bool) -> httpx.Client:
    """A server of a folder that is as right or wrong as asked."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = folder / request.url.path.lstrip("/")
        body, headers = path.read_bytes(), {"content-type": types[path.suffix]}
        if gzips and path.suffix in (".m3u8", ".mpd"):
            body, headers = gzip.compress(body), {**headers, "content-encoding": "gzip"}
        return httpx.Response(200, content=body, headers=headers)

    return httpx.Client(transport=httpx.MockTransport(answer))


@pytest.mark.parametrize(
    ("types", "gzips", "rules"),
    [(TYPES, True, set()), (TYPES, False, {"http.gzip"}), ({**TYPES, ".m4s": "application/octet-stream"}, True, {"http.type"})],
)
def test_types_and_compression_are_checked_over_http(good: Built, types: dict[str, str], gzips: bool, rules: set[str]):
    with server(good.folder, types, gzips=gzips) as client:
        findings = check_streams("http://host/", http_fetch(client), KNOWN)
    assert {finding.rule for finding in findings} == rules


# --- the oracle ---


def test_the_packagers_output_of_the_same_source_breaks_no_rule(source: Path, tmp_path: Path):
    ladder = {"360p": 360, "240p": 240}
    for name, height in ladder.items():
        picture = ["-an", "-vf", f"scale=-2:{height},setsar=1", "-c:v", "libx264", "-preset", "veryfast", "-crf", "28"]
        picture += ["-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-flags", "+cgop", str(tmp_path / f"{name}.mp4")]
        subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", "-threads", "2", "-i", str(source), *picture], check=True)
    subprocess.run(
        [ffmpeg_path(), "-v", "error", "-nostdin", "-i", str(source), "-vn", "-c", "copy", str(tmp_path / "audio.mp4")], check=True
    )
    streams = [
        f"in={name}.mp4,stream={kind},init_segment=out/{name}/init.mp4,segment_template=out/{name}/$Number$.m4s,"
        f"playlist_name={name}/index.m3u8,{extra}"
        for name, kind, extra in [
            *((name, "video", f"iframe_playlist_name={name}/iframes.m3u8") for name in ladder),
            ("audio", "audio", "hls_group_id=audio,hls_name=audio"),
        ]
    ]
    outputs = ["--hls_master_playlist_output", "out/master.m3u8", "--mpd_output", "out/manifest.mpd", "--generate_static_live_mpd"]
    lengths = ["--segment_duration", "6", "--fragment_duration", "2", "--hls_playlist_type", "vod", "--quiet"]
    subprocess.run([packager_path(), *streams, *outputs, *lengths], cwd=tmp_path, check=True, capture_output=True)
    expect = Expect(display_size=SIZE, frames=FRAMES, has_audio=True, profile="packager")
    findings = check_streams(str(tmp_path / "out"), expect=expect)
    assert not findings, report(findings)
    (tmp_path / "out" / "240p" / "2.m4s").unlink()
    assert {finding.rule for finding in check_dash(str(tmp_path / "out"), expect=expect)} == {"stream.fetch"}


def test_every_rule_is_shown_to_be_found():
    """A rule that no test here breaks is a rule that nobody knows to work."""
    text = Path(__file__).read_text()
    assert [rule for rule in RULES if f'"{rule}"' not in text] == []
