"""Notices: what was lost, changed or left out between the source and the video."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from yeoul.model.noun import Noun
from yeoul.model.plain import Count

NoticeCode = Literal[
    "pictures_lost", "picture_held", "times_repaired", "audio_left_out", "video_left_out", "downmixed", "tone_mapped", "alpha_left_out"
]


class Notice(Noun):
    """A notice about a video.

    pictures_lost: `count` damaged frames are not shown. picture_held: the sound is longer than the video track, so the first or the last
    frame is held. times_repaired: timestamps in the source went back or jumped. audio_left_out: `count` audio tracks cannot be decoded, or
    exceed the limit of 16. video_left_out: `count` other video tracks are not used. downmixed: `count` channels were mixed to two, and also
    to six if there were more. tone_mapped: HDR was converted to SDR. alpha_left_out: transparency was replaced by black.
    """

    code: NoticeCode
    count: Count | None = None


def make_lost_notices(lost: Mapping[str, int]) -> tuple[Notice, ...]:
    """Returns a notice about frames that could not be decoded, if any. lost: number of frames by piece index."""
    total = sum(lost.values())
    return (Notice(code="pictures_lost", count=total),) if total else ()
