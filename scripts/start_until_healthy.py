"""Runs `make up`, waits for /healthz, prints how long that took and stops it by SIGTERM. Standard library only: nothing is set up yet."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

LIMIT_S = 900.0
STOP_LIMIT_S = 30.0


def is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def wait_until_healthy(process: subprocess.Popen[bytes], url: str) -> float:
    """Seconds from now to the first 200; raises SystemExit when the program ends or the limit passes before."""
    start_s = time.monotonic()
    while not is_healthy(url):
        if process.poll() is not None:
            raise SystemExit(f"make up ended with {process.returncode} before it was healthy")
        if time.monotonic() - start_s > LIMIT_S:
            raise SystemExit(f"make up was not healthy after {LIMIT_S:.0f} s")
        time.sleep(0.05)
    return time.monotonic() - start_s


def main() -> None:
    url = f"http://127.0.0.1:{os.environ.get('YEOUL_SERVER__PORT', '8000')}/healthz"
    if is_healthy(url):
        raise SystemExit(f"{url} answers already: another server runs on that port")
    process = subprocess.Popen(["make", "up"])
    try:
        print(f"healthy after {wait_until_healthy(process, url):.2f} s", flush=True)
    finally:
        process.terminate()  # make passes it on to its child, and waits for it
        process.wait(STOP_LIMIT_S)
    if is_healthy(url):
        sys.exit("the server still answers after SIGTERM")


if __name__ == "__main__":
    main()
