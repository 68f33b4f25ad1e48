"""What a source file shows and sounds like, found without any code of the product: by imageio-ffmpeg's binary, which can do all."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
Sound = NDArray[np.float32]
RATE = 48_000
_GAP_S = 0.05
_TIME_BASE = re.compile(r"Parsed_a?showinfo_\d+ @ \w+\] .*time_base: (\d+)/(\d+)")
_FRAME = re.compile(r"\] n: *\d+ pts: *(-?\d+) .*?sar:(\d+)/(\d+) s:(\d+)x(\d+)")
_COLOUR = re.compile(r"color_range:(\S+) color_space:(\S+) color_primaries:(\S+) color_trc:(\S+)")


def run_ffmpeg(*arguments: str) -> tuple[bytes, str]:
    """(stdout, stderr) of ffmpeg."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-y", *arguments]
    done = subprocess.run(command, capture_output=True, check=False)
    stderr = done.stderr.decode("utf-8", "replace")
    assert done.returncode == 0, f"{command}\n{stderr[-3000:]}"
    return done.stdout, stderr


@dataclass(frozen=True)
class Colour:
    """As the file is tagged, in ffmpeg's names; "unknown" where it is not."""

    range: str
    matrix: str
    primaries: str
    transfer: str

    @property
    def is_hdr(self) -> bool:
        return self.transfer in ("smpte2084", "arib-std-b67")


@dataclass(frozen=True)
class Shown:
    """All displayed frames of a file's picture: times in seconds, in display order; size upright, as stored; colour of the first."""

    times: tuple[Fraction, ...]
    width: int
    height: int
    sar: Fraction
    colour: Colour

    @property
    def aspect(self) -> Fraction:
        return Fraction(self.width, self.height) * self.sar


@lru_cache(maxsize=256)
def find_shown(path: Path) -> Shown:
    """Decodes all of it, upright, with edit lists honoured."""
    shown = ("-map", "0:V:0", "-fps_mode", "passthrough", "-vf", "showinfo=checksum=0", "-f", "null", "-")
    _, log = run_ffmpeg("-copyts", "-i", str(path), *shown)
    base = _TIME_BASE.search(log)
    frames = _FRAME.findall(log)
    colour = _COLOUR.search(log)
    assert base is not None and frames and colour is not None, log[-2000:]
    tick = Fraction(int(base[1]), int(base[2]))
    _, sar_num, sar_den, width, height = frames[0]
    sar = Fraction(int(sar_num), int(sar_den)) if int(sar_num) else Fraction(1)
    times = tuple(int(frame[0]) * tick for frame in frames)
    return Shown(times, int(width), int(height), sar, Colour(*colour.groups()))


@dataclass(frozen=True)
class Picture:
    """A frame in 8-bit 4:2:0 BT.709 limited range."""

    luma: Plane
    blue: Plane
    red: Plane

    @property
    def means(self) -> NDArray[np.float64]:
        return np.array([plane.mean() for plane in (self.luma, self.blue, self.red)])


def decode_pictures(path: Path, indexes: Sequence[int] | None, size: tuple[int, int], colour: Colour) -> list[Picture]:
    """The frames of these indexes (None: all) in display order, upright, scaled to size and brought to SDR by zscale."""
    chosen = "1" if indexes is None else "+".join(f"eq(n\\,{index})" for index in indexes)
    chain = f"select={chosen},{_to_sdr(colour, size)}"
    arguments = ["-copyts", "-i", str(path), "-map", "0:V:0", "-fps_mode", "passthrough", "-vf", chain, "-f", "rawvideo", "-"]
    return _cut(run_ffmpeg(*arguments)[0], size)


def _to_sdr(colour: Colour, size: tuple[int, int]) -> str:
    scale = f"w={size[0]}:h={size[1]}:filter=bicubic"
    meaning = f"rin={_range(colour)}:min={_ZSCALE_MATRIX[colour.matrix]}"
    if not colour.is_hdr:
        return f"zscale={scale}:{meaning}:r=limited:m=709,format=yuv420p"
    linear = f"zscale={scale}:{meaning}:tin={colour.transfer}:pin=2020:t=linear:npl=203,format=gbrpf32le,zscale=p=709"
    return f"{linear},tonemap=hable:desat=0:peak=4.93,zscale=t=709:m=709:r=limited,format=yuv420p"


_ZSCALE_MATRIX = {"bt709": "709", "smpte170m": "170m", "bt470bg": "470bg", "bt2020nc": "2020_ncl", "unknown": "709"}


def _range(colour: Colour) -> str:
    return "full" if colour.range in ("pc", "jpeg") else "limited"


def _cut(raw: bytes, size: tuple[int, int]) -> list[Picture]:
    width, height = size
    chroma = (-(-height // 2), -(-width // 2))
    whole, part = width * height, chroma[0] * chroma[1]
    frames = np.frombuffer(raw, np.uint8).reshape(-1, whole + 2 * part)
    return [
        Picture(f[:whole].reshape(height, width), f[whole : whole + part].reshape(chroma), f[whole + part :].reshape(chroma))
        for f in frames
    ]


def ssim(a: Plane, b: Plane) -> float:
    """Structural similarity (Wang et al., 2004) over windows of 8 x 8 every 4 pixels, as x264 and ffmpeg count it."""
    height, width = (side // 4 * 4 for side in a.shape)
    x, y = (plane[:height, :width].astype(np.float64) for plane in (a, b))
    sum_x, sum_y, sum_squares, sum_xy = (_windows(values) for values in (x, y, x * x + y * y, x * y))
    variances = sum_squares * 64 - sum_x**2 - sum_y**2
    covariance = sum_xy * 64 - sum_x * sum_y
    low, high = 0.01**2 * 255**2 * 64 * 64, 0.03**2 * 255**2 * 64 * 63
    score = (2 * sum_x * sum_y + low) * (2 * covariance + high) / ((sum_x**2 + sum_y**2 + low) * (variances + high))
    return float(score.mean())


def full_range(luma: Plane) -> NDArray[np.float32]:
    """Limited-range brightness as JPEG has it."""
    return np.clip((luma.astype(np.float32) - 16) * np.float32(255 / 219), 0, 255).astype(np.float32)


def _windows(values: NDArray[np.float64]) -> NDArray[np.float64]:
    height, width = values.shape
    blocks = values.reshape(height // 4, 4, width // 4, 4).sum(axis=(1, 3))
    return blocks[:-1, :-1] + blocks[1:, :-1] + blocks[:-1, 1:] + blocks[1:, 1:]


@dataclass(frozen=True)
class Heard:
    """A file's first sound at 48 kHz as one channel; start_s: when its first sample is heard. channels: of the file."""

    samples: Sound
    start_s: float
    channels: int

    @property
    def end_s(self) -> float:
        return self.start_s + len(self.samples) / RATE

    def cut(self, start_s: float, length_s: float) -> Sound:
        """What is heard from start_s on; silence where there is nothing."""
        first = round((start_s - self.start_s) * RATE)
        count = round(length_s * RATE)
        found = np.zeros(count, np.float32)
        inside = self.samples[max(0, first) : max(0, first + count)]
        found[max(0, -first) :][: len(inside)] = inside
        return found


def find_heard(path: Path) -> Heard | None:
    """None where the file has no sound."""
    # Gaps become silence; times that only wander do not.
    chain = f"ashowinfo,aresample={RATE}:async=1:min_hard_comp={_GAP_S}"
    arguments = ["-copyts", "-i", str(path), "-map", "0:a:0?", "-af", chain, "-ac", "1", "-f", "f32le", "-"]
    described = subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", str(path)], capture_output=True, check=False)
    layout = re.search(rb"Stream #0:\d.*Audio: .*? Hz, (\w+(?:\.\d)?)", described.stderr)
    if layout is None:
        return None
    raw, log = run_ffmpeg(*arguments)
    first = re.search(r"\] n:0 pts:-?\d+ pts_time:(-?[\d.]+)", log)
    assert first is not None, log[-2000:]
    return Heard(np.frombuffer(raw, np.float32), float(first[1]), {"mono": 1, "stereo": 2}.get(layout[1].decode(), 6))


def find_lag(wanted: Sound, found: Sound, most_s: float = 0.1) -> tuple[float, float]:
    """(seconds by which `found` comes late, correlation there), looked for within most_s; the smallest of equally good lags."""
    count = 1 << (len(wanted) + len(found)).bit_length()
    spectrum = np.conj(np.fft.rfft(wanted, count)) * np.fft.rfft(found, count)
    scores = np.fft.irfft(spectrum, count) / max(1e-12, float(np.linalg.norm(wanted) * np.linalg.norm(found)))
    most = round(most_s * RATE)
    lags = np.arange(-most, most + 1)
    near = scores[lags]
    good = lags[near >= near.max() - 0.005]
    lag = int(good[np.abs(good).argmin()])
    return lag / RATE, float(near.max())


def find_lags(wanted: Heard, found: Heard, zero_s: float) -> list[tuple[float, float]]:
    """The lag in the loudest half second of each third of the sound."""
    start_s = max(0.0, wanted.start_s - zero_s)
    third_s = (found.end_s - start_s) / 3
    length_s = min(0.5, third_s)
    lags: list[tuple[float, float]] = []
    for third in range(3):
        moments = np.arange(start_s + third * third_s, start_s + (third + 1) * third_s - length_s + 1e-9, 0.1)
        loudest = max(moments, key=lambda moment: float(np.square(wanted.cut(moment + zero_s, length_s)).sum()))
        lags.append(find_lag(wanted.cut(loudest + zero_s, length_s), found.cut(loudest, length_s)))
    return lags


def find_cues(path: Path) -> str:
    """The first text track as WebVTT."""
    raw, _ = run_ffmpeg("-v", "error", "-i", str(path), "-map", "0:s:0", "-f", "webvtt", "-")
    return raw.decode()
