"""Twins of the clips in WebM and Matroska."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path

from tests.clips.encode import Encoded, encode_sound
from tests.clips.facts import get_facts
from tests.clips.matroska import Block, element, master, write_film
from tests.clips.picture import Film
from tests.clips.recipes_h264 import H264, encode_h264
from tests.clips.runs import read_numbers, read_runs
from tests.clips.sound import make_sound
from tests.clips.tracks import encode_picture, packets_of
from yeoul.media.binaries import feed_ffmpeg_path

_ENTRY, _VIDEO, _AUDIO, _TAG, _TARGETS, _SIMPLE_TAG = 0xAE, 0xE0, 0xE1, 0x7373, 0x63C0, 0x67C8
_NUMBER, _UID, _KIND, _LACING, _LANGUAGE, _TITLE = 0xD7, 0x73C5, 0x83, 0x9C, 0x22B59C, 0x536E
_CODEC, _PRIVATE, _DEFAULT_DURATION, _WIDTH, _HEIGHT = 0x86, 0x63A2, 0x23E383, 0xB0, 0xBA
_RATE, _CHANNELS, _BITS, _NAME, _VALUE, _TAG_OF_TRACK = 0xB5, 0x9F, 0x6264, 0x45A3, 0x4487, 0x63C5
_PICTURE_KIND, _SOUND_KIND, _CAPTION_KIND = 1, 2, 17
_FRAME_NS = 33_333_333
_CAPTION = "This is the first subtitle."


def _times(name: str, stream: int) -> list[int]:
    """When each packet is shown, from the order of the clip's and the times that it has in all."""
    packets = packets_of(name, stream)
    if packets["dts"] is not None:
        decoded = list(accumulate(read_numbers(packets["steps"]), initial=packets["dts"]))
        return [at + later for at, later in zip(decoded, read_numbers(packets["later"]), strict=True)]
    # No decoding times at the beginning: a frame each 33 1/3 ms, as the clip has them.
    return [round((at + later) * 100 / 3) for at, later in enumerate(read_numbers(packets["order"]))]


def _picture_blocks(name: str, encoded: Encoded) -> list[Block]:
    """Each picture at the time that the clip has for its place in the order of showing."""
    keys = read_runs(packets_of(name, 0)["keys"])
    shown = sorted(_times(name, 0))
    times = [shown[at + later] for at, later in enumerate(encoded.order)]
    return [Block(1, time, data, key == "K") for time, data, key in zip(times, encoded.packets, keys, strict=True)]


def _entry(number: int, kind: int, codec: str, *more: bytes) -> bytes:
    head = (element(_NUMBER, number), element(_UID, number), element(_LACING, 0), element(_CODEC, codec), element(_KIND, kind))
    return master(_ENTRY, *head, *more)


def _picture(width: int, height: int) -> bytes:
    return master(_VIDEO, element(_WIDTH, width), element(_HEIGHT, height))


def _sound(channels: int, rate: int, bits: int) -> bytes:
    return master(_AUDIO, element(_CHANNELS, channels), element(_RATE, float(rate)), element(_BITS, bits))


def _fast_vpx(bytes_per_frame: int, quickness: str) -> dict[str, str]:
    """quickness: of VP8 below zero, or it follows the load of the machine."""
    return {"b": str(bytes_per_frame * 25 * 8), "deadline": "realtime", "cpu-used": quickness, "auto-alt-ref": "0",
            "lag-in-frames": "0", "g": "9999", "threads": "1"}  # fmt: skip


def make_vp8(folder: Path) -> bytes:
    name = "crystal-vp8.webm"
    film = Film(720, 480, 359, 71, scene_frames=359, reach=60, grain=1, sprites=4, pace=0.5)
    pictures = encode_picture(name, film, "libvpx", _fast_vpx(900, "-8"), folder, "webm")
    rate, length_s = 44_100, 11.95
    lines = make_sound(rate, 2, round(rate * length_s), 72)
    voice = encode_sound(lines, rate, ("-c:a", "libvorbis", "-b:a", "112k"), folder / "sound.webm", feed_ffmpeg_path())
    sounds = [Block(2, max(0, time), data, True) for time, data in zip(voice.times, voice.packets, strict=True)]
    blocks = sorted([*_picture_blocks(name, pictures), *sounds], key=lambda block: block.time)
    english = element(_LANGUAGE, "eng")
    tracks = (
        _entry(1, _PICTURE_KIND, "V_VP8", english, element(_DEFAULT_DURATION, _FRAME_NS), _picture(720, 480)),
        _entry(2, _SOUND_KIND, "A_VORBIS", english, _sound(2, rate, 16), element(_PRIVATE, voice.configuration)),
    )
    return write_film("webm", 1_000_000, 11_966.0, tracks, blocks, application="Lavf53.17.0", most=5000)


def make_vp9(folder: Path) -> bytes:
    """Ticks of a nanosecond: each frame stands in a cluster of its own."""
    name = "square-vp9.webm"
    film = Film(642, 642, 90, 73, scene_frames=90, grain=3)
    pictures = encode_picture(name, film, "libvpx-vp9", _fast_vpx(4209, "7"), folder, "webm")
    track = _entry(1, _PICTURE_KIND, "V_VP9", element(_DEFAULT_DURATION, _FRAME_NS), element(_LANGUAGE, "und"),
                   _picture(642, 642), element(_PRIVATE, bytes.fromhex("010100030108040101")))  # fmt: skip
    made = element(0x4461, bytes.fromhex("08d30aa65b2e9400"))
    blocks = _picture_blocks(name, pictures)
    application = get_facts(name)["format"]["tags"]["encoder"]
    return write_film("webm", 1, 2_966_666_752.0, (track,), blocks, application=application, most=0, extra_info=made)


def make_captioned(folder: Path) -> bytes:
    """No frame has a decoding time in the file, and no track a rate."""
    name = "with-srt-subtitles.mkv"
    encoded = encode_h264(name, H264(Film(1080, 720, 30, 74, scene_frames=30, grain=3, rate="600"), 4200, level=52, vui="sar=1/1"), folder)
    voice = encode_sound(make_sound(44_100, 1, 29 * 1536, 75, peak=90), 44_100, ("-c:a", "ac3", "-b:a", "96k"), folder / "sound.mkv")
    sounds = [Block(2, time, data, True) for time, data in zip(_times(name, 1), voice.packets[:29], strict=True)]
    caption = Block(3, 0, _CAPTION.encode(), True, duration=1234)
    pictures = _picture_blocks(name, encoded)
    blocks = [*pictures[:3], caption, *sorted([*pictures[3:], *sounds], key=lambda block: block.time)]
    blocks = _in_order_of_decoding(blocks, pictures)
    und, eng = element(_LANGUAGE, "und"), element(_LANGUAGE, "eng")
    tracks = (
        _entry(1, _PICTURE_KIND, "V_MPEG4/ISO/AVC", und, _picture(1080, 720), element(_PRIVATE, encoded.configuration)),
        _entry(2, _SOUND_KIND, "A_AC3", und, _sound(1, 44_100, 32)),
        _entry(3, _CAPTION_KIND, "S_TEXT/UTF8", element(_TITLE, "Subs Label"), eng, element(0x88, 1)),
    )
    facts = get_facts(name)
    own = [_tag(key, value) for key, value in facts["format"]["tags"].items()]
    of_tracks = [_tag(key, value, track) for track, stream in enumerate(facts["streams"], 1) for key, value in stream["tags"].items()
                 if key in ("ENCODER", "DURATION")]  # fmt: skip
    return write_film("matroska", 1_000_000, 1234.0, tracks, blocks, application="Lavf58.29.100", most=5000, tags=[*own, *of_tracks])


def _in_order_of_decoding(blocks: Sequence[Block], pictures: Sequence[Block]) -> list[Block]:
    """The same blocks with the pictures among them in their own order."""
    waiting = iter(pictures)
    return [next(waiting) if block.track == 1 else block for block in blocks]


def _tag(name: str, value: str, track: int | None = None) -> bytes:
    target = master(_TARGETS, *([] if track is None else [element(_TAG_OF_TRACK, track)]))
    return master(_TAG, target, master(_SIMPLE_TAG, element(_NAME, name), element(_VALUE, value)))


RECIPES: dict[str, Callable[[Path], bytes]] = {
    "crystal-vp8.webm": make_vp8,
    "square-vp9.webm": make_vp9,
    "with-srt-subtitles.mkv": make_captioned,
}
