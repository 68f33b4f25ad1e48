"""Watches and listens to a browser from outside: its pixels on a screen that nobody sees, and its sound at a speaker that nobody hears.

A browser's own clocks do not show what a viewer sees and hears. Firefox played our sound one frame late while its clocks agreed.
"""

from __future__ import annotations

import mmap
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.e2e.foreign import Screen
from tests.e2e.waiting import wait_for

_RATE = 48_000
_LOOK_S = 0.001
_BRIGHT = 128
_LOUD = 0.05
_SILENCE_S = 0.3
# The xwd format (X11/XWDFile.h): words of 32 bits, big-endian; colours of 12 bytes follow the header, and pixels of 4 bytes those.
_WORD, _COLOUR, _PIXEL = 4, 12, 4
_HEADER_SIZE, _BYTES_PER_LINE, _COLOURS = 0, 12, 19


@contextmanager
def open_speaker(folder: Path) -> Iterator[str]:
    """The address of a PulseAudio whose sound goes nowhere, at the pace of a sound card."""
    folder.mkdir()
    socket = folder / "socket"
    modules = ("module-null-sink sink_name=null", f"module-native-protocol-unix socket={socket} auth-anonymous=1")
    command = ["pulseaudio", "-n", "--exit-idle-time=-1", "--daemonize=no", *(f"--load={module}" for module in modules)]
    environ = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "PATH": os.environ["PATH"]}
    with (folder / "log").open("w") as log, subprocess.Popen(command, env=environ, stdout=log, stderr=log) as process:
        try:
            wait_for(socket.exists, "PulseAudio")
            yield f"unix:{socket}"
        finally:
            process.terminate()


@dataclass
class Watched:
    """When flashes and beeps began, in ms of one clock. Complete once `watch` has ended."""

    flashes_ms: list[float] = field(default_factory=list)
    beeps_ms: list[float] = field(default_factory=list)


@contextmanager
def watch(screen: Screen, speaker: str, at: tuple[int, int]) -> Iterator[Watched]:
    """Watches one pixel and listens to all sound. at: (x, y) of the pixel."""
    words = ["parec", "--server", speaker, "--device=null.monitor", "--latency-msec=5"]
    words += ["--raw", "--format=s16le", f"--rate={_RATE}", "--channels=1"]
    watched, ended = Watched(), threading.Event()
    with subprocess.Popen(words, stdout=subprocess.PIPE, bufsize=0) as recorder:
        assert recorder.stdout is not None
        heard: list[tuple[float, bytes]] = []
        descriptor = recorder.stdout.fileno()
        threads = [
            threading.Thread(target=_look, args=(screen, at, ended, watched.flashes_ms)),
            threading.Thread(target=_listen, args=(descriptor, heard)),
        ]
        for thread in threads:
            thread.start()
        try:
            wait_for(lambda: heard, "the recorder")
            yield watched
        finally:
            ended.set()
            recorder.terminate()
            for thread in threads:
                thread.join()
    watched.beeps_ms += _find_beeps(heard)


def _look(screen: Screen, at: tuple[int, int], ended: threading.Event, flashes_ms: list[float]) -> None:
    with screen.framebuffer.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as pixels:

        def word(index: int) -> int:
            return int.from_bytes(pixels[index * _WORD : (index + 1) * _WORD], "big")

        first = word(_HEADER_SIZE) + word(_COLOURS) * _COLOUR
        place = first + at[1] * word(_BYTES_PER_LINE) + at[0] * _PIXEL + 1  # green
        was_bright = True
        while not ended.wait(_LOOK_S):
            is_bright = pixels[place] > _BRIGHT
            if is_bright and not was_bright:
                flashes_ms.append(time.monotonic() * 1000)
            was_bright = is_bright


def _listen(descriptor: int, heard: list[tuple[float, bytes]]) -> None:
    while block := os.read(descriptor, 65_536):
        heard.append((time.monotonic(), block))


def _find_beeps(heard: list[tuple[float, bytes]]) -> list[float]:
    """Returns when each beep began. heard: blocks of samples, each with the time in seconds at which it arrived."""
    ends = np.cumsum([len(block) for _, block in heard]) / 2 / _RATE
    arrived = np.array([at for at, _ in heard])
    began_s = float(np.percentile(arrived - ends, 5))  # most blocks arrive late by chance, none early
    sound = b"".join(block for _, block in heard)
    samples = np.frombuffer(sound[: len(sound) // 2 * 2], dtype=np.int16) / 32768
    loud = np.flatnonzero(np.abs(samples) > _LOUD)
    begins = loud[np.diff(loud, prepend=-_RATE) > _SILENCE_S * _RATE]
    return [(began_s + float(first) / _RATE) * 1000 for first in begins]
