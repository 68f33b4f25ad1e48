"""`yeoul upload FILE`: uploads a file, or resumes its upload, and waits until the video is playable or ready."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from yeoul.base.errors import InvalidError, NotFoundError, YeoulError
from yeoul.cli.connection import (
    EXIT_FAILED,
    EXIT_REACHED,
    EXIT_SERVER,
    EXIT_USAGE,
    add_connection_arguments,
    exit_code_of,
    open_connection,
)
from yeoul.cli.notice import format_notice


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--title", help="title (default: the file's name)")
    add_connection_arguments(parser)
    parser.add_argument("--pipeline", metavar="NAME", help="DAG definition (default: the account's, or standard)")
    parser.add_argument("--parallel", type=_positive, default=4, metavar="N", help="pieces to upload in parallel (default: 4)")
    parser.add_argument("--limit-rate", type=_positive, metavar="BYTES_PER_S", help="maximum upload rate in bytes per second")
    parser.add_argument("--whole", action="store_true", help="upload the file as a whole; the server splits it")
    parser.add_argument("--visibility", choices=("public", "unlisted", "private"), help="visibility of the video (default: private)")
    parser.add_argument("--wait", choices=("none", "playable", "ready"), default="ready", help="state to wait for (default: ready)")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")


def _positive(text: str) -> int:
    number = int(text)
    if number <= 0:
        raise argparse.ArgumentTypeError("must be greater than 0")
    return number


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code: 0 the video reached the state, 2 usage, 3 the video failed permanently, 4 server or network, 5 not allowed."""
    command = _UploadCommand(arguments)
    try:
        if not arguments.file.is_file():
            raise InvalidError(f"{arguments.file} is not a file", field="file")
        code = command.run()
    except YeoulError as error:
        command.error = {"code": error.code, "message": error.message}
        # If the video of this upload is not found, it was deleted in the meantime.
        code = EXIT_FAILED if command.is_open and isinstance(error, NotFoundError) else exit_code_of(error)
    except OSError as error:
        command.error = {"code": InvalidError.code, "message": str(error)}
        code = EXIT_USAGE
    except KeyboardInterrupt:
        print("\nyeoul: stopped; run the same command again to resume the upload", file=sys.stderr)
        return 130
    command.print_result()
    return code


class _UploadCommand:
    """One run of the command: uploads the file, waits for the video and prints the result."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        from yeoul.client.follow import Follower  # not needed for --help

        self._arguments = arguments
        self._connection = open_connection(arguments)
        self._started_s = time.monotonic()
        self._follower = Follower(self._connection, self._started_s)
        self._id: str | None = None
        self._upload_s: float | None = None
        self._sent_bytes = 0
        self.error: dict[str, str] | None = None

    @property
    def is_open(self) -> bool:
        """True if the server has created the video."""
        return self._id is not None

    def run(self) -> int:
        from yeoul.cli.upload_bar import open_bar
        from yeoul.client.uploader import Options, Uploader

        arguments = self._arguments
        with open_bar(enabled=sys.stderr.isatty() and not arguments.json) as bar:
            options = Options(
                title=arguments.title,
                visibility=arguments.visibility,
                pipeline=arguments.pipeline,
                parallel=arguments.parallel,
                bytes_per_s=arguments.limit_rate,
                whole=arguments.whole,
                on_message=bar.print_line,
            )
            uploader = Uploader(self._connection, arguments.file, options, self._on_open)
            bar.show(lambda: (uploader.progress.sent_bytes, uploader.progress.total_bytes, self._follower.video))
            try:
                uploader.run()
                self._upload_s = time.monotonic() - self._started_s
            finally:
                self._sent_bytes = uploader.progress.sent_bytes
            return self._wait()

    def _on_open(self, video_id: str) -> None:
        if self._id is None:
            self._id = video_id
            self._follower.start(video_id)

    def _wait(self) -> int:
        target = self._arguments.wait
        if target == "none":
            return EXIT_REACHED
        while not self._follower.wait(target, 1.0):
            pass
        if self._follower.error is not None:
            raise self._follower.error
        video = self._follower.video or {}
        if video.get("state") == "failed":
            self.error = {"code": video["error"]["code"], "message": video["error"]["message"]}
            return EXIT_FAILED
        return EXIT_REACHED if video.get("state") in ("playable", "ready") else EXIT_SERVER

    def print_result(self) -> None:
        """Prints the result as one JSON object or as text."""
        result = self._result()
        if self._arguments.json:
            print(json.dumps(result), flush=True)
        elif self.error is not None:
            print(f"yeoul: {self.error['message']} ({self.error['code']})", file=sys.stderr)
        else:
            print(f"{result['state']}: {result['watch']}")
            if (notice := result["notice"]) is not None:
                print(f"yeoul: {notice['message']} ({notice['code']})", file=sys.stderr)
            for item in result["notices"]:
                print(f"yeoul: {format_notice(item)} ({item['code']})", file=sys.stderr)

    def _result(self) -> dict[str, Any]:
        video = self._read()
        playback: dict[str, Any] = video.get("playback") or {}
        source, notice = video.get("source"), video.get("notice")
        round_time: Callable[[float | None], float | None] = lambda value: None if value is None else round(value, 3)  # noqa: E731
        return {
            "id": self._id,
            "state": video.get("state"),
            "watch": self._absolute(video.get("watch")),
            "hls": self._absolute(playback.get("hls")),
            "dash": self._absolute(playback.get("dash")),
            "source": None if source is None else {"frames": source["frames"], "duration_s": source["duration_s"]},
            "timings": {
                "upload_s": round_time(self._upload_s),
                "playable_s": round_time(self._follower.playable_s),
                "ready_s": round_time(self._follower.ready_s),
            },
            "sent_bytes": self._sent_bytes,
            "error": self.error,
            "notice": None if notice is None else {"code": notice["code"], "message": notice["message"]},
            "notices": video.get("notices", []),
        }

    def _read(self) -> dict[str, Any]:
        if self._id is None:
            return {}
        if self._follower.video is not None and self._arguments.wait != "none":
            return self._follower.video
        try:
            return self._connection.get(f"videos/{self._id}")
        except YeoulError:
            return self._follower.video or {}

    def _absolute(self, path: str | None) -> str | None:
        return None if path is None else self._connection.server + path
