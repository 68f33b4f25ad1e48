"""How views are counted and told, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.contract.pipeline_world import SOURCE
from tests.contract.test_discovery import add, change
from tests.contract.test_discovery_api import Site, ask, get, site
from yeoul.base.clock import ManualClock
from yeoul.catalog.database import Database
from yeoul.catalog.video import trash, video
from yeoul.catalog.watch import audience
from yeoul.insight.beacon import Beacon
from yeoul.insight.collector import MAX_SESSIONS_PER_VISITOR, BeaconCollector, Sender
from yeoul.insight.tally import Tally
from yeoul.insight.throttle import Throttle
from yeoul.model.video import VideoState

__all__ = ("site",)
DAY = 86400.0
START = 1_800_000_000.0 - 1_800_000_000.0 % DAY + 3600  # an hour past midnight
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"


def make_beacon(session: str, seq: int, *events: dict[str, Any], video_id: str = "v") -> Beacon:
    return Beacon.model_validate({"session": session.ljust(8, "-"), "video_id": video_id, "seq": seq, "events": list(events)})


def played(from_s: float, to_s: float, **more: Any) -> dict[str, Any]:
    return {"kind": "time", "at_s": to_s, "from_s": from_s, "position_s": to_s, "played_s": to_s - from_s, "rung": "720p", **more}


class World:
    """A database with ann's public video of 100 s, what collects beacons, and a clock."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = ManualClock(START)
        self.collector = self.new_collector()

    def new_collector(self) -> BeaconCollector:
        return BeaconCollector(self.database, self.clock, b"secret")

    def send(self, *beacons: Beacon, address: str = "from:10.0.0.1", user_agent: str = CHROME, account: str | None = None) -> None:
        for one in beacons:
            self.collector.put(one, Sender(address, user_agent, account))
        self.collector.write()

    def total(self, video_id: str = "v", first: int = 0, last: int = 100_000) -> Tally:
        total = Tally()
        with self.database.read() as connection:
            for row in audience.of_video(connection, video_id, first, last):
                total.add(row)
        return total

    def views(self, video_id: str = "v") -> int:
        with self.database.read() as connection:
            return video.get(connection, video_id)["views"]


@pytest.fixture
def world(database: Database) -> World:
    add(database, "v", "A river", at=START - DAY)
    return World(database)


def test_a_session_is_counted_once_whatever_is_repeated(world: World):
    first = make_beacon("a", 0, {"kind": "start", "startup_ms": 300}, played(0, 10))
    second = make_beacon("a", 1, played(10, 30), {"kind": "end", "at_s": 30})
    world.send(second, first, first, second)
    world.send(first, second)
    other = world.new_collector()  # of another process, or of this one after a restart
    other.put(second, Sender("from:10.9.9.9", PHONE, None))
    other.write()
    total = world.total()
    assert (total.views, total.watch_s, total.finished, world.views()) == (1, 30.0, 1, 1)
    assert total.retention() == [1.0] * 30 + [0.0] * 70
    assert total.detail["device_views"] == {"desktop": 1}


def test_sums_of_many_sessions(world: World):
    for number in range(12):
        agent = PHONE if number % 3 == 0 else CHROME
        world.send(
            make_beacon(f"s{number}", 0, played(0, 5 + 5 * number), {"kind": "error", "at_s": 1}), address=str(number), user_agent=agent
        )
    total = world.total()
    assert (total.views, total.errors, world.views()) == (12, 12, 12)
    assert total.watch_s == sum(5 + 5 * number for number in range(12)) == total.detail["quality_s"]["720p"]
    assert total.detail["device_views"] == {"phone": 4, "desktop": 8}
    assert [round(share * 12) for share in total.retention()[2::5]] == [12, *range(11, 0, -1), *[0] * 8][: len(total.retention()[2::5])]


def test_views_come_again_after_a_day_without_them(world: World):
    world.send(make_beacon("a", 0, played(0, 10)))
    world.clock.advance(23 * 3600)
    world.send(make_beacon("a", 1, played(0, 10)))
    assert (world.views(), world.total().watch_s) == (1, 20)
    world.clock.advance(DAY + 61)
    world.send()
    world.send(make_beacon("a", 2, played(0, 10)))
    assert world.views() == 2
    today = int(world.clock.now() // DAY)
    assert [world.total(first=day, last=day).watch_s for day in range(today - 2, today + 1)] == [10, 10, 10]


def test_one_visitor_brings_so_many_and_others_are_counted(world: World):
    for number in range(MAX_SESSIONS_PER_VISITOR + 5):
        world.send(make_beacon(f"s{number}", 0, played(0, 10)), user_agent=f"Browser {number}")
    assert world.views() == world.total().views == MAX_SESSIONS_PER_VISITOR
    world.send(make_beacon("other", 0, played(0, 10)), address="from:10.0.0.2")
    world.send(make_beacon("s0", 1, played(10, 20)))
    assert (world.views(), world.total().watch_s) == (MAX_SESSIONS_PER_VISITOR + 1, 10 * MAX_SESSIONS_PER_VISITOR + 20)


def test_owners_robots_and_what_is_private_are_not_counted(world: World):
    world.send(make_beacon("own", 0, played(0, 10)), account="ann")
    world.send(make_beacon("robot", 0, played(0, 10)), user_agent="Mozilla/5.0 (compatible; Googlebot/2.1)")
    world.send(make_beacon("lost", 0, played(0, 10), video_id="nosuchvideo"))
    change(world.database, "v", hidden=True)
    world.send(make_beacon("curious", 0, played(0, 10)))
    change(world.database, "v", hidden=False, visibility="private")
    world.send(make_beacon("stranger", 0, played(0, 10)))
    add(world.database, "early", "Not yet", state=VideoState.UPLOADING, source=None)
    world.send(make_beacon("early", 0, played(0, 10), video_id="early"))
    assert (world.views(), world.total(), world.total("early")) == (0, Tally(), Tally())
    change(world.database, "v", visibility="unlisted")
    world.send(make_beacon("guest", 0, played(0, 10)), account="bob")
    assert world.views() == 1


def test_processes_count_the_same_videos_at_once(world: World):
    """Each sends all sessions of all videos, in an order of its own; what two of them have counts once."""
    for number in range(3):
        add(world.database, f"w{number}", "Another", at=START)

    def run(shift: int) -> None:
        collector = world.new_collector()
        for turn in range(6):
            for at in range(30):
                session = (at * 7 + shift * 11 + turn) % 30
                one = make_beacon(f"s{session}", turn, played(10 * turn, 10 * turn + 10), video_id=f"w{(at + shift) % 3}")
                collector.put(one, Sender(str(session), CHROME, None))
            collector.write()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, range(4))) == [None] * 4
    sent = {((at * 7 + shift * 11 + turn) % 30, turn, (at + shift) % 3) for shift in range(4) for turn in range(6) for at in range(30)}
    for number in range(3):
        total = world.total(f"w{number}")
        assert total.watch_s == 10 * sum(1 for _, _, of in sent if of == number)
        assert total.views == world.views(f"w{number}") == len({session for session, _, of in sent if of == number})


def test_what_is_not_written_yet_is_kept_for_later(world: World):
    world.database.close()
    broken = BeaconCollector(Database("sqlite:////nowhere/at/all.db"), world.clock, b"secret")
    broken.put(make_beacon("a", 0, played(0, 10)), Sender("", CHROME, None))
    broken.start()
    broken.close()
    broken._database = world.database
    broken.write()
    assert world.views() == 1


def test_beacons_over_http(site: Site):
    """As `sendBeacon` sends them, as programs do, and as nobody should."""
    beacon = {"session": "session-1", "video_id": "public0", "seq": 1, "events": [{**played(0, 5), "new": 1}], "later": True}
    for method_of_sending in ({"content": Beacon.model_validate(beacon).model_dump_json()}, {"json": beacon}):
        assert site.request("POST", "/api/v1/beacons", **method_of_sending).status_code == 202
    assert ask(site, "POST", "/beacons", None, {**beacon, "video_id": "nosuchvideo"}).status_code == 202
    assert ask(site, "POST", "/beacons", "ann", {**beacon, "session": "session-2"}).status_code == 202
    for wrong in ({}, {"events": [{"kind": "other"}]}, {**beacon, "seq": -1}, {**beacon, "session": "\0" * 9}, {**beacon, "events": None}):
        assert ask(site, "POST", "/beacons", None, wrong).status_code == 422, wrong
    for wrong in (b"", b"\xff", b"[]", b"null", b'{"session":"session-1","video_id":"v","seq":NaN,"events":[]}', b"[" * 60_000):
        assert site.request("POST", "/api/v1/beacons", content=wrong).status_code == 422, wrong
    assert site.request("POST", "/api/v1/beacons", content=b" " * 65_537).status_code == 413
    assert site.request("POST", "/api/v1/beacons", json=beacon, headers={"origin": "https://elsewhere.example"}).status_code == 403
    site.parts.beacons._throttle = Throttle(2)
    answers = [ask(site, "POST", "/beacons", None, beacon) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60


def test_analytics_are_for_owner_and_admins(site: Site):
    for who, expected in ((None, 401), ("bob", 403), ("ann", 200)):
        assert ask(site, "GET", "/videos/public0/analytics", who).status_code == expected
    assert ask(site, "GET", "/videos/private0/analytics", "bob").status_code == 404
    assert ask(site, "GET", "/videos/nosuchvideo/analytics", "ann").status_code == 404
    assert ask(site, "GET", "/analytics").status_code == 401
    for wrong in (
        "since=2026-01-02&until=2026-01-01",
        "since=0001-01-01",
        "since=soon",
        "until=0001-01-01",
        "since=2024-01-01&until=2026-01-01",
    ):
        assert ask(site, "GET", f"/videos/public0/analytics?{wrong}", "ann").status_code == 422, wrong
        assert ask(site, "GET", f"/analytics?{wrong}", "ann").status_code == 422, wrong
    empty = get(site, "/videos/public0/analytics", "ann")
    assert (empty["views"], empty["retention"], empty["startup_ms"], len(empty["by_day"])) == (0, [], None, 28)
    assert get(site, "/analytics", "bob")["top"] == []


def test_analytics_say_what_was_watched(world: World, site: Site):
    for number in range(4):
        add(world.database, f"x{number}", f"X {number}", at=START, source={**SOURCE.model_dump(mode="json"), "duration_s": 100.0})
    for number in range(4):
        for session in range(number + 1):
            one = make_beacon(f"s{session}", 0, {"kind": "start", "startup_ms": 500}, played(0, 50), video_id=f"x{number}")
            world.send(one, address=str(session))
    world.send(make_beacon("s0", 1, played(50, 60, rung="1080p"), {"kind": "stall", "at_s": 65, "stall_s": 2.0}, video_id="x3"))
    found = get(site, "/videos/x3/analytics?since=2027-01-01&until=2027-01-31", "ann")
    assert [share["share"] for share in found.pop("retention")] == [1.0] * 50 + [0.25] * 10 + [0.0] * 40
    days = found.pop("by_day")
    assert len(days) == 31 and [day for day in days if day["views"]] == [{"day": "2027-01-15", "views": 4, "watch_s": 210.0}]
    assert found.pop("startup_ms") == pytest.approx(500, rel=0.1)
    assert found == {
        "since": "2027-01-01", "until": "2027-01-31", "views": 4, "watch_s": 210.0, "average_view_s": 52.5, "finished": 0,
        "devices": [{"name": "desktop", "views": 4, "watch_s": 210.0}],
        "qualities": [{"name": "1080p", "watch_s": 10.0}, {"name": "720p", "watch_s": 200.0}],
        "switches": 0, "stalls": {"count": 1, "s": 2.0, "share_of_watch": 0.0094}, "errors": 0,
    }  # fmt: skip
    overview = get(site, "/analytics?since=2027-01-15&until=2027-01-16", "ann")
    assert (overview["views"], overview["watch_s"], len(overview["by_day"])) == (10, 510.0, 2)
    assert [(one["video"]["id"], one["views"]) for one in overview["top"]] == [("x3", 4), ("x2", 3), ("x1", 2), ("x0", 1)]
    with world.database.write() as connection:
        trash.move_to_trash(connection, "x3", START)
    in_trash = get(site, "/analytics?since=2027-01-15&until=2027-01-16", "ann")
    assert in_trash["views"] == 10 and [one["video"]["id"] for one in in_trash["top"]] == ["x2", "x1", "x0"]
    with world.database.write() as connection:
        trash.delete_permanently(connection, "x3", START)
    left = get(site, "/analytics?since=2027-01-15&until=2027-01-16", "ann")
    assert left["views"] == 10 and [one["video"]["id"] for one in left["top"]] == ["x2", "x1", "x0"]
    assert get(site, "/analytics?since=2027-01-16&until=2027-01-16", "ann")["views"] == 0
