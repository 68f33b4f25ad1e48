"""Allowed colour descriptions of a video: ffmpeg's names for the code points of ITU-T H.273.

These values are inserted into ffmpeg commands. Nouns therefore reject all other values.
"""

from __future__ import annotations

from typing import Literal

Primaries = Literal[
    "bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "film", "bt2020", "smpte428", "smpte431", "smpte432", "ebu3213"
]  # fmt: skip
Transfer = Literal[
    "bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "linear", "log100", "log316", "iec61966-2-4", "bt1361e", "iec61966-2-1",
    "bt2020-10", "bt2020-12", "smpte2084", "smpte428", "arib-std-b67",
]  # fmt: skip
Matrix = Literal[
    "gbr", "bt709", "fcc", "bt470bg", "smpte170m", "smpte240m", "ycgco", "bt2020nc", "bt2020c", "smpte2085", "chroma-derived-nc",
    "chroma-derived-c", "ictcp",
]  # fmt: skip
Range = Literal["tv", "pc"]
