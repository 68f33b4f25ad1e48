"""Runs `make up`, waits until Yeoul is healthy and the first video of the feed plays, prints both times, and stops it by SIGTERM.

Standard library only: nothing is set up yet when it starts.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Callable
from urllib.parse import urljoin

SERVER = f"http://127.0.0.1:{os.environ.get('YEOUL_SERVER__PORT', '8000')}/"
HEALTHY_LIMIT_S = 900.0
READY_LIMIT_S = 180.0
STOP_LIMIT_S = 30.0


def fetch(path: str) -> bytes:
    with urllib.request.urlopen(urljoin(SERVER, path), timeout=5) as answer:
        return bytes(answer.read())


def is_healthy() -> bool:
    try:
        fetch("healthz")
    except OSError:
        return False
    return True


def is_seeded() -> bool:
    """Whether the first video of the feed is ready, with a master playlist that names its streams."""
    try:
        items = json.loads(fetch("api/v1/feed"))["items"]
        return bool(items) and items[0]["state"] == "ready" and b"#EXT-X-STREAM-INF" in fetch(items[0]["playback"]["hls"])
    except OSError:
        return False


def wait_for(what: Callable[[], bool], process: subprocess.Popen[bytes], limit_s: float) -> float:
    """Seconds until `what` holds; raises SystemExit when the program ends, or the limit passes, before."""
    start_s = time.monotonic()
    while not what():
        if process.poll() is not None:
            raise SystemExit(f"make up ended with {process.returncode}, not yet {what.__name__}")
        if time.monotonic() - start_s > limit_s:
            raise SystemExit(f"not {what.__name__} after {limit_s:.0f} s")
        time.sleep(0.05)
    return time.monotonic() - start_s


def main() -> None:
    if is_healthy():
        raise SystemExit(f"{SERVER} answers already: another server runs on that port")
    process = subprocess.Popen(["make", "up"])
    try:
        print(f"healthy after {wait_for(is_healthy, process, HEALTHY_LIMIT_S):.2f} s", flush=True)
        print(f"the first video is ready {wait_for(is_seeded, process, READY_LIMIT_S):.2f} s later", flush=True)
    finally:
        process.terminate()  # make passes it on to its child, and waits for it
        process.wait(STOP_LIMIT_S)
    if is_healthy():
        raise SystemExit("the server still answers after SIGTERM")


if __name__ == "__main__":
    main()
