"""What hostile input may cost: whitelists, picture and time limits, and how ffmpeg is started and its end understood."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import resource
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import av
import av.error
from av.container import InputContainer

from yeoul.base.errors import (
    MediaTimeoutError,
    MediaToolError,
    StorageFullError,
    TooLargeError,
    UnreadableError,
    UnsupportedCodecError,
    YeoulError,
)

# Containers that hold media themselves, by ffmpeg's names. Playlists (hls, dash, concat), numbered pictures (image2), formats that open
# files beside theirs (mlv, vobsub), raw pictures without a head and devices (lavfi) are not among them.
DEMUXERS: Final = (
    *("mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "mpegts", "avi", "nut"),
    *("asf", "flv", "live_flv", "mpeg", "ogg", "mxf", "dv", "gxf", "lxf", "rm", "wtv", "nuv", "nsv", "pva", "ty", "swf", "amv"),
    *("gif", "apng", "webp", "jpegxl_anim", "ivf", "obu", "av1", "yuv4mpegpipe", "smjpeg", "mjpeg"),
    *("flic", "smk", "bink", "roq", "film_cpk"),
    *("mpegvideo", "m4v", "h261", "h263", "h264", "hevc", "vvc", "vc1", "vc1test", "dirac", "dnxhd", "cavsvideo", "avs", "avs2", "avs3"),
)
# Where a file may be all sound, those that hold nothing else as well.
SOUND_DEMUXERS: Final = (
    *DEMUXERS,
    *("mp3", "wav", "w64", "flac", "aac", "aiff", "caf", "ac3", "eac3", "dts", "dtshd", "truehd", "mlp", "ape", "tta", "tak", "wv", "amr"),
    *("au", "mpc", "mpc8", "loas", "latm", "dsf", "iff"),
)
PROTOCOLS: Final = ("file",)
# What PyAV raises for what is in a file: its own errors, ValueError for side data that it does not know, IndexError for a stream that
# appears late.
BROKEN: Final = (av.error.FFmpegError, ValueError, IndexError)

_STDERR_TAIL_BYTES: Final = 64 * 1024
_PR_SET_PDEATHSIG: Final = 1
# ffmpeg ends with 0 although its decoder refused every picture; only its words tell.
_WROTE_NOTHING: Final = "Nothing was written into output file"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one operation on one file may use; timeout_s is wall time, memory and file size are those of one tool process."""

    max_pixels: int = 8192 * 4320
    max_duration_s: float = 86400.0
    timeout_s: float = 600.0
    memory_bytes: int = 2 * 2**30
    max_output_bytes: int = 64 * 2**30


@dataclass(frozen=True)
class ToolResult:
    """How a tool ended well: the tail of its stderr and the CPU time it took."""

    stderr: str
    cpu_s: float


def most_copied_bytes(file_bytes: int) -> int:
    """Returns how many bytes may come out of a file of this size without being decoded, in bytes.

    Compressed blocks (Matroska) and sample tables that name the same bytes again and again (MP4) make gigabytes of a few kilobytes.
    """
    return max(3 * file_bytes, 64 * 2**20)


def av_options(limits: Limits, demuxers: Sequence[str] = DEMUXERS) -> dict[str, str]:
    """Options for `av.open(options=...)`: only known containers, only files, no picture above the limit."""
    return {
        "format_whitelist": ",".join(demuxers),
        "protocol_whitelist": ",".join(PROTOCOLS),
        "max_pixels": str(limits.max_pixels),
    }


def ffmpeg_input_options(limits: Limits, demuxers: Sequence[str] = DEMUXERS) -> list[str]:
    """The same for ffmpeg: arguments to stand before each `-i`."""
    return [
        "-protocol_whitelist",
        ",".join(PROTOCOLS),
        "-format_whitelist",
        ",".join(demuxers),
        "-max_pixels",
        str(limits.max_pixels),
    ]


def open_input(path: Path, limits: Limits, demuxers: Sequence[str] = DEMUXERS) -> InputContainer:
    """Open a file for demuxing; needs closing.

    Raises UnreadableError for all that is not a regular file with bytes that a known demuxer takes.
    """
    mode = _mode(path)
    if not stat.S_ISREG(mode):
        raise UnreadableError("not a regular file", file=path.name)
    if path.stat().st_size == 0:
        raise UnreadableError("the file is empty", file=path.name)
    try:
        # "file:" keeps a name with a colon from being taken for a protocol.
        return av.open(f"file:{path.resolve()}", options=av_options(limits, demuxers), metadata_errors="replace")
    except BROKEN as error:
        raise UnreadableError("no demuxer recognises the file", file=path.name, reason=reason_of(error)) from error


def reason_of(error: Exception) -> str:
    """Returns what an error of `BROKEN` says, without the file's path."""
    return str(getattr(error, "strerror", None) or error)[:200]


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError as error:
        raise UnreadableError("the file cannot be opened", file=path.name, reason=error.strerror) from error


# ffmpeg ends with the low byte of the libav error that stopped it: -errno, or a tag of which the first letter counts (libavutil/error.h).
def _exit(error: int | str) -> int:
    return -(error if isinstance(error, int) else ord(error)) & 0xFF


# First match wins, by the number or by the words: some numbers say only that something else failed. What went wrong with the machine
# stands before what ffmpeg then says about the input. tests/unit/recorded/ffmpeg_ends.json holds real ends of each kind.
_OUTCOMES: Final[tuple[tuple[frozenset[int], str, type[YeoulError], str], ...]] = (
    (
        frozenset({_exit(errno.ENOSPC), _exit(errno.EDQUOT)}),
        r"No space left on device|Disk quota exceeded",
        StorageFullError,
        "no room left on the disk",
    ),
    (
        frozenset({_exit(errno.ENOMEM)}),
        r"Cannot allocate memory|Out of memory|Memory allocation error|malloc of size \d+ failed",
        MediaToolError,
        "ffmpeg ran out of its memory limit",
    ),
    (
        frozenset(),
        r"exceeds specified max pixel count|Picture size \d+x\d+ is invalid",
        TooLargeError,
        "the picture is larger than allowed",
    ),
    (frozenset({_exit(errno.EFBIG)}), r"File too large", TooLargeError, "the output is larger than allowed"),
    (
        frozenset({_exit("P")}),  # PATCHWELCOME: known, and not written yet
        r"no decoder found for|Unknown decoder|doesn't support hardware accelerated",
        UnsupportedCodecError,
        "no decoder for this codec",
    ),
    (
        frozenset({_exit("I"), _exit(errno.EISDIR)}),  # INVALIDDATA
        r"Invalid data found when processing input|moov atom not found|not on whitelist|does not contain any stream|Decode error rate",
        UnreadableError,
        "ffmpeg cannot read the input",
    ),
)

_FOLDERS: Final = re.compile(r"(?<![\w/])/(?:[^\s/:']+/)+")  # whose names are nobody's business


def tool_error(returncode: int, stderr: str, *, timed_out: bool = False) -> YeoulError:
    """The error that a tool's bad end means; pure. returncode is negative for a signal, as in `subprocess`."""
    tail = _FOLDERS.sub("", stderr.strip()[-2000:])
    if timed_out or returncode == -signal.SIGXCPU:
        return MediaTimeoutError("the tool took too long and was killed", stderr=tail)
    if returncode == -signal.SIGXFSZ:
        return TooLargeError("the output is larger than allowed", stderr=tail)
    if returncode < 0:
        return MediaToolError(f"the tool was ended by signal {-returncode}", signal=-returncode, stderr=tail)
    for codes, words, kind, message in _OUTCOMES:
        if returncode in codes or re.search(words, stderr):
            return kind(message, returncode=returncode, stderr=tail)
    return MediaToolError(f"the tool ended with code {returncode}", returncode=returncode, stderr=tail)


def run_tool(argv: Sequence[str], *, limits: Limits, cwd: Path, feed: Sequence[str] | None = None) -> ToolResult:
    """Run a tool in its own process group, under limits, and wait for it; `feed` is a second tool whose output is its input.

    Raises what `tool_error` makes of its end, or of the feed's, which comes first. Its stdout is thrown away.
    """
    if feed is None:
        return _finish(_start(argv, limits, cwd, subprocess.DEVNULL, subprocess.DEVNULL), limits)
    feeding = _start(feed, limits, cwd, subprocess.DEVNULL, subprocess.PIPE)
    assert feeding.stdout is not None
    # Both write to stderr, so both must be read at once. Whatever happens here, the pipe is closed before the feed is waited for.
    with ThreadPoolExecutor(1) as pool, feeding.stdout as pipe:
        fed = pool.submit(_finish, feeding, limits)
        tool = _start(argv, limits, cwd, pipe, subprocess.DEVNULL)
        pipe.close()
        try:
            result = _finish(tool, limits)
        except YeoulError:
            _feed_cpu_s(fed)
            raise
        return ToolResult(stderr=result.stderr, cpu_s=result.cpu_s + _feed_cpu_s(fed))


def _feed_cpu_s(fed: Future[ToolResult]) -> float:
    """CPU seconds of a feed, 0 where its reader had enough or failed before its end. Raises the feed's own error otherwise."""
    try:
        return fed.result().cpu_s
    except YeoulError as error:
        if "Broken pipe" in str(error.facts.get("stderr", "")):
            return 0.0
        raise


def _start(argv: Sequence[str], limits: Limits, cwd: Path, stdin: int | IO[bytes], stdout: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        list(argv),
        cwd=cwd,
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        process_group=0,
        # Only system calls between fork and exec; everything they need is built before.
        preexec_fn=_Confinement(limits),  # noqa: PLW1509
    )


def _finish(process: subprocess.Popen[bytes], limits: Limits) -> ToolResult:
    watch = _Watchdog(process.pid, limits.timeout_s)
    try:
        stderr = _read_tail(process)
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        watch.kill()
        process.wait()
        raise
    finally:
        watch.stop()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0 or watch.fired or _WROTE_NOTHING in stderr:
        raise tool_error(process.returncode, stderr, timed_out=watch.fired)
    return ToolResult(stderr=stderr, cpu_s=usage.ru_utime + usage.ru_stime)


def _read_tail(process: subprocess.Popen[bytes]) -> str:
    """The last 64 KiB of stderr, read until the tool closes it; hostile input can make ffmpeg complain without end."""
    tail = b""
    assert process.stderr is not None
    with process.stderr as pipe:
        while chunk := os.read(pipe.fileno(), 65536):
            tail = (tail + chunk)[-_STDERR_TAIL_BYTES:]
    return tail.decode("utf-8", "replace")


class _Watchdog:
    """Kills a process group when its time is over."""

    def __init__(self, group: int, timeout_s: float) -> None:
        self.fired = False
        self._group = group
        self._timer = threading.Timer(timeout_s, self._fire)
        self._timer.daemon = True
        self._timer.start()

    def _fire(self) -> None:
        self.fired = True
        self.kill()

    def kill(self) -> None:
        try:
            os.killpg(self._group, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def stop(self) -> None:
        self._timer.cancel()
        self._timer.join()


class _Confinement:
    """Runs in the child before exec: limits of memory, CPU time and file size, and death with the parent (Linux)."""

    def __init__(self, limits: Limits) -> None:
        # RLIMIT_DATA counts what is allocated and not the mapped program. 1080p to three rungs: 312 MB by one thread, 484 by four.
        cpu_s = int(limits.timeout_s) * (os.cpu_count() or 1) + 1
        self._limits = (
            (resource.RLIMIT_DATA, limits.memory_bytes),
            (resource.RLIMIT_CPU, cpu_s),
            (resource.RLIMIT_FSIZE, limits.max_output_bytes),
            (resource.RLIMIT_CORE, 0),
        )
        self._prctl: Callable[..., int] | None = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def __call__(self) -> None:
        for kind, value in self._limits:
            hard = resource.getrlimit(kind)[1]
            capped = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (capped, hard))
        if self._prctl is not None:
            self._prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
