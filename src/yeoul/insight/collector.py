"""Takes what players tell into memory, and writes it down in batches: one transaction every two seconds, however many watch.

What a server that dies had not written yet, two seconds at most, is lost; players send again only what was not taken.
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
from yeoul.catalog.video import listing, video
from yeoul.catalog.watch import audience
from yeoul.catalog.watch import viewing as viewing_rows
from yeoul.insight.beacon import Beacon
from yeoul.insight.tally import Tally
from yeoul.insight.throttle import Throttle
from yeoul.insight.viewing import Viewing, take
from yeoul.insight.visitor import day_of, device_of, is_robot, make_viewing_id, make_visitor
from yeoul.model.video import Visibility
from yeoul.model.video import audience as watched_by

log = logging.getLogger("yeoul.insight")
Row = Mapping[str, Any]
VIEWINGS_OF_VISITOR = 50  # of one video on one day: a household or a classroom behind one address, and no more
KEPT_S = 86400.0
_WRITE_EVERY_S = 2.0
_FORGET_EVERY_S = 60.0
_FORGOTTEN = 10_000  # at a time
_WAITING = 4000
_OF_ADDRESS = 1200  # a minute: some hundred viewers behind one address
_BATCH = 500  # of one transaction, so that others come between


@dataclass(frozen=True)
class Sender:
    """Who sent a beacon. address: of one machine or customer; account_id: None without a session."""

    address: str
    user_agent: str
    account_id: str | None


@dataclass(frozen=True)
class _Arrival:
    beacon: Beacon
    viewing: Viewing  # as it is if it is new
    account_id: str | None


class BeaconCollector:
    """One per API process; safe to share between threads. secret: what its hashes are made with."""

    def __init__(self, database: Database, clock: Clock, secret: bytes) -> None:
        self._database = database
        self._clock = clock
        self._secret = secret
        self._throttle = Throttle(_OF_ADDRESS)
        self._waiting: list[_Arrival] = []
        self._lock = threading.Lock()  # of what waits
        self._writing = threading.Lock()
        self._forgot_s = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="beacons", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Write what waits, and stop."""
        self._stop.set()
        self._thread.join()
        self._write_quietly()

    def put(self, beacon: Beacon, sender: Sender) -> None:
        """Take a beacon. Robots are not counted; while more comes than can be written, nobody is.

        Raises TooManyRequestsError when too many come from one address.
        """
        now_s = self._clock.now()
        wait_s = math.ceil(self._throttle.take(sender.address, now_s))
        if wait_s > 0:
            raise TooManyRequestsError(f"too many beacons from one address; go on in {wait_s} s", retry_after_s=wait_s)
        if is_robot(sender.user_agent):
            return
        viewing = Viewing(
            id=make_viewing_id(self._secret, beacon.session, beacon.video_id),
            video_id=beacon.video_id,
            visitor=make_visitor(self._secret, now_s, beacon.video_id, sender.address),
            device=device_of(sender.user_agent),
            first_at=now_s,
            seen_at=now_s,
        )
        with self._lock:
            if len(self._waiting) < _WAITING:
                self._waiting.append(_Arrival(beacon, viewing, sender.account_id))

    def write(self) -> None:
        """Write all that waits. Raises what the database raises; nothing is lost then."""
        with self._writing:
            while batch := self._waiting[:_BATCH]:
                with self._database.write() as connection:
                    _count(connection, batch, self._clock.now())
                with self._lock:
                    del self._waiting[: len(batch)]
            now_s = self._clock.now()
            if not 0 <= now_s - self._forgot_s < _FORGET_EVERY_S:
                self._forgot_s = now_s
                with self._database.write() as connection:
                    viewing_rows.forget_before(connection, now_s - KEPT_S, _FORGOTTEN)

    def _run(self) -> None:
        while not self._stop.wait(_WRITE_EVERY_S):
            self._write_quietly()

    def _write_quietly(self) -> None:
        try:
            self.write()
        except YeoulError as error:
            log.warning("%s: %s; what players told is kept for later", error.code, error.message)
        except Exception:
            log.exception("some beacons could not be counted; they are dropped, so that they do not hold up those after them")
            with self._lock:
                del self._waiting[:_BATCH]


def _count(connection: Connection, arrivals: Sequence[_Arrival], now_s: float) -> None:
    """Bring viewings, sums and counters of videos up to date. Rows are locked in the same order by all."""
    seen = video.by_id(connection, {arrival.viewing.video_id for arrival in arrivals})
    wanted = [arrival for arrival in arrivals if _counts(seen.get(arrival.viewing.video_id), arrival.account_id)]
    viewings = _lock_viewings(connection, wanted)
    tallies: dict[str, Tally] = {}
    for arrival in wanted:
        viewing = viewings.get(arrival.viewing.id)
        if viewing is not None:
            duration_s = float(seen[viewing.video_id]["source"]["duration_s"])
            tallies.setdefault(viewing.video_id, Tally()).add(asdict(take(viewing, arrival.beacon, duration_s, now_s)))
    viewing_rows.put(connection, [asdict(viewing) for viewing in viewings.values()])
    for video_id in sorted(tallies):
        if tallies[video_id].views:
            listing.count_view(connection, video_id, now_s, tallies[video_id].views)
    _add_up(connection, day_of(now_s), tallies, {video_id: seen[video_id]["owner_id"] for video_id in tallies})


def _counts(row: Row | None, account_id: str | None) -> bool:
    """Whether watching this video is counted: not what is private or hidden, and not what its owner watches."""
    if row is None or watched_by(row) == Visibility.PRIVATE or row["owner_id"] == account_id:
        return False
    return row["source"] is not None and row["source"]["duration_s"] > 0


def _lock_viewings(connection: Connection, arrivals: Sequence[_Arrival]) -> dict[str, Viewing]:
    """The viewings of arrivals, those of new sessions made; not those beyond what one visitor may bring."""
    new = {arrival.viewing.id: arrival.viewing for arrival in reversed(arrivals)}
    known = viewing_rows.find_ids(connection, new)
    counts = viewing_rows.count_of_visitors(connection, {viewing.visitor for viewing in new.values()})
    made: list[dict[str, Any]] = []
    for viewing in new.values():
        brought = counts.get(viewing.visitor, 0)
        if viewing.id not in known and brought < VIEWINGS_OF_VISITOR:
            counts[viewing.visitor] = brought + 1
            made.append(asdict(viewing))
    viewing_rows.add(connection, made)
    rows = viewing_rows.lock(connection, new)
    return {row["id"]: Viewing(**row) for row in rows}


def _add_up(connection: Connection, day: int, tallies: Mapping[str, Tally], owners: Mapping[str, str]) -> None:
    sums: dict[str, Row] = {}
    for video_id, row in audience.lock(connection, day, owners).items():
        total = Tally()
        total.add(row)
        total.add(asdict(tallies[video_id]))
        sums[video_id] = asdict(total)
    audience.put(connection, day, sums)
