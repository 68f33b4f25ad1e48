"""Analytics of videos, for their owners. Days are UTC days. Beacons of the last few seconds may not be counted yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy import Connection

from yeoul.api.deps import Parts, PartsDep
from yeoul.api.identity import Caller, check_edit
from yeoul.api.view import VideoView, show_video
from yeoul.base.errors import InvalidError
from yeoul.catalog.schema.row.playback import AudienceRow
from yeoul.catalog.video import video
from yeoul.catalog.watch import audience
from yeoul.insight.tally import Tally

router = APIRouter(tags=["analytics"])
_DEFAULT_DAYS, _MAX_DAYS = 28, 400
_EPOCH = date(1970, 1, 1)
_MAX_TOP_VIDEOS = 10


class DayView(BaseModel):
    """Views and seconds watched on one day (UTC)."""

    day: date
    views: int
    watch_s: float


class BucketView(BaseModel):
    """The share of views that played one hundredth of the video."""

    share: float


class DeviceView(BaseModel):
    """Views and seconds watched on one kind of device: desktop, phone, tablet, tv, other."""

    name: str
    views: int
    watch_s: float


class QualityView(BaseModel):
    """Seconds watched in one rung."""

    name: str
    watch_s: float


class StallsView(BaseModel):
    """Number and duration of stalls. share_of_watch: stalled time divided by the sum of stalled and played time."""

    count: int
    s: float
    share_of_watch: float


class AnalyticsView(BaseModel):
    """The analytics of a video, without its owner's views. startup_ms: the median; finished: playback sessions that reached the end."""

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
    """A video with its views and watched seconds in the requested period."""

    video: VideoView
    views: int
    watch_s: float


class OverviewView(BaseModel):
    """The analytics of all videos of the caller, and the most watched ones. The sums include deleted videos."""

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
        """First and last day, as days since 1970-01-01."""
        return (self.first - _EPOCH).days, (self.last - _EPOCH).days


def _read_period(parts: PartsDep, since: date | None = None, until: date | None = None) -> _Period:
    """Returns the period from `since` to `until`, both included. The default is the last 28 days."""
    last = until or datetime.fromtimestamp(parts.clock.now(), UTC).date()
    try:
        first = since or last - timedelta(days=_DEFAULT_DAYS - 1)
    except OverflowError as error:
        raise InvalidError("until: this date is too early", field="until") from error
    if not 0 <= (last - first).days < _MAX_DAYS:
        raise InvalidError(f"since: must not be after until, and the period can have at most {_MAX_DAYS} days", field="since")
    return _Period(first=first, last=last)


Period = Annotated[_Period, Depends(_read_period)]


@router.get("/videos/{video_id}/analytics")
def get_analytics(video_id: str, caller: Caller, parts: PartsDep, period: Period) -> AnalyticsView:
    """Returns the analytics of a video. Only for its owner and admins."""
    with parts.database.read() as connection:
        check_edit(video.get(connection, video_id), caller)
        rows = audience.of_video(connection, video_id, *period.days)
    total = Tally()
    for row in rows:
        total.add(row)
    total_s = total.watch_s + total.stall_s
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
        devices=[DeviceView(name=name, views=int(views.get(name, 0)), watch_s=seconds[name]) for name in _by_amount(seconds)],
        qualities=[QualityView(name=name, watch_s=seconds_of) for name, seconds_of in _by_height(total.detail.get("quality_s", {}))],
        switches=total.switches,
        stalls=StallsView(count=total.stalls, s=total.stall_s, share_of_watch=round(total.stall_s / total_s, 4) if total_s else 0.0),
        startup_ms=total.startup_ms(),
        errors=total.errors,
    )


@router.get("/analytics")
def get_overview(caller: Caller, parts: PartsDep, period: Period) -> OverviewView:
    """Returns the analytics of all videos of the caller."""
    with parts.database.read() as connection:
        rows = audience.days_of_owner(connection, caller["id"], *period.days)
        top_rows = audience.top_of_owner(connection, caller["id"], *period.days, _MAX_TOP_VIDEOS)
        videos = video.by_id(connection, [row["video_id"] for row in top_rows])
        top = [_show_top(parts, connection, videos[row["video_id"]], row) for row in top_rows]
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


def _show_top(parts: Parts, connection: Connection, row: video.OwnedVideoRow, sums: audience.TopVideoRow) -> TopView:
    return TopView(video=show_video(parts, connection, row), views=int(sums["views"]), watch_s=round(float(sums["watch_s"]), 3))


def _average(watch_s: float, views: int) -> float:
    return round(watch_s / views, 3) if views else 0.0


def _by_day(period: _Period, rows: Iterable[audience.DayRow | AudienceRow]) -> list[DayView]:
    """Returns one entry for each day, including days without views."""
    sums = {row["day"]: (int(row["views"]), round(float(row["watch_s"]), 3)) for row in rows}
    first, last = period.days
    zero = (0, 0.0)
    return [
        DayView(day=_EPOCH + timedelta(days=day), views=sums.get(day, zero)[0], watch_s=sums.get(day, zero)[1])
        for day in range(first, last + 1)
    ]


def _by_amount(amounts: Mapping[str, float]) -> list[str]:
    return sorted(amounts, key=lambda name: (-amounts[name], name))


def _by_height(amounts: Mapping[str, float]) -> list[tuple[str, float]]:
    """Returns (rung, amount) with the highest rung first, then names that do not start with a height."""
    return sorted(amounts.items(), key=lambda item: -int(item[0].rstrip("p")) if item[0][0].isdigit() else 0)
