"""What owners see of how their videos are watched. Days are those of UTC; what was told in the last seconds may still be missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy import Connection

from yeoul.api.deps import Parts, PartsDep
from yeoul.api.identity import Caller, check_edit
from yeoul.api.view import VideoView, show_video
from yeoul.base.errors import InvalidError
from yeoul.catalog.video import video
from yeoul.catalog.watch import audience
from yeoul.insight.tally import Tally

router = APIRouter(tags=["analytics"])
Row = Mapping[str, Any]
_USUAL_DAYS, _MAX_DAYS = 28, 400
_EPOCH = date(1970, 1, 1)
_TOP = 10


class DayView(BaseModel):
    """Views and seconds watched on a day (UTC)."""

    day: date
    views: int
    watch_s: float


class BucketView(BaseModel):
    """Which share of the views played a hundredth of the video."""

    share: float


class DeviceView(BaseModel):
    """What was watched on one kind of device: desktop, phone, tablet, tv, other."""

    name: str
    views: int
    watch_s: float


class QualityView(BaseModel):
    """How long one rung was shown."""

    name: str
    watch_s: float


class StallsView(BaseModel):
    """How often and how long playback stood still. share_of_watch: of standing still and playing together."""

    count: int
    s: float
    share_of_watch: float


class AnalyticsView(BaseModel):
    """How a video was watched by others than its owner. startup_ms: the median; finished: sessions that came to the end."""

    since: date
    until: date
    views: int
    watch_s: float
    average_view_s: float
    finished: int
    retention: list[BucketView]
    by_day: list[DayView]
    devices: list[DeviceView]
    qualities: list[QualityView]
    switches: int
    stalls: StallsView
    startup_ms: int | None
    errors: int


class TopView(BaseModel):
    """A video, and how it was watched in the time that was asked for."""

    video: VideoView
    views: int
    watch_s: float


class OverviewView(BaseModel):
    """How all of one's videos were watched, and which the most. What was deleted counts in the sums."""

    since: date
    until: date
    views: int
    watch_s: float
    average_view_s: float
    by_day: list[DayView]
    top: list[TopView]


class _Period(BaseModel):
    first: date
    last: date

    @property
    def days(self) -> tuple[int, int]:
        """First and last day, counted from 1970."""
        return (self.first - _EPOCH).days, (self.last - _EPOCH).days


def _read_period(parts: PartsDep, since: date | None = None, until: date | None = None) -> _Period:
    """From `since` to `until`, both included; the last 28 days where nothing is said."""
    last = until or datetime.fromtimestamp(parts.clock.now(), UTC).date()
    try:
        first = since or last - timedelta(days=_USUAL_DAYS - 1)
    except OverflowError as error:
        raise InvalidError("until: is before all days", field="until") from error
    if not 0 <= (last - first).days < _MAX_DAYS:
        raise InvalidError(f"since: must be no later than until, and at most {_MAX_DAYS} days before it ends", field="since")
    return _Period(first=first, last=last)


Period = Annotated[_Period, Depends(_read_period)]


@router.get("/videos/{video_id}/analytics")
def get_analytics(video_id: str, caller: Caller, parts: PartsDep, period: Period) -> AnalyticsView:
    """How a video was watched; for its owner and admins."""
    with parts.database.read() as connection:
        check_edit(video.get(connection, video_id), caller)
        rows = audience.of_video(connection, video_id, *period.days)
    total = Tally()
    for row in rows:
        total.add(row)
    spent_s = total.watch_s + total.stall_s
    seconds, views = total.detail.get("device_s", {}), total.detail.get("device_views", {})
    return AnalyticsView(
        since=period.first,
        until=period.last,
        views=total.views,
        watch_s=total.watch_s,
        average_view_s=_average(total.watch_s, total.views),
        finished=total.finished,
        retention=[BucketView(share=share) for share in total.retention()] if total.views else [],
        by_day=_by_day(period, rows),
        devices=[DeviceView(name=name, views=int(views.get(name, 0)), watch_s=seconds[name]) for name in _most(seconds)],
        qualities=[QualityView(name=name, watch_s=seconds_of) for name, seconds_of in _by_height(total.detail.get("quality_s", {}))],
        switches=total.switches,
        stalls=StallsView(count=total.stalls, s=total.stall_s, share_of_watch=round(total.stall_s / spent_s, 4) if spent_s else 0.0),
        startup_ms=total.startup_ms(),
        errors=total.errors,
    )


@router.get("/analytics")
def get_overview(caller: Caller, parts: PartsDep, period: Period) -> OverviewView:
    """How all of the caller's videos were watched."""
    with parts.database.read() as connection:
        rows = audience.days_of_owner(connection, caller["id"], *period.days)
        most = audience.top_of_owner(connection, caller["id"], *period.days, _TOP)
        found = video.by_id(connection, [row["video_id"] for row in most])
        top = [_show_top(parts, connection, found[row["video_id"]], row) for row in most]
    by_day = _by_day(period, rows)
    views, watch_s = sum(day.views for day in by_day), round(sum(day.watch_s for day in by_day), 3)
    return OverviewView(
        since=period.first,
        until=period.last,
        views=views,
        watch_s=watch_s,
        average_view_s=_average(watch_s, views),
        by_day=by_day,
        top=top,
    )


def _show_top(parts: Parts, connection: Connection, row: Row, sums: Row) -> TopView:
    return TopView(video=show_video(parts, connection, row), views=int(sums["views"]), watch_s=round(float(sums["watch_s"]), 3))


def _average(watch_s: float, views: int) -> float:
    return round(watch_s / views, 3) if views else 0.0


def _by_day(period: _Period, rows: Iterable[Row]) -> list[DayView]:
    """One entry for each day, also for those on which nobody watched."""
    known = {row["day"]: (int(row["views"]), round(float(row["watch_s"]), 3)) for row in rows}
    first, last = period.days
    none = (0, 0.0)
    return [
        DayView(day=_EPOCH + timedelta(days=day), views=known.get(day, none)[0], watch_s=known.get(day, none)[1])
        for day in range(first, last + 1)
    ]


def _most(amounts: Mapping[str, float]) -> list[str]:
    return sorted(amounts, key=lambda name: (-amounts[name], name))


def _by_height(amounts: Mapping[str, float]) -> list[tuple[str, float]]:
    """Rungs, the highest first, then what has no name of its own."""
    return sorted(amounts.items(), key=lambda item: -int(item[0].rstrip("p")) if item[0][0].isdigit() else 0)
