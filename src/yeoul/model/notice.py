"""Notices: what was lost, changed or chosen on the way from a file to its video, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from yeoul.model.noun import Noun
from yeoul.model.plain import Count

NoticeCode = Literal[
    "pictures_lost", "picture_held", "times_repaired", "audio_left_out", "video_left_out", "downmixed", "tone_mapped", "alpha_left_out"
]


class Notice(Noun):
    """One notice.

    pictures_lost: count pictures of the file are damaged and are not shown. picture_held: the sound is longer than the picture, so that
    the first or the last one stands still. times_repaired: times in the file went back or jumped. audio_left_out: count tracks cannot be
    decoded, or are beyond the 16th. video_left_out: count tracks besides the one that is shown. downmixed: count channels became two, or
    six and two where they are more than six. tone_mapped: HDR became SDR. alpha_left_out: transparency became black.
    """

    code: NoticeCode
    count: Count | None = None


def count_lost(lost: Mapping[str, int]) -> tuple[Notice, ...]:
    """Returns the notice of pictures that did not decode; lost: how many, by the index of their piece."""
    total = sum(lost.values())
    return (Notice(code="pictures_lost", count=total),) if total else ()
