"""What notices of a video say on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yeoul.model.notice import NoticeCode

_SENTENCES: Mapping[NoticeCode, str] = {
    "pictures_lost": "{count} damaged pictures are not shown",
    "picture_held": "the sound is longer than the picture, which stands still meanwhile",
    "times_repaired": "times in the file jumped or went back and were repaired",
    "audio_left_out": "{count} audio tracks of the file cannot be decoded, or are more than 16, and were left out",
    "video_left_out": "{count} other video tracks of the file were left out",
    "downmixed": "{count} channels of sound were mixed down",
    "tone_mapped": "HDR was converted to SDR",
    "alpha_left_out": "transparency was replaced by black",
}


def say_notice(notice: Mapping[str, Any]) -> str:
    """Returns the sentence of a notice as the API gives it; its code where the server knows more notices than this program."""
    return _SENTENCES.get(notice["code"], notice["code"]).format(count=notice["count"])
