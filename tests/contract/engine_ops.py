"""The runner of test_engine.py: ops that behave, misbehave and leave things behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from yeoul.base.errors import TruncatedError
from yeoul.model.work import TRAFFIC, Work

_SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


def load(config: dict[str, Any]):
    """The factory: `config` may ask for a failure, and is given back by the op "config"."""
    if config.get("fail"):
        raise ValueError(config["fail"])
    if config.get("thread"):
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()

    def tell_config(*_: object) -> dict[str, Any]:
        secret = os.pread(config["secret"], 1000, 0).decode()
        return {"config": config, "loader": os.getppid(), "environ": dict(os.environ), "secret": secret}

    ops = {**_OPS, "config": tell_config}

    def run(work: Work, scratch: Path, progress: Callable[[float], None]) -> dict[str, Any]:
        return ops[work.op](work.params, scratch, progress)

    return run


def _steps(params, scratch, progress):
    for share in params["shares"]:
        progress(share)
        time.sleep(params["every_s"])
    return {}


def _burn(params, scratch, progress):
    """Burn CPU here and in a process that we start."""
    code = f"import time\nend = time.process_time() + {params['cpu_s']}\nwhile time.process_time() < end: pass"
    subprocess.run([sys.executable, "-c", code], check=True)
    exec(code, {})
    return {}


def _priority(params, scratch, progress):
    groups = Path("/proc/self/autogroup")
    return {"nice": os.nice(0), "group": groups.read_text().split()[-1] if groups.exists() else None}


def _litter(params, scratch, progress):
    (scratch / "deep").mkdir()
    (scratch / "deep" / "file").write_bytes(b"x" * 1000)
    Path(os.environ["TMPDIR"], "other").write_text("x")
    return {"scratch": str(scratch), "found": sorted(entry.name for entry in scratch.iterdir())}


def _tree(params, scratch, progress):
    """Start one of each kind of descendant, tell their pids, then hang or end as asked."""
    (scratch / "half-written").write_bytes(b"x")
    tree = [
        subprocess.Popen(_SLEEP),
        subprocess.Popen(_SLEEP, process_group=0),
        subprocess.Popen(_SLEEP, start_new_session=True),
        subprocess.Popen(_SLEEP, start_new_session=not params.get("bare_in_session"), env={}),
    ]
    # A double fork: its parent ends at once, so it is an orphan while the op still runs.
    daemon = "import subprocess, sys; print(subprocess.Popen(sys.argv[1:], start_new_session=True, stdout=2).pid)"
    orphan = subprocess.run([sys.executable, "-c", daemon, *_SLEEP], check=True, stdout=subprocess.PIPE)
    pids = [os.getpid(), *(process.pid for process in tree), int(orphan.stdout)]
    Path(params["pids"]).write_text(" ".join(map(str, pids)))
    progress(0.5)
    if params["then"] == "hang":
        time.sleep(600)
    if params["then"] == "ignore":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            time.sleep(600)
    Path(params["go"]).read_text()  # a FIFO: returns when somebody writes to it
    return {"left": len(pids) - 1}


def _hog(params, scratch, progress):
    kept = []
    while True:
        kept.append(bytearray(16 * 2**20))
        progress(len(kept) / 1000)


def _hog_below(params, scratch, progress):
    ended = subprocess.run([sys.executable, "-c", "bytearray(2 * 2**30)"], check=False, stderr=subprocess.PIPE)
    return {"code": ended.returncode, "says_memory": b"MemoryError" in ended.stderr}


def _truncated(params, scratch, progress):
    error = TruncatedError("frames are missing", found=3, promised=5)
    vars(error)[TRAFFIC] = {"read_bytes": 7, "written_bytes": 5}
    raise error


def _bug(params, scratch, progress):
    return {"never": params["not there"]}


_OPS: dict[str, Callable[[dict[str, Any], Path, Callable[[float], None]], Any]] = {
    "noop": lambda params, *_: {"echo": params},
    "steps": _steps,
    "burn": _burn,
    "litter": _litter,
    "priority": _priority,
    "tree": _tree,
    "hog": _hog,
    "hog_below": _hog_below,
    "truncated": _truncated,
    "bug": _bug,
    "not_json": lambda _params, scratch, _progress: {"path": scratch},
    "leave": lambda *_: sys.exit(3),
    "vanish": lambda *_: os._exit(0),
    "segfault": lambda *_: os.kill(os.getpid(), signal.SIGSEGV),
    "big": lambda params, *_: {"text": "x" * params["size"]},
}
