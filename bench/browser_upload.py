"""Uploading 2 GB in Chromium against a PUT of the same file as it is: the page's own clock, and the memory of page and worker.

Nothing stands in the data's way: the browser gets a path and reads the file itself, and no request is intercepted. Tasks are held, for it
is sending that is timed, not encoding.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from bench.devtools import DevTools, Tab, running_chromium
from bench.server import Server
from yeoul.media.binaries import ffmpeg_path

_SAMPLE_S = 0.5
_LIMIT_S = 1800.0
_API = "/api/v1"
# One body, whatever its size, for the PUT that is compared with.
_ENVIRON = {"YEOUL_UPLOAD__MAX_PIECE_BYTES": str(2**33), "YEOUL_UPLOAD__PART_BYTES": str(2**33)}
_CLOCK = """
() => {
  const row = () => document.querySelector("li.upload")?.dataset.state;
  window.clock = { begunMs: 0, endedMs: 0, state: null };
  document.querySelector("#files").addEventListener("change", () => { window.clock.begunMs = performance.now(); }, { capture: true });
  new MutationObserver(() => {
    window.clock.state = row();
    if (["done", "failed"].includes(row()) && window.clock.endedMs === 0) window.clock.endedMs = performance.now();
  }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"] });
}
"""
_RAW_PUT = """
async ({ url, headers }) => {
  const file = document.querySelector("#raw").files[0];
  const begunMs = performance.now();
  const answer = await fetch(url, { method: "PUT", headers, body: file });
  return [answer.status, performance.now() - begunMs];
}
"""


@dataclass
class BrowserUpload:
    """One upload: bytes each second of page and raw PUT; heaps of page and worker, and their array buffers, in bytes, over time.

    workers: how many of them told theirs.
    """

    page_bps: float
    raw_bps: float
    heap_bytes: list[int] = field(default_factory=list[int])
    buffer_bytes: list[int] = field(default_factory=list[int])
    workers: int = 0


def make_large(size_bytes: int, to: Path) -> None:
    """A file of about so many bytes as a camera writes them: ten seconds of 1080p at 20 Mb/s with sound, over and over."""
    clip = to.with_name(f"clip-{to.name}")
    picture = ["-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30,noise=alls=20:allf=t", "-f", "lavfi", "-i", "sine=sample_rate=48000"]
    rate = ["-b:v", "20M", "-maxrate", "20M", "-bufsize", "20M", "-g", "30", "-pix_fmt", "yuv420p"]
    coded = ["-t", "10", "-c:v", "libx264", "-preset", "ultrafast", *rate, "-c:a", "aac"]
    subprocess.run([ffmpeg_path(), "-v", "error", *picture, *coded, str(clip)], check=True)
    loops = round(size_bytes / clip.stat().st_size) - 1
    subprocess.run([ffmpeg_path(), "-v", "error", "-stream_loop", str(loops), "-i", clip, "-c", "copy", str(to)], check=True)


def measure_browser_upload(file: Path, folder: Path) -> BrowserUpload:
    """Send a file by the page, then as one body."""
    with Server(folder / "data", **_ENVIRON) as server, running_chromium() as tools:
        cookie = {"name": "yeoul_session", "value": server.token, "url": server.url, "httpOnly": True}
        tools.ask("Storage.setCookies", cookies=[cookie])
        found = _upload_by_page(tools, server, file)
        found.raw_bps = file.stat().st_size / _put_raw(tools, server, file)
    return found


def _upload_by_page(tools: DevTools, server: Server, file: Path) -> BrowserUpload:
    tab = Tab(tools, f"{server.url}/upload")
    tab.wait_for("document.querySelector('#files') !== null")
    tab.run(f"({_CLOCK})()")
    found = BrowserUpload(0.0, 0.0)
    tab.give_file("#files", file)
    with _tasks_held(server) as hold:
        ends_s = time.monotonic() + _LIMIT_S
        while tab.run("window.clock.endedMs") == 0 and time.monotonic() < ends_s:
            hold()
            usages = tab.heaps()
            found.heap_bytes.append(int(sum(usage["usedSize"] + usage.get("embedderHeapUsedSize", 0) for usage in usages)))
            found.buffer_bytes.append(int(sum(usage.get("backingStorageSize", 0) for usage in usages)))
            found.workers = max(found.workers, len(usages) - 1)
            time.sleep(_SAMPLE_S)
        clock = tab.run("window.clock")
    assert clock["state"] == "done", clock
    found.page_bps = 1000 * file.stat().st_size / (clock["endedMs"] - clock["begunMs"])
    return found


@contextmanager
def _tasks_held(server: Server) -> Iterator[Any]:
    """The server's pipeline and all that it starts stand still; what it gives holds those that came since."""
    pipeline = next(process for process in server.tree() if "pipeline" in process.cmdline())
    held: dict[int, psutil.Process] = {}

    def hold() -> None:
        for process in (pipeline, *pipeline.children(recursive=True)):
            if process.pid not in held:
                held[process.pid] = process
                process.suspend()

    try:
        yield hold
    finally:
        for process in held.values():
            if process.is_running():
                process.resume()


def _put_raw(tools: DevTools, server: Server, file: Path) -> float:
    """Seconds of one PUT of the whole file to the store."""
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    _, video = server.request("POST", f"{_API}/videos", {"title": "raw"})
    about = {"mode": "whole", "file_name": file.name, "size_bytes": file.stat().st_size, "fingerprint": digest}
    _, upload = server.request("POST", f"{_API}/videos/{video['id']}/upload", about)
    declared = {"index": 0, "size_bytes": file.stat().st_size, "sha256": digest}
    _, answer = server.request("POST", f"{_API}/uploads/{upload['id']}/urls", {"pieces": [declared]})
    signed = answer["urls"][0]
    tab = Tab(tools, f"{server.url}/upload")
    tab.wait_for("document.querySelector('#files') !== null")
    tab.run("document.body.append(Object.assign(document.createElement('input'), { type: 'file', id: 'raw' }))")
    tab.give_file("#raw", file)
    url = urlsplit(signed["url"])._replace(scheme="", netloc="").geturl()  # where the page came from, as the page itself has it
    status, took_ms = tab.run(f"({_RAW_PUT})({json.dumps({'url': url, 'headers': signed['headers']})})")
    assert status == 200, status
    return float(took_ms) / 1000
