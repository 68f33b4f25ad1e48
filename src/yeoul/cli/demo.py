"""The demo video of the first start, which is generated and then uploaded through the real pipeline."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from yeoul import bootstrap
from yeoul.base.sandbox.confine import die_with_parent
from yeoul.cli.main import main as run_command
from yeoul.cli.server_options import add_server_arguments, read_overrides
from yeoul.media.binaries import ffmpeg_path

_DEMO_S = 12


def make_demo_command(out: Path) -> list[str]:
    """Returns the ffmpeg command that generates the demo clip: moving colours and a soft tone, 1280x720 at 30 frames/s."""
    colours = "c0=0x0b3954:c1=0x087e8b:c2=0xbfd7ea:c3=0xff5a5f:c4=0xc81d25"
    video = f"gradients=size=1280x720:rate=30:duration={_DEMO_S}:speed=0.02:n=5:seed=7:{colours}"
    audio = f"aevalsrc=0.2*sin(2*PI*(220+60*sin(2*PI*t/{_DEMO_S}))*t)*(0.6+0.4*sin(2*PI*t*0.5)):s=48000:d={_DEMO_S}"
    encode = [
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-crf",
        "20",
        "-g",
        "60",
        "-sc_threshold",
        "0",
        "-pix_fmt",
        "yuv420p",
        "-c:a",
        "aac",
    ]
    inputs = ["-f", "lavfi", "-i", video, "-f", "lavfi", "-i", audio]
    return [ffmpeg_path(), "-v", "error", "-nostdin", "-y", *inputs, *encode, "-movflags", "+faststart", str(out)]


def _stop(*_: object) -> None:
    """Ends this process in order, so that its temporary folder is deleted."""
    sys.exit(0)


def main() -> int:
    """Generates the demo clip and uploads it with `yeoul upload`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int)
    add_server_arguments(parser)
    arguments = parser.parse_args()
    if arguments.parent is not None:
        die_with_parent(arguments.parent)
    signal.signal(signal.SIGTERM, _stop)
    settings = bootstrap.open_settings(arguments.data, **read_overrides(arguments))
    with tempfile.TemporaryDirectory(dir=settings.data) as folder:
        clip = Path(folder) / "demo.mp4"
        subprocess.run(make_demo_command(clip), check=True)
        host = "127.0.0.1" if settings.server.host in {"0.0.0.0", "::"} else settings.server.host  # noqa: S104
        server = f"http://{host}:{settings.server.port}"
        options = [
            "upload",
            str(clip),
            "--title",
            "Welcome to Yeoul",
            "--visibility",
            "public",
            "--server",
            server,
            "--data",
            str(settings.data),
        ]
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
            return run_command([*options, "--json"])


if __name__ == "__main__":
    sys.exit(main())
