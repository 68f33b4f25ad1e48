"""What a player tells of one stretch of playback. Each batch stands for itself, so that it does not matter in which order they come."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

Seconds = Annotated[float, Field(allow_inf_nan=False)]  # of any size and sign: what makes no sense is cut down where it is counted


class BeaconEvent(BaseModel):
    """Something that happened at_s seconds after the session began, with the playhead at position_s.

    start: the first picture showed, startup_ms after it was asked for. time: the media from from_s to position_s was played within played_s
    seconds of the wall, as rung. stall: playback stood still for stall_s. quality: another rung shows. end: the end was reached.
    error: playback stopped and did not go on by itself.
    """

    kind: Literal["start", "time", "stall", "quality", "end", "error"]
    at_s: Seconds = 0.0
    position_s: Seconds = 0.0
    from_s: Seconds | None = Field(default=None, description="null: nothing of the media was played.")
    played_s: Seconds = 0.0
    stall_s: Seconds = 0.0
    startup_ms: Seconds | None = None
    rung: str | None = Field(default=None, pattern=r"^[1-9][0-9]{1,3}p$")


class Beacon(BaseModel):
    """Events of one session with one video. Sequence numbers count up within a session; a number that came before counts nothing."""

    session: str = Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    video_id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    seq: int = Field(ge=0, lt=2**53)
    events: list[BeaconEvent] = Field(max_length=100)
