"""The texts of a video's notices on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yeoul.model.source import NoticeCode

_SENTENCES: Mapping[NoticeCode, str] = {
    "pictures_lost": "{count} damaged frames are not shown",
    "picture_held": "the audio is longer than the video; the last frame is shown until the audio ends",
    "times_repaired": "timestamps in the file jumped or went backwards and were repaired",
    "audio_left_out": "{count} audio tracks of the file were left out, because they cannot be decoded or there are more than 16",
    "video_left_out": "{count} additional video tracks of the file were left out",
    "downmixed": "{count} audio channels were mixed down",
    "tone_mapped": "HDR was converted to SDR",
    "alpha_left_out": "transparency was replaced by black",
}


def format_notice(notice: Mapping[str, Any]) -> str:
    """Returns the text of a notice from the API; its code if this version of the program has no text for it."""
    return _SENTENCES.get(notice["code"], notice["code"]).format(count=notice["count"])
