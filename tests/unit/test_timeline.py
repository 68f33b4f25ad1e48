"""Times of transport streams that jump: both streams go on together, in whatever order their packets come."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from av.packet import Packet

from yeoul.media.source.timeline import Timeline

BASE = Fraction(1, 90_000)


def packet(seconds: float, lasts: float = 0.04) -> Packet[Any]:
    made: Packet[Any] = Packet(b"x")
    made.time_base = BASE
    made.dts = made.pts = round(seconds * 90_000)
    made.duration = round(lasts * 90_000)
    return made


class Feed:
    """Packets of two streams, told apart by a number that real ones have from their container."""

    def __init__(self) -> None:
        self.timeline = Timeline()

    def shown(self, stream: int, seconds: float) -> float:
        part = self.timeline._find_part(stream, Fraction(round(seconds * 90_000)) * BASE)
        part.latest_s = Fraction(round(seconds * 90_000)) * BASE
        self.timeline._current[stream] = part
        self.timeline._last[stream] = (part.latest_s, Fraction(1, 25))
        return round(float(part.latest_s + part.shift_s), 3)


def test_even_times_are_left_alone() -> None:
    timeline = Timeline()
    assert [timeline.shift_ticks(packet(at / 25)) for at in range(100)] == [0] * 100
    assert not timeline.repaired


def test_a_packet_without_times_is_not_moved() -> None:
    assert Timeline().shift_ticks(Packet(b"x")) == 0


def test_both_streams_go_on_where_the_first_jumped() -> None:
    feed = Feed()
    assert [feed.shown(0, 1.0), feed.shown(1, 1.02), feed.shown(0, 1.04)] == [1.0, 1.02, 1.04]
    assert feed.shown(0, 3600.0) == 1.08, "an hour later: where it stopped"
    assert feed.shown(1, 1.06) == 1.06, "sound of before that comes late"
    assert [feed.shown(1, 3600.02), feed.shown(0, 3600.04)] == [1.1, 1.12]
    assert feed.timeline.repaired


def test_a_file_of_nothing_but_jumps_is_remembered_in_part_alone() -> None:
    timeline = Timeline()
    for at in range(2000):
        timeline.shift_ticks(packet(at * 100.0))
    assert timeline.repaired and len(timeline._parts) == 16


def test_a_clock_that_begins_anew() -> None:
    feed = Feed()
    for at in (50.0, 50.04):
        feed.shown(0, at)
    assert [feed.shown(0, 1.4), feed.shown(0, 1.44)] == [50.08, 50.12]


def test_a_stream_that_begins_after_a_jump_belongs_to_what_is_near() -> None:
    feed = Feed()
    feed.shown(0, 1.0)
    feed.shown(0, 500.0)
    assert feed.shown(1, 500.1) == 1.14


def test_one_picture_that_stands_while_sound_goes_on_is_no_jump() -> None:
    feed = Feed()
    feed.shown(0, 0.0)
    for at in range(60):
        feed.shown(1, float(at))
    assert feed.shown(0, 60.0) == 60.0 and not feed.timeline.repaired
