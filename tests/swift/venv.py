"""OpenStack Swift in a virtual environment of its own: its dependencies are old-fashioned and none of ours."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

_REPOSITORY = Path(__file__).parents[2]
_REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def swift_venv() -> Path:
    """The environment's folder, made at the first use and made anew when the requirements change; safe for parallel test runs."""
    folder = _REPOSITORY / ".cache" / "swift-venv"
    folder.parent.mkdir(exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp, wanted = folder / "requirements.sha256", hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()
        if not stamp.exists() or stamp.read_text() != wanted:
            _make(folder)
            stamp.write_text(wanted)
    return folder


def _make(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "--requirement", str(_REQUIREMENTS)], check=True)


if __name__ == "__main__":
    print(swift_venv())
