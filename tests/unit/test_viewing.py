"""What is counted of what players say: whatever they say."""

from __future__ import annotations

from dataclasses import asdict
from itertools import permutations
from typing import Any

import pytest

from yeoul.insight.beacon import Beacon
from yeoul.insight.playback_session import PlaybackSession, apply_beacon
from yeoul.insight.tally import Tally, startup_step
from yeoul.insight.throttle import Throttle
from yeoul.insight.visitor import find_device, is_robot, make_session_id, make_visitor_hash

NOW = 1_800_000_000.0
LENGTH_S = 100.0  # a bucket is a second


def beacon(seq: int, *events: dict[str, Any]) -> Beacon:
    return Beacon.model_validate({"session": "session-1", "video_id": "v", "seq": seq, "events": list(events)})


def played(from_s: float, to_s: float, played_s: float | None = None, **more: Any) -> dict[str, Any]:
    wall_s = to_s - from_s if played_s is None else played_s
    return {"kind": "time", "at_s": to_s, "from_s": from_s, "position_s": to_s, "played_s": wall_s, **more}


def viewing() -> PlaybackSession:
    return PlaybackSession("id", "v", "visitor", "desktop", NOW, NOW)


def total_of(*beacons: Beacon, now_s: float = NOW, seen: PlaybackSession | None = None, length_s: float = LENGTH_S) -> Tally:
    seen = seen or viewing()
    total = Tally()
    for one in beacons:
        total.add(asdict(apply_beacon(seen, one, length_s, now_s)))
    return total


STORY = (
    beacon(0, {"kind": "start", "at_s": 0.4, "startup_ms": 400}, played(0, 10, rung="360p")),
    beacon(1, {"kind": "quality", "at_s": 10, "rung": "720p"}, played(10, 20, rung="720p")),
    beacon(2, {"kind": "stall", "at_s": 21, "stall_s": 1.5}, played(60, 70, rung="720p")),
    beacon(3, played(90, 100, 5.0, rung="720p"), {"kind": "end", "at_s": 60}),
)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_batches_come_in_any_order_and_twice(order: tuple[int, ...]):
    again = [STORY[n] for n in (*order, *reversed(order))]
    total = total_of(*again)
    assert (total.views, total.finished, total.watch_s, total.stalls, total.stall_s, total.switches) == (1, 1, 35.0, 1, 1.5, 1)
    assert total.detail["quality_s"] == {"360p": 10.0, "720p": 25.0}
    assert total.detail["device_views"] == {"desktop": 1} and total.detail["device_s"] == {"desktop": 35.0}
    assert total.retention() == [1.0] * 20 + [0.0] * 40 + [1.0] * 10 + [0.0] * 20 + [1.0] * 10
    assert total.startup_ms() == pytest.approx(400, rel=0.1)


def test_what_is_too_old_to_tell_apart_counts_nothing():
    seen = viewing()
    total_of(beacon(1000, played(0, 10)), seen=seen)
    assert total_of(beacon(900, played(10, 20)), beacon(1000, played(20, 30)), seen=seen).watch_s == 0
    assert total_of(beacon(999, played(10, 20)), beacon(2**53 - 1, played(20, 30)), seen=seen).watch_s == 20
    assert -(2**63) <= seen.window < 2**63 and seen.high < 2**63, "what the database holds"


def test_a_view_is_some_seconds_of_real_playback():
    seen = viewing()
    assert total_of(beacon(0, {"kind": "start"}), beacon(1, played(0, 2.9)), seen=seen).views == 0
    later = total_of(beacon(2, played(2.9, 3.1)), beacon(3, played(3.1, 50)), seen=seen)
    assert later.views == 1
    assert later.retention()[:3] == [1.0] * 3, "what was played before it was a view"
    assert total_of(beacon(0, played(0, 1.1)), length_s=2).views == 1
    assert total_of(beacon(0, played(0, 0.9)), length_s=2).views == 0


def test_speed_and_leaps_are_told_apart_from_time():
    """Four times the speed: a quarter of the time, all of the media; a leap plays nothing."""
    total = total_of(beacon(0, played(0, 40, 10.0)), beacon(1, played(80, 100, 5.0)))
    assert (total.watch_s, sum(total.retention())) == (15.0, 60.0)


NONSENSE = (
    {"kind": "time", "at_s": -1e308, "from_s": -50, "position_s": -10, "played_s": -3},
    {"kind": "time", "at_s": 0, "from_s": 1e308, "position_s": 1e308, "played_s": 1e308},
    {"kind": "time", "at_s": 0, "from_s": -1e308, "position_s": -1e308, "played_s": 1.0},
    {"kind": "time", "at_s": 0, "from_s": 90, "position_s": 10, "played_s": 1.0},
    {"kind": "time", "at_s": 0, "from_s": 0, "position_s": 100, "played_s": 0.001},
    {"kind": "stall", "at_s": 0, "stall_s": -5},
    {"kind": "stall", "at_s": 0, "stall_s": 1e308},
    {"kind": "start", "at_s": 0, "startup_ms": -1},
    {"kind": "start", "at_s": 0, "startup_ms": 1e300},
    {"kind": "end", "at_s": 0, "position_s": 1e308},
)


@pytest.mark.parametrize("event", NONSENSE)
def test_nonsense_stays_within_bounds(event: dict[str, Any]):
    total = total_of(beacon(0, *[event] * 100), now_s=NOW + 10)
    assert 0 <= total.watch_s + total.stall_s <= 11 and total.stalls <= 100 and total.finished <= 1
    assert all(0 <= share <= 1 for share in total.retention())
    assert total.detail.get("startup", {}) == {}


def test_nobody_watches_longer_than_time_passes():
    seen = viewing()
    liar = [beacon(n, *[{"kind": "time", "at_s": 1e9, "played_s": 1e6, "from_s": 0, "position_s": 100}] * 100) for n in range(50)]
    assert total_of(*liar, seen=seen).watch_s == 3601
    assert total_of(*[beacon(100 + n, *[{"kind": "error"}] * 100) for n in range(50)], seen=seen).errors == 500
    # Nor does a clock of ours that is set back and forth give more.
    assert total_of(beacon(200, {"kind": "time", "at_s": 0, "played_s": 1e6}), now_s=NOW - 1e6, seen=seen).watch_s == 0
    assert total_of(beacon(201, {"kind": "time", "at_s": 0, "played_s": 1e6}), seen=seen).watch_s == 0


def test_names_of_rungs_are_few():
    total = total_of(*[beacon(n, played(0, 1, rung=f"{100 + n}p")) for n in range(60)], now_s=NOW + 100)
    assert len(total.detail["quality_s"]) == 17 and total.detail["quality_s"]["other"] == 44
    with pytest.raises(ValueError, match="rung"):
        beacon(0, played(0, 1, rung="<script>"))


def test_startup_is_told_within_a_tenth():
    for ms in (60, 130, 800, 2400, 15_000):
        total = Tally(detail={"startup": {str(startup_step(ms)): 1}})
        assert total.startup_ms() == pytest.approx(ms, rel=0.1)
    median = Tally()
    for ms in (100, 200, 300, 5000, 90_000):
        median.add_amount("startup", str(startup_step(ms)), 1)
    assert median.startup_ms() == pytest.approx(300, rel=0.1)
    assert Tally().startup_ms() is None


def test_names_of_viewers_lead_nowhere():
    first = make_visitor_hash(b"key", NOW, "v", "from:10.0.0.1")
    assert first == make_visitor_hash(b"key", NOW + 60, "v", "from:10.0.0.1") and len(first) == 32
    others = {
        make_visitor_hash(b"other", NOW, "v", "from:10.0.0.1"),
        make_visitor_hash(b"key", NOW + 86400, "v", "from:10.0.0.1"),
        make_visitor_hash(b"key", NOW, "w", "from:10.0.0.1"),
        make_visitor_hash(b"key", NOW, "v", "from:10.0.0.2"),
        make_session_id(b"key", "session-1", "v"),
        make_session_id(b"key", "session-1", "w"),
    }
    assert len(others) == 6 and first not in others


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36", "desktop"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15", "desktop"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1", "phone"),
        ("Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36", "phone"),
        ("Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36", "tablet"),
        ("Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) Version/12.1 Mobile/15E148 Safari/604.1", "tablet"),
        ("Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36 Version/7.0 TV Safari/537.36", "tv"),
        ("", "other"),
    ],
)
def test_devices_are_told_apart(user_agent: str, device: str):
    assert find_device(user_agent) == device and not is_robot(user_agent)


@pytest.mark.parametrize(
    "user_agent", ["Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bingbot", "YandexBot/3.0"]
)
def test_robots_are_known(user_agent: str):
    assert is_robot(user_agent)


def test_a_sender_is_held_back_for_the_rest_of_a_minute():
    throttle = Throttle(3)
    assert [throttle.count_request("a", NOW + n) for n in range(4)] == [0, 0, 0, 57]
    assert throttle.count_request("b", NOW + 4) == 0
    assert throttle.count_request("a", NOW + 60) == 0
    assert throttle.count_request("a", NOW - 1000) == 0, "a clock that is set back"
