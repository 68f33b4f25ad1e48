"""What our pages are held against: Shaka Player in a page of a few lines, and a ready video's files as they are, served by nginx."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from urllib.request import urlopen

from bench.server import Server, free_port

_SHAKA = Path(__file__).parents[1] / "web" / "node_modules" / "shaka-player" / "dist" / "shaka-player.compiled-es2021.js"
_PAGE = """<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>Shaka Player</title><link rel="icon" href="data:,"></head>
  <body>
    <video width="960" height="540"></video>
    <script src="shaka-player.js"></script>
    <script>
      shaka.polyfill.installAll();
      const video = document.querySelector("video");
      const player = new shaka.Player();
      const load = async () => { await player.attach(video); await player.load("stream/manifest.mpd"); };
      const way = location.search.slice(1);
      if (way !== "cold") load().then(() => way === "auto" && video.play());
      video.addEventListener("click", async () => { if (way === "cold") await load(); await video.play(); });
    </script>
  </body>
</html>
"""
_CONFIG = """daemon off; user root; worker_processes 1; pid {folder}/nginx.pid; error_log stderr;
events {{ worker_connections 256; }}
http {{
  types {{ text/html html; text/javascript js; application/dash+xml mpd; application/vnd.apple.mpegurl m3u8; video/mp4 mp4 m4s; }}
  access_log off; sendfile on; tcp_nopush on; keepalive_timeout 60;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; }}
}}
"""


@contextmanager
def running_bare_player(server: Server, video: dict[str, Any], folder: Path) -> Iterator[str]:
    """The address of that page: `?auto` loads and plays at once, `?cold` when clicked; else it loads at once and plays when clicked."""
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    port, site = free_port(), folder / "www"
    (site / "stream").mkdir(parents=True)
    (site / "index.html").write_text(_PAGE)
    shutil.copy(_SHAKA, site / "shaka-player.js")
    playback = server.get(f"/api/v1/videos/{video['id']}")["playback"]
    copy_stream(urljoin(server.url, playback["dash"]), urljoin(server.url, playback["hls"]), site / "stream")
    (folder / "nginx.conf").write_text(_CONFIG.format(folder=folder, port=port))
    process = subprocess.Popen([nginx, "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")])
    try:
        _wait_for(f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait()


def copy_stream(mpd: str, multivariant: str, folder: Path) -> None:
    """All files of a stream, under the names that they have beside each other; the manifest as manifest.mpd."""
    root, _, _ = multivariant.rpartition("/")
    (folder / "manifest.mpd").write_bytes(_read(mpd))
    waiting, seen = [multivariant], set[str]()
    while waiting:
        url = waiting.pop()
        if url in seen:
            continue
        seen.add(url)
        body = _read(url)
        file = folder / url.removeprefix(f"{root}/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
        if url.endswith(".m3u8"):
            waiting += [urljoin(url, one) for one in _uris(body.decode())]


def _uris(playlist: str) -> Iterator[str]:
    for line in playlist.splitlines():
        yield from re.findall(r'URI="([^"]+)"', line) if line.startswith("#") else [line] if line else []


def _read(url: str) -> bytes:
    with urlopen(url, timeout=30) as answer:
        return answer.read()


def _wait_for(url: str) -> None:
    until_s = time.monotonic() + 10
    while True:
        try:
            _read(url)
        except OSError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.05)
        else:
            return
