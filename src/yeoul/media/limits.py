"""Limits for hostile input: whitelists, limits of frame size, time and memory, and running ffmpeg under them."""

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
from typing import IO, Any, Final

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

# Containers that hold media themselves, by ffmpeg's names. The list excludes playlists (hls, dash, concat), numbered pictures (image2),
# formats that open further files (mlv, vobsub), raw frames without a header, and devices (lavfi).
DEMUXERS: Final = (
    *("mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "mpegts", "avi", "nut"),
    *("asf", "flv", "live_flv", "mpeg", "ogg", "mxf", "dv", "gxf", "lxf", "rm", "wtv", "nuv", "nsv", "pva", "ty", "swf", "amv"),
    *("gif", "apng", "webp", "jpegxl_anim", "ivf", "obu", "av1", "yuv4mpegpipe", "smjpeg", "mjpeg"),
    *("flic", "smk", "bink", "roq", "film_cpk"),
    *("mpegvideo", "m4v", "h261", "h263", "h264", "hevc", "vvc", "vc1", "vc1test", "dirac", "dnxhd", "cavsvideo", "avs", "avs2", "avs3"),
)
# Containers for files that may hold audio alone: also those that can hold nothing else.
SOUND_DEMUXERS: Final = (
    *DEMUXERS,
    *("mp3", "wav", "w64", "flac", "aac", "aiff", "caf", "ac3", "eac3", "dts", "dtshd", "truehd", "mlp", "ape", "tta", "tak", "wv", "amr"),
    *("au", "mpc", "mpc8", "loas", "latm", "dsf", "iff"),
)
PROTOCOLS: Final = ("file",)
# Exceptions that PyAV raises because of a file's content: its own errors, ValueError for unknown side data, IndexError for a stream
# that appears late.
AV_ERRORS: Final = (av.error.FFmpegError, ValueError, IndexError)

_STDERR_TAIL_BYTES: Final = 64 * 1024
_PR_SET_PDEATHSIG: Final = 1
_KILLS: Final = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT})
# ffmpeg exits with 0 even if its decoder refused every frame; only its log says so.
_NO_OUTPUT_MESSAGE: Final = "Nothing was written into output file"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of one operation on one file. timeout_s: wall time. memory_bytes and max_output_bytes: of one tool process."""

    max_pixels: int = 8192 * 4320
    max_duration_s: float = 86400.0
    timeout_s: float = 600.0
    memory_bytes: int = 2 * 2**30
    max_output_bytes: int = 64 * 2**30


@dataclass(frozen=True)
class ToolResult:
    """The result of a tool that succeeded: the tail of its stderr, and its CPU time."""

    stderr: str
    cpu_s: float


def max_demuxed_bytes(file_bytes: int) -> int:
    """Returns the number of packet bytes that demuxing a file of this size may yield.

    Without a limit a file of a few kilobytes can yield gigabytes: by compressed blocks (Matroska), or by sample tables that refer to
    the same bytes many times (MP4).
    """
    return max(3 * file_bytes, 64 * 2**20)


def av_options(limits: Limits, demuxers: Sequence[str] = DEMUXERS) -> dict[str, str]:
    """Returns options for `av.open(options=...)`: only known containers, only local files, no frame above the limit."""
    return {
        "format_whitelist": ",".join(demuxers),
        "protocol_whitelist": ",".join(PROTOCOLS),
        "max_pixels": str(limits.max_pixels),
    }


def ffmpeg_input_options(limits: Limits, demuxers: Sequence[str] = DEMUXERS) -> list[str]:
    """Returns the options of `av_options` as ffmpeg arguments, to be placed before each `-i`."""
    return [
        "-protocol_whitelist",
        ",".join(PROTOCOLS),
        "-format_whitelist",
        ",".join(demuxers),
        "-max_pixels",
        str(limits.max_pixels),
    ]


def open_input(path: Path, limits: Limits, demuxers: Sequence[str] = DEMUXERS) -> InputContainer:
    """Opens a file for demuxing; needs closing.

    Raises UnreadableError if it is not a regular file, is empty, or no known demuxer recognises it.
    """
    mode = _mode(path)
    if not stat.S_ISREG(mode):
        raise UnreadableError("not a regular file", file=path.name)
    if path.stat().st_size == 0:
        raise UnreadableError("the file is empty", file=path.name)
    try:
        # Without "file:", ffmpeg would read the part of a name before a colon as a protocol.
        return av.open(f"file:{path.resolve()}", options=av_options(limits, demuxers), metadata_errors="replace")
    except AV_ERRORS as error:
        raise make_media_error(error, "no demuxer recognises the file", file=path.name) from error


def make_media_error(error: Exception, message: str, **facts: Any) -> YeoulError:
    """Returns the error to raise for an error of `AV_ERRORS`.

    It is UnreadableError with the given message and facts, unless the machine was the cause: then it is StorageFullError, or MediaToolError
    for lack of memory or file descriptors, and a retry can help.
    """
    code = getattr(error, "errno", None)
    reason = str(getattr(error, "strerror", None) or error)[:200]  # without the file's path
    if code in (errno.ENOSPC, errno.EDQUOT):
        return StorageFullError("no room left on the disk")
    if code in (errno.ENOMEM, errno.EMFILE, errno.ENFILE):
        return MediaToolError("the machine could not read or write the file", reason=reason)
    return UnreadableError(message, reason=reason, **facts)


def was_killed(error: YeoulError) -> bool:
    """True if a signal from outside ended the tool: out of memory, an operator's `kill`, or a shutdown. A retry gives another result."""
    return error.facts.get("signal") in _KILLS


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError as error:
        raise UnreadableError("the file cannot be opened", file=path.name, reason=error.strerror) from error


# ffmpeg exits with the low byte of the libav error that stopped it: -errno, or a tag, whose first letter is that byte (libavutil/error.h).
def _exit_code(error: int | str) -> int:
    return -(error if isinstance(error, int) else ord(error)) & 0xFF


# The first entry that matches the exit code or the log wins: some exit codes say only that something failed. Problems of the machine come
# first, because ffmpeg then often reports the input as invalid, too. tests/unit/recorded/ffmpeg_ends.json holds recorded cases.
_OUTCOMES: Final[tuple[tuple[frozenset[int], str, type[YeoulError], str], ...]] = (
    (
        frozenset({_exit_code(errno.ENOSPC), _exit_code(errno.EDQUOT)}),
        r"No space left on device|Disk quota exceeded",
        StorageFullError,
        "no room left on the disk",
    ),
    (
        frozenset({_exit_code(errno.ENOMEM)}),
        r"Cannot allocate memory|Out of memory|Memory allocation error|malloc of size \d+ failed",
        MediaToolError,
        "ffmpeg reached its memory limit",
    ),
    (
        frozenset(),
        r"exceeds specified max pixel count|Picture size \d+x\d+ is invalid",
        TooLargeError,
        "the frame size is larger than allowed",
    ),
    (frozenset({_exit_code(errno.EFBIG)}), r"File too large", TooLargeError, "the output is larger than allowed"),
    (
        frozenset({_exit_code("P")}),  # PATCHWELCOME: not implemented in ffmpeg
        r"no decoder found for|Unknown decoder|doesn't support hardware accelerated",
        UnsupportedCodecError,
        "no decoder for this codec",
    ),
    (
        frozenset({_exit_code("I"), _exit_code(errno.EISDIR)}),  # INVALIDDATA
        r"Invalid data found when processing input|moov atom not found|not on whitelist|does not contain any stream|Decode error rate",
        UnreadableError,
        "ffmpeg cannot read the input",
    ),
)

_FOLDER_PATHS: Final = re.compile(r"(?<![\w/])/(?:[^\s/:']+/)+")  # paths of the server stay private


def tool_error(returncode: int, stderr: str, *, timed_out: bool = False) -> YeoulError:
    """Returns the error for a tool that failed; pure. returncode: negative for a signal, as in `subprocess`."""
    tail = _FOLDER_PATHS.sub("", stderr.strip()[-2000:])
    if timed_out or returncode == -signal.SIGXCPU:
        return MediaTimeoutError("the tool took too long and was stopped", stderr=tail)
    if returncode == -signal.SIGXFSZ:
        return TooLargeError("the output is larger than allowed", stderr=tail)
    if returncode < 0:
        return MediaToolError(f"the tool was killed by signal {-returncode}", signal=-returncode, stderr=tail)
    for codes, pattern, error_type, message in _OUTCOMES:
        if returncode in codes or re.search(pattern, stderr):
            return error_type(message, returncode=returncode, stderr=tail)
    return MediaToolError(f"the tool failed with exit code {returncode}", returncode=returncode, stderr=tail)


def run_tool(argv: Sequence[str], *, limits: Limits, cwd: Path, feed: Sequence[str] | None = None) -> ToolResult:
    """Runs a tool in its own process group, under limits, and waits for it. feed: a second tool, whose output is the first one's input.

    Discards the tool's stdout. Raises the error that `tool_error` returns if the tool or the feed fails; the feed's error comes first.
    """
    if feed is None:
        return _wait_for_end(_start_process(argv, limits, cwd, subprocess.DEVNULL, subprocess.DEVNULL), limits)
    feed_process = _start_process(feed, limits, cwd, subprocess.DEVNULL, subprocess.PIPE)
    assert feed_process.stdout is not None
    # Both processes write to stderr, so both must be read at the same time. The pipe is always closed before waiting for the feed.
    with ThreadPoolExecutor(1) as pool, feed_process.stdout as pipe:
        feed_result = pool.submit(_wait_for_end, feed_process, limits)
        tool = _start_process(argv, limits, cwd, pipe, subprocess.DEVNULL)
        pipe.close()
        try:
            result = _wait_for_end(tool, limits)
        except YeoulError:
            _feed_cpu_s(feed_result)
            raise
        return ToolResult(stderr=result.stderr, cpu_s=result.cpu_s + _feed_cpu_s(feed_result))


def _feed_cpu_s(feed_result: Future[ToolResult]) -> float:
    """Returns the CPU seconds of a feed, or 0 if its reader stopped reading early. Raises the feed's error if it failed otherwise."""
    try:
        return feed_result.result().cpu_s
    except YeoulError as error:
        if "Broken pipe" in str(error.facts.get("stderr", "")):
            return 0.0
        raise


def _start_process(argv: Sequence[str], limits: Limits, cwd: Path, stdin: int | IO[bytes], stdout: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        list(argv),
        cwd=cwd,
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        process_group=0,
        # Between fork and exec only system calls are safe; the constructor prepares everything that they need.
        preexec_fn=_Confinement(limits),  # noqa: PLW1509
    )


def _wait_for_end(process: subprocess.Popen[bytes], limits: Limits) -> ToolResult:
    watchdog = _Watchdog(process.pid, limits.timeout_s)
    try:
        stderr = _read_tail(process)
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        watchdog.kill()
        process.wait()
        raise
    finally:
        watchdog.stop()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0 or watchdog.fired or _NO_OUTPUT_MESSAGE in stderr:
        raise tool_error(process.returncode, stderr, timed_out=watchdog.fired)
    return ToolResult(stderr=stderr, cpu_s=usage.ru_utime + usage.ru_stime)


def _read_tail(process: subprocess.Popen[bytes]) -> str:
    """Returns the last 64 KiB of stderr, read until the tool closes it. Hostile input can make ffmpeg log without end."""
    tail = b""
    assert process.stderr is not None
    with process.stderr as pipe:
        while chunk := os.read(pipe.fileno(), 65536):
            tail = (tail + chunk)[-_STDERR_TAIL_BYTES:]
    return tail.decode("utf-8", "replace")


class _Watchdog:
    """Kills a process group after a timeout."""

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
    """Sets limits of memory, CPU time and file size in the child before exec, and makes it die with its parent (Linux)."""

    def __init__(self, limits: Limits) -> None:
        # RLIMIT_DATA counts allocated memory, not the mapped program. 1080p to three rungs needs 312 MB with one thread, 484 with four.
        cpu_s = int(limits.timeout_s) * (os.cpu_count() or 1) + 1
        self._limits = (
            (resource.RLIMIT_DATA, limits.memory_bytes),
            (resource.RLIMIT_CPU, cpu_s),
            (resource.RLIMIT_FSIZE, limits.max_output_bytes),
            (resource.RLIMIT_CORE, 0),
        )
        self._prctl: Callable[..., int] | None = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def __call__(self) -> None:
        for limit, value in self._limits:
            hard = resource.getrlimit(limit)[1]
            capped = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(limit, (capped, hard))
        if self._prctl is not None:
            self._prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
