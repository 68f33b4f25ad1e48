"""The state of a playback session: ignores repeated beacons, limits implausible values, and decides when the session counts as a view.

Pure. Beacons are not trusted: a playback session cannot report more time than has passed, nor a position outside the video.
"""

from __future__ import annotations

from dataclasses import dataclass

from yeoul.insight.beacon import Beacon, BeaconEvent
from yeoul.insight.tally import BUCKETS, Tally, startup_step

VIEW_S = 3.0  # seconds of playback that count as a view; for shorter videos, half of the duration
_WINDOW = 62  # sequence numbers below the highest that are remembered (like RFC 4303, 3.4.3)
_MAX_AGE_S = 3600.0  # before the first beacon of a session
_MAX_NOTED = 500  # counted stalls, switches, errors and starts per session
_MAX_SPEED = 16.0  # the highest playback speed in browsers
_SLACK_S = 1.0
_MAX_STARTUP_MS = 180_000.0


@dataclass
class PlaybackSession:
    """The stored state of a playback session: a row of the catalogue.

    first_at: start of the session, as far as known; high: the highest sequence number; window: bit n is set if number high - n has
    arrived; buckets: bits of the played buckets, in hexadecimal.
    """

    id: str
    video_id: str
    visitor: str
    device: str
    first_at: float
    seen_at: float
    high: int = -1
    window: int = 0
    played_s: float = 0.0
    stalled_s: float = 0.0
    noted: int = 0
    buckets: str = "0"
    is_view: bool = False
    is_finished: bool = False


def apply_beacon(viewing: PlaybackSession, beacon: Beacon, duration_s: float, now_s: float) -> Tally:
    """Applies a beacon to its playback session; returns what it adds to the video's sums, which is nothing for a repeated beacon."""
    tally = Tally()
    viewing.seen_at = max(viewing.seen_at, now_s)
    if not _is_new(viewing, beacon.seq):
        return tally
    counted_buckets = int(viewing.buckets, 16) if viewing.is_view else 0
    for event in beacon.events:
        _apply_event(viewing, event, duration_s, tally)
    if not viewing.is_view and viewing.played_s >= min(VIEW_S, duration_s / 2):
        viewing.is_view = True
        tally.views = 1
        tally.add_amount("device_views", viewing.device, 1)
    if viewing.is_view:
        tally.add_buckets(int(viewing.buckets, 16) & ~counted_buckets)
    return tally


def _is_new(viewing: PlaybackSession, seq: int) -> bool:
    """True if a sequence number arrives for the first time and is not too old for the window."""
    ahead = seq - viewing.high
    if ahead > 0:
        viewing.window = ((viewing.window << ahead) | 1) & ((1 << _WINDOW) - 1) if ahead < _WINDOW else 1
        viewing.high = seq
        return True
    if -ahead >= _WINDOW or viewing.window >> -ahead & 1:
        return False
    viewing.window |= 1 << -ahead
    return True


def _apply_event(viewing: PlaybackSession, event: BeaconEvent, duration_s: float, tally: Tally) -> None:
    # The session may have started before its first beacon; up to _MAX_AGE_S is accepted.
    viewing.first_at = min(viewing.first_at, viewing.seen_at - min(max(0.0, event.at_s), _MAX_AGE_S))
    available_s = max(0.0, viewing.seen_at - viewing.first_at + _SLACK_S - viewing.played_s - viewing.stalled_s)
    if event.kind == "time":
        _apply_time(viewing, event, duration_s, round(min(max(0.0, event.played_s), available_s), 3), tally)
    elif event.kind == "end":
        tally.finished += not viewing.is_finished
        viewing.is_finished = True
    elif viewing.noted < _MAX_NOTED:
        viewing.noted += 1
        _count_event(viewing, event, available_s, tally)


def _apply_time(viewing: PlaybackSession, event: BeaconEvent, duration_s: float, played_s: float, tally: Tally) -> None:
    viewing.played_s = round(viewing.played_s + played_s, 3)
    tally.watch_s += played_s
    tally.add_amount("device_s", viewing.device, played_s)
    if event.rung is not None:
        tally.add_amount("quality_s", event.rung, played_s)
    if event.from_s is not None and played_s > 0:
        start_s = min(max(0.0, event.from_s), duration_s)
        end_s = max(start_s, min(event.position_s, duration_s, start_s + _MAX_SPEED * played_s + _SLACK_S))
        viewing.buckets = f"{int(viewing.buckets, 16) | _buckets_of(start_s / duration_s, end_s / duration_s):x}"


def _buckets_of(start: float, end: float) -> int:
    """Returns the bits of the buckets between two positions (0 to 1). A bucket needs an overlap of more than a hundredth of its length."""
    first, last = int(start * BUCKETS + 0.01), int(end * BUCKETS - 0.01)
    return ((1 << (last + 1)) - (1 << first)) & ((1 << BUCKETS) - 1) if last >= first and end > start else 0


def _count_event(viewing: PlaybackSession, event: BeaconEvent, available_s: float, tally: Tally) -> None:
    match event.kind:
        case "stall":
            stall_s = round(min(max(0.0, event.stall_s), available_s), 3)
            viewing.stalled_s = round(viewing.stalled_s + stall_s, 3)
            tally.stalls += 1
            tally.stall_s += stall_s
        case "quality":
            tally.switches += 1
        case "error":
            tally.errors += 1
        case _:
            if event.startup_ms is not None and 0 <= event.startup_ms <= _MAX_STARTUP_MS:
                tally.add_amount("startup", str(startup_step(event.startup_ms)), 1)
