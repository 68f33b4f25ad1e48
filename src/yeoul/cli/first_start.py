"""The first start: creates the admin account, and uploads a demo video through the real pipeline."""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

from yeoul import bootstrap
from yeoul.base.clock import SystemClock
from yeoul.base.ids import new_id
from yeoul.base.sandbox.confine import die_with_parent
from yeoul.base.settings import Settings
from yeoul.catalog.account import account, session
from yeoul.cli.server_options import add_server_arguments, read_overrides
from yeoul.identity.password import hash_password, hash_token
from yeoul.media.binaries import ffmpeg_path

_TOKEN_TTL_S = 10 * 365 * 86400.0
_DEMO_S = 12


def make_admin(settings: Settings) -> str | None:
    """Creates the account `admin` and a token at DATA/admin.token; returns the password, or None if there already are accounts."""
    database = bootstrap.make_database(settings)
    now_s = SystemClock().now()
    password, token = secrets.token_urlsafe(12), secrets.token_urlsafe(32)
    try:
        with database.write() as connection:
            if account.count(connection) > 0:
                return None
            admin_id = new_id(now_s)
            hashed = hash_password(password)
            account.add_account(connection, admin_id, "admin", "admin@localhost", hashed, "admin", now_s, confirmed_at=now_s)
            row = {"id": new_id(now_s), "token_hash": hash_token(token), "account_id": admin_id, "expires_at": now_s + _TOKEN_TTL_S}
            session.add(connection, {**row, "user_agent": "commands on the server's machine", "ip": ""}, now_s)
            _write_private(settings.data / "admin.token", token)
    finally:
        database.close()
    return password


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")


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


def main() -> int:
    """Generates the demo clip and uploads it with `yeoul upload`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int)
    add_server_arguments(parser)
    arguments = parser.parse_args()
    if arguments.parent is not None:
        die_with_parent(arguments.parent)
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
        command = [sys.executable, "-m", "yeoul.cli.main", *options, "--json"]
        return subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    sys.exit(main())
