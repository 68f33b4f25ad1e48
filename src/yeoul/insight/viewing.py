"""One session's viewing of one video: what of a batch is news, what of it can be true, and when it is a view. Pure.

Players are other people's programs: whatever they say, a viewing cannot claim more time than has passed, nor a place outside the video.
"""

from __future__ import annotations

from dataclasses import dataclass

from yeoul.insight.beacon import Beacon, BeaconEvent
from yeoul.insight.tally import BUCKETS, Tally, startup_step

VIEW_S = 3.0  # of real playback make a view; of a clip shorter than twice that, half of it
_WINDOW = 62  # how many numbers below the highest are remembered (as RFC 4303, 3.4.3, does)
_TRUSTED_S = 3600.0  # how much older than its batches a session may be
_NOTED = 500  # stalls, switches, errors and starts of one viewing that are counted
_FASTEST = 16.0  # the highest speed that browsers play at
_SLACK_S = 1.0
_LONGEST_STARTUP_MS = 180_000.0


@dataclass
class Viewing:
    """What is remembered of a session with a video: a row of the catalogue. Bit n of `window`: number high - n has come.

    first_at: when the session began, as far as is known; buckets: bits of those that were played, as hexadecimal digits.
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


def take(viewing: Viewing, beacon: Beacon, duration_s: float, now_s: float) -> Tally:
    """What a batch adds to the sums of its video; nothing when it came before. Brings the viewing up to date."""
    tally = Tally()
    viewing.seen_at = max(viewing.seen_at, now_s)
    if not _is_news(viewing, beacon.seq):
        return tally
    before = int(viewing.buckets, 16) if viewing.is_view else 0
    for event in beacon.events:
        _take_event(viewing, event, duration_s, tally)
    if not viewing.is_view and viewing.played_s >= min(VIEW_S, duration_s / 2):
        viewing.is_view = True
        tally.views = 1
        tally.note("device_views", viewing.device, 1)
    if viewing.is_view:
        tally.note_buckets(int(viewing.buckets, 16) & ~before)
    return tally


def _is_news(viewing: Viewing, seq: int) -> bool:
    """Whether a number comes for the first time; one that is too old to tell does not."""
    ahead = seq - viewing.high
    if ahead > 0:
        viewing.window = ((viewing.window << ahead) | 1) & ((1 << _WINDOW) - 1) if ahead < _WINDOW else 1
        viewing.high = seq
        return True
    if -ahead >= _WINDOW or viewing.window >> -ahead & 1:
        return False
    viewing.window |= 1 << -ahead
    return True


def _take_event(viewing: Viewing, event: BeaconEvent, duration_s: float, tally: Tally) -> None:
    # The session says that it is older than what was heard of it; that much is believed.
    viewing.first_at = min(viewing.first_at, viewing.seen_at - min(max(0.0, event.at_s), _TRUSTED_S))
    left_s = max(0.0, viewing.seen_at - viewing.first_at + _SLACK_S - viewing.played_s - viewing.stalled_s)
    if event.kind == "time":
        _take_time(viewing, event, duration_s, round(min(max(0.0, event.played_s), left_s), 3), tally)
    elif event.kind == "end":
        tally.finished += not viewing.is_finished
        viewing.is_finished = True
    elif viewing.noted < _NOTED:
        viewing.noted += 1
        _note(viewing, event, left_s, tally)


def _take_time(viewing: Viewing, event: BeaconEvent, duration_s: float, played_s: float, tally: Tally) -> None:
    viewing.played_s = round(viewing.played_s + played_s, 3)
    tally.watch_s += played_s
    tally.note("device_s", viewing.device, played_s)
    if event.rung is not None:
        tally.note("quality_s", event.rung, played_s)
    if event.from_s is not None and played_s > 0:
        start_s = min(max(0.0, event.from_s), duration_s)
        end_s = max(start_s, min(event.position_s, duration_s, start_s + _FASTEST * played_s + _SLACK_S))
        viewing.buckets = f"{int(viewing.buckets, 16) | _buckets_of(start_s / duration_s, end_s / duration_s):x}"


def _buckets_of(start: float, end: float) -> int:
    """Bits of the buckets that a stretch, in shares of the length, touches by more than a hundredth of theirs."""
    first, last = int(start * BUCKETS + 0.01), int(end * BUCKETS - 0.01)
    return ((1 << (last + 1)) - (1 << first)) & ((1 << BUCKETS) - 1) if last >= first and end > start else 0


def _note(viewing: Viewing, event: BeaconEvent, left_s: float, tally: Tally) -> None:
    match event.kind:
        case "stall":
            stall_s = round(min(max(0.0, event.stall_s), left_s), 3)
            viewing.stalled_s = round(viewing.stalled_s + stall_s, 3)
            tally.stalls += 1
            tally.stall_s += stall_s
        case "quality":
            tally.switches += 1
        case "error":
            tally.errors += 1
        case _:
            if event.startup_ms is not None and 0 <= event.startup_ms <= _LONGEST_STARTUP_MS:
                tally.note("startup", str(startup_step(event.startup_ms)), 1)
