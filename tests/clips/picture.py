"""Moving pictures with what real ones have: texture at all sizes, edges, gradients, things that move before what moves otherwise, light.

All is whole numbers from seeded generators, so the same film is the same bytes on each machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Plane = NDArray[np.uint8]
Noise = TypeVar("Noise", NDArray[np.uint8], NDArray[np.uint16])
_LIGHT = 24  # how much brighter the light makes it at most
_DARKEST, _BRIGHTEST = 30, 196


@dataclass(frozen=True)
class Film:
    """What is filmed. rate: frames a second, as the encoder is told; scene_frames: from cut to cut, or cuts: where these are.

    exposure: of 10 bits, where white is brighter than paper; reach: how many pixels the camera wanders; grain: of 255;
    sprites: moving things; roughness: of the texture; pace: of all that moves.
    """

    width: int
    height: int
    frames: int
    seed: int
    scene_frames: int = 120
    reach: int = 160
    grain: int = 3
    sprites: int = 5
    depth: int = 8
    roughness: float = 0.7
    pace: float = 1.0
    light: bool = True
    cuts: tuple[int, ...] = ()
    rate: str = "25"
    exposure: float = 1.0

    @property
    def pixel_format(self) -> str:
        return "yuv420p" if self.depth == 8 else "yuv420p10le"

    def draw(self) -> Iterator[list[NDArray[np.generic]]]:
        """Y, U and V of each frame, in 16 bits where the depth is 10."""
        starts = self.cuts or tuple(range(0, self.frames, self.scene_frames))
        for first, end in zip(starts, (*starts[1:], self.frames), strict=True):
            scene = _Scene(self, self.seed * 1000 + first)
            for number in range(first, end):
                yield scene.draw(number - first, number)


class _Scene:
    """A large picture over which the camera wanders, with things that cross it."""

    def __init__(self, film: Film, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self._film = film
        self._phase = rng.integers(0, 628) / 100
        width, height = film.width + film.reach + 2, film.height + film.reach + 2
        self._planes = _paint(rng, width // 2 * 2, height // 2 * 2, film.roughness)
        self._light = _blur_noise(rng, width * 2, height * 2, 5, 0.3, _LIGHT) if film.light else None
        self._grain = rng.integers(0, film.grain + 1, (film.height + 64, film.width + 64), np.uint8) if film.grain else None
        self._fine = rng.integers(0, 4, (film.height + 64, film.width + 64), np.uint16) if film.depth == 10 else None
        self._sprites = [_Sprite(rng, film) for _ in range(film.sprites)]

    def draw(self, at: int, number: int) -> list[NDArray[np.generic]]:
        film = self._film
        x, y = (self._wander(at, way) for way in (1.0, 0.7))
        luma, *chroma = [
            plane[y // part : (y + film.height) // part, x // part : (x + film.width) // part].copy()
            for plane, part in zip(self._planes, (1, 2, 2), strict=True)
        ]
        for sprite in self._sprites:
            sprite.paste(at, luma, chroma)
        if self._light is not None:
            step = round(3 * at * film.pace) % (film.width // 2)
            luma += self._light[step // 2 : step // 2 + film.height, step : step + film.width]
        if self._grain is not None:
            luma += _window(self._grain, number, film.height, film.width)
        return [luma, *chroma] if film.depth == 8 else self._deepen(number, luma, chroma)

    def _wander(self, at: int, way: float) -> int:
        """Where the camera stands: an even number of pixels, so that colour goes along."""
        share = 0.5 - 0.5 * np.cos(self._phase + at * way * self._film.pace / 25)
        return int(share * self._film.reach / 2) * 2

    def _deepen(self, number: int, luma: Plane, chroma: list[Plane]) -> list[NDArray[np.generic]]:
        assert self._fine is not None
        share = round(256 * self._film.exposure)
        deep = (luma.astype(np.uint32) * share >> 6).astype(np.uint16) + _window(self._fine, number, *luma.shape)
        return [deep, *(((plane.astype(np.int32) - 128) * share + (512 << 6) >> 6).astype(np.uint16) for plane in chroma)]


def _window(noise: Noise, number: int, height: int, width: int) -> Noise:
    x, y = number * 37 % 64, number * 23 % 64
    return noise[y : y + height, x : x + width]


class _Sprite:
    """A textured thing that goes its own way across the frame."""

    def __init__(self, rng: np.random.Generator, film: Film) -> None:
        size = int(rng.integers(film.height // 8, film.height // 4)) // 4 * 4
        self._planes = _paint(rng, size, size, film.roughness)
        masks = (Image.new("L", (size, size)), Image.new("L", (size // 2, size // 2)))
        for mask in masks:
            ImageDraw.Draw(mask).ellipse((0, 0, mask.width - 1, mask.height * int(rng.integers(70, 100)) // 100), fill=1)
        self._masks = [np.asarray(mask, bool) for mask in masks]
        self._span = film.width - size - 2, film.height - size - 2
        self._speed = rng.integers(10, 40, 2) * film.pace / 1000
        self._start = rng.integers(0, 628, 2) / 100

    def paste(self, at: int, luma: Plane, chroma: list[Plane]) -> None:
        x, y = (int((0.5 + 0.5 * np.sin(start + at * speed)) * span / 2) * 2
                for start, speed, span in zip(self._start, self._speed, self._span, strict=True))  # fmt: skip
        for plane, own, part in zip((luma, *chroma), self._planes, (1, 2, 2), strict=True):
            mask = self._masks[part - 1]
            there = plane[y // part : y // part + mask.shape[0], x // part : x // part + mask.shape[1]]
            np.copyto(there, own, where=mask)


def _paint(rng: np.random.Generator, width: int, height: int, roughness: float) -> tuple[Plane, Plane, Plane]:
    """Y, U and V of a landscape of noise, with polygons and lines of other shades over it."""
    texture = _blur_noise(rng, width, height, (width // 4).bit_length(), roughness, 110).astype(np.int16)
    colours = [_blur_noise(rng, width // 2, height // 2, 4, 0.5, 56).astype(np.int16) for _ in range(2)]
    shades = [Image.new("L", (width, height)), *(Image.new("L", (width // 2, height // 2)) for _ in colours)]
    pens = [ImageDraw.Draw(shade) for shade in shades]
    for _ in range(14):
        corners = rng.integers(0, 1000, (int(rng.integers(3, 7)), 2)) / 1000
        tones = rng.integers(0, 60, 3)
        for pen, shade, tone in zip(pens, shades, tones, strict=True):
            pen.polygon([(x * shade.width, y * shade.height) for x, y in _gather(rng, corners)], fill=int(tone))
    for _ in range(30):
        (ax, ay), (bx, by) = rng.integers(0, 1000, (2, 2)) / 1000
        pens[0].line((ax * width, ay * height, bx * width, by * height), fill=int(rng.integers(0, 80)), width=int(rng.integers(1, 5)))
    luma = np.clip(_DARKEST + texture + np.asarray(shades[0], np.int16), _DARKEST, _BRIGHTEST).astype(np.uint8)
    chroma = [
        np.clip(84 + colour + np.asarray(shade, np.int16), 60, 196).astype(np.uint8)
        for colour, shade in zip(colours, shades[1:], strict=True)
    ]
    return luma, chroma[0], chroma[1]


def _gather(rng: np.random.Generator, corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """The polygon smaller, and somewhere."""
    return corners * 0.4 + rng.integers(0, 600, 2) / 1000


def _blur_noise(rng: np.random.Generator, width: int, height: int, octaves: int, roughness: float, most: int) -> Plane:
    """Noise of several sizes, the finer the weaker by `roughness`, stretched to 0..most."""
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        columns = 3 << octave
        coarse = rng.integers(0, 256, (max(2, columns * height // width), columns), np.uint8)
        fine = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        total += np.asarray(fine, np.float32) * np.float32(roughness**octave)
    low, high = float(total.min()), float(total.max())
    return ((total - low) * (most / (high - low))).astype(np.uint8)
