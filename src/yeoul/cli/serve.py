"""`yeoul serve api|pipeline|edge`: runs one role in this process until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from yeoul import bootstrap
from yeoul.base.clock import SystemClock
from yeoul.base.errors import YeoulError
from yeoul.base.sandbox.confine import die_with_parent
from yeoul.base.settings import Settings
from yeoul.blob.hosted import HostedStore
from yeoul.cli.server_options import add_server_arguments, read_overrides
from yeoul.cli.signal_pipe import SignalPipe

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from yeoul.pipeline.dispatcher import Dispatcher

log = logging.getLogger("yeoul")
_DRAIN_S = 20.0
_IDLE_WAIT_S = 2.0
_SWEEP_EVERY_S = 2.0
_PIPELINE_NICE = 5  # uploads and viewers go before new tasks, and these before running ones
_BUSY_TIMEOUT_S = 4.0  # so that a request fails within five seconds if the database is busy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("role", choices=("api", "pipeline", "edge"))
    parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    add_server_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    gc.disable()  # until the role has been built: a tenth of the time to start
    if arguments.parent is not None:
        die_with_parent(arguments.parent)
    os.umask(0o077)
    level = os.environ.get("YEOUL_LOG", "INFO")
    logging.basicConfig(level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = bootstrap.open_settings(arguments.data, **read_overrides(arguments))
    sandbox_lacks = bootstrap.find_missing_sandbox_parts(settings)  # it forks, so it must run before any thread starts
    if arguments.role == "pipeline":
        if sandbox_lacks:
            log.warning("the sandbox for tasks is incomplete on this machine, missing: %s; see docs/security.md", ", ".join(sandbox_lacks))
        return _serve_pipeline(settings)
    return asyncio.run(_serve_edge(settings) if arguments.role == "edge" else _serve_api(settings, sandbox_lacks))


def _serve_pipeline(settings: Settings) -> int:
    os.nice(_PIPELINE_NICE)
    clock = SystemClock()
    lock = bootstrap.lock_pipeline(settings)
    database = bootstrap.make_database(settings)
    store = bootstrap.make_store(settings, clock)
    engine = bootstrap.make_engine(settings)
    tracer = bootstrap.make_tracer(settings, database)
    dispatcher = bootstrap.make_dispatcher(settings, database, engine, store, clock, tracer=tracer)
    _start_collecting()
    signals = SignalPipe(signal.SIGTERM, signal.SIGINT)
    dispatcher.recover(only_dispatcher=database.is_sqlite)
    drain_until_s: float | None = None
    sweep_at_s = 0.0
    while drain_until_s is None or (engine.running() and time.monotonic() < drain_until_s):
        try:
            if isinstance(store, HostedStore) and time.monotonic() >= sweep_at_s:
                sweep_at_s = time.monotonic() + _SWEEP_EVERY_S
                store.sweep_partials()  # from attempts that were killed while writing
            dispatcher.step(_IDLE_WAIT_S, (signals.fileno(),))
        except YeoulError as error:
            log.warning("%s: %s", error.code, error.message)
            time.sleep(0.5)
        except Exception:
            log.exception("unexpected error in the dispatcher; it continues")
            time.sleep(0.5)
        if signals.stop_requested and drain_until_s is None:
            signals.drain()
            dispatcher.stop_starting()
            drain_until_s = time.monotonic() + _DRAIN_S
    engine.close()
    _release_tasks(dispatcher)
    dispatcher.close()
    if tracer is not None:
        tracer.close()
    database.close()
    if lock is not None:
        lock.close()
    return 0


def _start_collecting() -> None:
    """Starts garbage collection, which leaves out what has been built so far: it lives as long as the process."""
    gc.freeze()
    gc.enable()


def _release_tasks(dispatcher: Dispatcher) -> None:
    """Releases tasks that did not end in time. If the database is not available, other dispatchers reclaim them when the leases expire."""
    try:
        dispatcher.release_all()
    except YeoulError as error:
        log.warning("%s: %s", error.code, error.message)


async def _serve_api(settings: Settings, sandbox_lacks: tuple[str, ...]) -> int:
    clock = SystemClock()
    bootstrap.check_port(settings)
    database = bootstrap.make_database(settings, busy_s=_BUSY_TIMEOUT_S)
    store = bootstrap.make_store(settings, clock)
    if isinstance(store, HostedStore):
        store.sweep_partials()  # from a server that was killed while receiving
    app = bootstrap.make_api(settings, database, store, clock, sandbox_lacks)
    mails, webhooks = bootstrap.make_mail_sender(settings, database, clock), bootstrap.make_webhook_sender(settings, database, clock)
    senders = (mails, webhooks, app.state.parts.beacons)
    for sender in senders:
        sender.start()
    await _serve(settings, bootstrap.make_site(app))
    await asyncio.gather(*(asyncio.to_thread(sender.close) for sender in senders))
    app.state.parts.response_cache.close()
    app.state.parts.streams.close()
    database.close()
    return 0


async def _serve_edge(settings: Settings) -> int:
    clock = SystemClock()
    bootstrap.check_port(settings)
    database = bootstrap.make_database(settings, busy_s=_BUSY_TIMEOUT_S)
    streams = bootstrap.make_stream_cache(settings, database, clock)
    await _serve(settings, bootstrap.make_edge_site(settings, streams, bootstrap.make_store(settings, clock), clock))
    streams.close()
    database.close()
    return 0


async def _serve(settings: Settings, app: ASGIApp) -> None:
    """Serves an application until SIGTERM or SIGINT."""
    from granian.constants import Interfaces  # the pipeline does not need a web server
    from granian.server.embed import Server

    server = Server(
        app,
        address=settings.server.host,
        port=settings.server.port,
        interface=Interfaces.ASGI,
        log_enabled=False,
        runtime_blocking_threads=8,
        backlog=1024,
    )
    _start_collecting()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    await server.serve()
