"""Tracks of a twin's MP4: encoded anew, with the times, keyframes and order of decoding that the facts of its clip say."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from tests.clips.encode import Encoded, encode_film, encode_sound
from tests.clips.facts import Facts, get_facts
from tests.clips.mp4_boxes import Box, from_shell
from tests.clips.mp4_fragments import write_fragments
from tests.clips.mp4_write import Track, timescales, write_mp4
from tests.clips.picture import Film
from tests.clips.runs import read_numbers, read_runs
from tests.clips.sound import make_sound

# Noise that a decoder makes up differs from where it begins.
AAC = ("-c:a", "aac", "-aac_coder", "fast", "-aac_pns", "0")


def packets_of(name: str, stream: int) -> Facts:
    return get_facts(name)["streams"][stream]["packets"]


def find_types(name: str) -> list[str]:
    """The type of each frame in the order of showing, also of those that are hidden."""
    packets = packets_of(name, 0)
    order, keys = read_numbers(packets["order"]), read_runs(packets["keys"])
    shown = {at + later: at for at, later in enumerate(order)}
    latest = list(accumulate((at + later for at, later in enumerate(order)), max))
    told = read_runs(get_facts(name)["look"].get("types", ""))
    types: list[str] = []
    for place in range(len(order)):
        at = shown[place]
        is_late = place < latest[at]
        is_intra = len(told) == len(order) and told[place] == "i"
        types.append("B" if is_late else "I" if keys[at] == "K" else "i" if is_intra else "P")
    return types


def encode_picture(name: str, film: Film, codec: str, options: dict[str, str], folder: Path, suffix: str = "mp4") -> Encoded:
    """The film with frames of the types that the clip has."""
    return encode_film(film, codec, options, find_types(name), folder / f"video.{suffix}")


def check_order(name: str, stream: int, encoded: Encoded) -> None:
    """Raises ValueError where the encoder orders packets otherwise: with the clip's times they would be shown in a wrong order."""
    order = read_numbers(packets_of(name, stream)["order"])
    if list(encoded.order) != order:
        places = [at for at, pair in enumerate(zip(encoded.order, order, strict=False)) if pair[0] != pair[1]]
        raise ValueError(f"{name}: {len(encoded.order)} packets for {len(order)}, in another order at {places[:5]}")


def make_video_track(name: str, encoded: Encoded, timescale: int) -> Track:
    """Encoded pictures with the clip's times."""
    packets = packets_of(name, 0)
    check_order(name, 0, encoded)
    later = read_numbers(packets["later"])
    first = (get_facts(name).get("first_offsets") or [0])[0]
    return Track(
        timescale=timescale,
        samples=encoded.packets,
        durations=read_numbers(packets["durations"]),
        offsets=[ticks - later[0] + first for ticks in later],
        keys=[flag == "K" for flag in read_runs(packets["keys"])],
        configuration=encoded.configuration,
        start=packets["dts"],
    )


def encode_aac(name: str, stream: int, folder: Path, bitrate_kbps: int, seed: int) -> Encoded:
    """As many packets as the clip's stream has."""
    found = get_facts(name)["streams"][stream]
    rate, channels, count = int(found["sample_rate"]), found["channels"], found["packets"]["count"]
    samples = make_sound(rate, channels, count * 1024, seed)
    encoded = encode_sound(samples, rate, [*AAC, "-b:a", f"{bitrate_kbps}k"], folder / f"sound-{stream}.mp4")
    return encoded.first(count)


def make_audio_track(name: str, stream: int, encoded: Encoded, timescale: int) -> Track:
    packets = packets_of(name, stream)
    return Track(timescale, encoded.packets, read_numbers(packets["durations"]), start=packets["dts"])


def boxes_of(name: str) -> list[Box]:
    return [from_shell(shell) for shell in get_facts(name)["boxes"]]


def timescales_of(name: str) -> list[int]:
    return timescales(next(box for box in boxes_of(name) if box.kind == "moov"))


def write_clip(name: str, tracks: Sequence[Track]) -> bytes:
    boxes = boxes_of(name)
    if any(box.kind == "moof" for box in boxes):
        return write_fragments(boxes, tracks)
    return write_mp4(boxes, tracks)
