"""Collects beacons in memory and writes them in batches, every two seconds, independently of the number of viewers.

If the server dies, up to two seconds of beacons are lost, because players resend only beacons that the server did not accept.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from yeoul.base.clock import Clock
from yeoul.base.errors import TooManyRequestsError, YeoulError
from yeoul.catalog.database import Database
from yeoul.catalog.schema.row.videos import VideoRow
from yeoul.catalog.video import listing, video
from yeoul.catalog.watch import audience
from yeoul.catalog.watch import playback_session as viewing_rows
from yeoul.insight.beacon import Beacon
from yeoul.insight.playback_session import PlaybackSession, apply_beacon
from yeoul.insight.tally import Tally
from yeoul.insight.throttle import Throttle
from yeoul.insight.visitor import day_number, find_device, is_robot, make_session_id, make_visitor_hash
from yeoul.model.video import Visibility
from yeoul.model.video import effective_visibility as watched_by

log = logging.getLogger("yeoul.insight")
MAX_SESSIONS_PER_VISITOR = 50  # playback sessions per video and day; enough for a household or classroom behind one address
RETENTION_S = 86400.0
_WRITE_EVERY_S = 2.0
_SWEEP_EVERY_S = 60.0
_SWEEP_BATCH = 10_000
_MAX_QUEUED = 4000
_MAX_PER_ADDRESS = 1200  # per minute; enough for some hundred viewers behind one address
_BATCH = 500  # per transaction, so that other writers get their turn


@dataclass(frozen=True)
class Sender:
    """The sender of a beacon. address: throttle key of its IP address; account_id: None if the viewer is not logged in."""

    address: str
    user_agent: str
    account_id: str | None


@dataclass(frozen=True)
class _QueuedBeacon:
    beacon: Beacon
    viewing: PlaybackSession  # the initial state, used if the playback session is new
    account_id: str | None


class BeaconCollector:
    """Collects beacons: one per API process, thread-safe. secret: key of the hashes of sessions and visitors."""

    def __init__(self, database: Database, clock: Clock, secret: bytes) -> None:
        self._database = database
        self._clock = clock
        self._secret = secret
        self._throttle = Throttle(_MAX_PER_ADDRESS)
        self._queue: list[_QueuedBeacon] = []
        self._lock = threading.Lock()  # guards _queue
        self._write_lock = threading.Lock()
        self._swept_at = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="beacons", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stops the thread and writes the queued beacons."""
        self._stop.set()
        self._thread.join()
        self._write_quietly()

    def put(self, beacon: Beacon, sender: Sender) -> None:
        """Queues a beacon; ignores it if a robot sent it or the queue is full.

        Raises TooManyRequestsError if too many beacons come from one address.
        """
        now_s = self._clock.now()
        wait_s = math.ceil(self._throttle.count_request(sender.address, now_s))
        if wait_s > 0:
            raise TooManyRequestsError(f"too many beacons from one address; retry in {wait_s} s", retry_after_s=wait_s)
        if is_robot(sender.user_agent):
            return
        viewing = PlaybackSession(
            id=make_session_id(self._secret, beacon.session, beacon.video_id),
            video_id=beacon.video_id,
            visitor=make_visitor_hash(self._secret, now_s, beacon.video_id, sender.address),
            device=find_device(sender.user_agent),
            first_at=now_s,
            seen_at=now_s,
        )
        with self._lock:
            if len(self._queue) < _MAX_QUEUED:
                self._queue.append(_QueuedBeacon(beacon, viewing, sender.account_id))

    def write(self) -> None:
        """Writes all queued beacons. If the database raises an error, it is passed on, and no beacons are lost."""
        with self._write_lock:
            while batch := self._queue[:_BATCH]:
                with self._database.write() as connection:
                    _count(connection, batch, self._clock.now())
                with self._lock:
                    del self._queue[: len(batch)]
            now_s = self._clock.now()
            if not 0 <= now_s - self._swept_at < _SWEEP_EVERY_S:
                self._swept_at = now_s
                with self._database.write() as connection:
                    viewing_rows.delete_before(connection, now_s - RETENTION_S, _SWEEP_BATCH)

    def _run(self) -> None:
        while not self._stop.wait(_WRITE_EVERY_S):
            self._write_quietly()

    def _write_quietly(self) -> None:
        try:
            self.write()
        except YeoulError as error:
            log.warning("cannot write beacons, they stay queued: %s: %s", error.code, error.message)
        except Exception:
            log.exception("cannot count a batch of beacons; it is dropped, so that it does not block later beacons")
            with self._lock:
                del self._queue[:_BATCH]


def _count(connection: Connection, arrivals: Sequence[_QueuedBeacon], now_s: float) -> None:
    """Updates playback sessions, daily sums and view counts. Every process locks rows in the same order, to avoid deadlocks."""
    videos = video.by_id(connection, {arrival.viewing.video_id for arrival in arrivals})
    counted = [arrival for arrival in arrivals if _is_counted(videos.get(arrival.viewing.video_id), arrival.account_id)]
    viewings = _lock_viewings(connection, counted)
    tallies: dict[str, Tally] = {}
    for arrival in counted:
        viewing = viewings.get(arrival.viewing.id)
        if viewing is not None:
            source = videos[viewing.video_id]["source"]
            assert source is not None, "`_is_counted` requires it"
            duration_s = float(source["duration_s"])
            tallies.setdefault(viewing.video_id, Tally()).add(asdict(apply_beacon(viewing, arrival.beacon, duration_s, now_s)))
    viewing_rows.save(connection, [asdict(viewing) for viewing in viewings.values()])
    for video_id in sorted(tallies):
        if tallies[video_id].views:
            listing.count_view(connection, video_id, now_s, tallies[video_id].views)
    _update_sums(connection, day_number(now_s), tallies, {video_id: videos[video_id]["owner_id"] for video_id in tallies})


def _is_counted(row: VideoRow | None, account_id: str | None) -> bool:
    """True if playback of this video counts: not for private or hidden videos, and not for the owner."""
    if row is None or watched_by(row) == Visibility.PRIVATE or row["owner_id"] == account_id:
        return False
    return row["source"] is not None and row["source"]["duration_s"] > 0


def _lock_viewings(connection: Connection, arrivals: Sequence[_QueuedBeacon]) -> dict[str, PlaybackSession]:
    """Returns the locked playback sessions of beacons by id. Inserts new ones, up to the limit per visitor."""
    viewings = {arrival.viewing.id: arrival.viewing for arrival in reversed(arrivals)}
    existing_ids = viewing_rows.find_ids(connection, viewings)
    counts = viewing_rows.count_by_visitor(connection, {viewing.visitor for viewing in viewings.values()})
    new_rows: list[dict[str, Any]] = []
    for viewing in viewings.values():
        count = counts.get(viewing.visitor, 0)
        if viewing.id not in existing_ids and count < MAX_SESSIONS_PER_VISITOR:
            counts[viewing.visitor] = count + 1
            new_rows.append(asdict(viewing))
    viewing_rows.add(connection, new_rows)
    rows = viewing_rows.lock(connection, viewings)
    return {row["id"]: PlaybackSession(**row) for row in rows}


def _update_sums(connection: Connection, day: int, tallies: Mapping[str, Tally], owners: Mapping[str, str]) -> None:
    sums: dict[str, Mapping[str, Any]] = {}
    for video_id, row in audience.lock(connection, day, owners).items():
        total = Tally()
        total.add(row)
        total.add(asdict(tallies[video_id]))
        sums[video_id] = asdict(total)
    audience.save(connection, day, sums)
