"""Beacons: batches of events that a player sends about a playback session. Each beacon is independent, so their order does not matter."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

Seconds = Annotated[float, Field(allow_inf_nan=False)]  # any size and sign; `viewing` limits implausible values


class BeaconEvent(BaseModel):
    """An event at `at_s` seconds after the start of the playback session, with the playhead at `position_s`.

    start: the first frame was shown, `startup_ms` after the request. time: the media from `from_s` to `position_s` was played at `rung`, in
    `played_s` seconds of real time. stall: playback stalled for `stall_s`. quality: the player switched to `rung`. end: playback reached
    the end. error: playback stopped and did not recover.
    """

    kind: Literal["start", "time", "stall", "quality", "end", "error"]
    at_s: Seconds = 0.0
    position_s: Seconds = 0.0
    from_s: Seconds | None = Field(default=None, description="null: no media was played.")
    played_s: Seconds = 0.0
    stall_s: Seconds = 0.0
    startup_ms: Seconds | None = None
    rung: str | None = Field(default=None, pattern=r"^[1-9][0-9]{1,3}p$")


class Beacon(BaseModel):
    """Events of one playback session. seq: increases within the session; a beacon with a repeated number is ignored."""

    session: str = Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    video_id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    seq: int = Field(ge=0, lt=2**53)
    events: list[BeaconEvent] = Field(max_length=100)
