"""The traces of videos as a collector gets them: OTLP over HTTP, decoded from its own bytes."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bench.server import Server
from tests.e2e.waiting import wait_for
from tests.streams import make_source

API = "/api/v1"
FAILED = 2  # STATUS_CODE_ERROR of trace.proto


class Collector:
    """A receiver of OTLP over HTTP. It refuses the first request, as one that is not set up yet."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.refused = 0
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(collector.take(self.path, gzip.decompress(body) if self.headers["content-encoding"] == "gzip" else body))
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name)
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def take(self, path: str, body: bytes) -> int:
        if path != "/v1/traces":
            return 404
        if self.refused == 0:
            self.refused += 1
            return 400
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            assert {item.key: item.value.string_value for item in resource.resource.attributes}["service.name"] == "yeoul"
            self.spans += [span for scope in resource.scope_spans for span in scope.spans]
        return 200

    def trace_of(self, video: str) -> list[Any]:
        wanted = hashlib.sha256(video.encode()).digest()[:16]
        return [span for span in self.spans if span.trace_id == wanted]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


def facts_of(span: Any) -> dict[str, Any]:
    return {item.key: getattr(item.value, item.value.WhichOneof("value")) for item in span.attributes}


@pytest.mark.long
def test_a_trace_follows_a_video_from_its_upload_to_ready(
    make_server: Callable[..., Server], collector: Collector, tmp_path: Path, media_dir: Path
):
    server = make_server(YEOUL_TELEMETRY__OTLP_ENDPOINT=collector.url)
    lost = server.upload(media_dir / "bad-garbage.mp4")
    wait_for(lambda: collector.refused, "the first trace")
    clip = make_source(tmp_path / "clip.mp4", size="320x240", duration_s=8.0)
    result = server.upload(clip)
    assert (result["state"], result["exit"]) == ("ready", 0), (result, server.read_log())
    spans = wait_for(lambda: collector.trace_of(result["id"]), "the trace of the video")
    assert collector.trace_of(lost["id"]) == []

    # One root, and all else below it and within it, from the opening of the upload to `ready`.
    (root,) = [span for span in spans if not span.parent_span_id]
    assert (root.name, facts_of(root)["yeoul.video"], facts_of(root)["yeoul.state"]) == ("video", result["id"], "ready")
    assert {span.parent_span_id for span in spans if span is not root} == {root.span_id}
    assert len({span.span_id for span in spans}) == len(spans)
    assert all(root.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano for span in spans)
    assert max(span.end_time_unix_nano for span in spans) == root.end_time_unix_nano
    by_name = {span.name: span for span in spans}
    assert by_name["upload"].start_time_unix_nano == root.start_time_unix_nano
    assert by_name["ready"].end_time_unix_nano == root.end_time_unix_nano == root.events[-1].time_unix_nano
    assert [event.name for event in root.events] == ["playable", "ready"]
    landed = [event.name for event in by_name["upload"].events]
    assert landed == ["landed"] * len(landed) and len(landed) > 1

    # Every attempt has its span, with what its timeline says.
    bars = {(bar["task"], bar["attempt"]): bar for bar in server.get(f"{API}/videos/{result['id']}/dag/timeline")["bars"]}
    attempts = {(facts["yeoul.task"], facts["yeoul.attempt"]): span for span in spans if "yeoul.task" in (facts := facts_of(span))}
    assert attempts.keys() == bars.keys() and {"inspect", "encode_low", "audio", "package"} <= by_name.keys()
    for place, span in attempts.items():
        facts, bar = facts_of(span), bars[place]
        assert (span.name, facts["yeoul.outcome"], facts["yeoul.worker"]) == (bar["stage"], "done", bar["worker"])
        assert (facts["yeoul.queue_wait_s"], facts["yeoul.cpu_s"]) == (bar["wait_s"], bar["cpu_s"])
        assert (span.start_time_unix_nano, span.end_time_unix_nano) == (round(bar["started_s"] * 1e9), round(bar["ended_s"] * 1e9))

    # What fails says so, and why.
    again = server.upload(media_dir / "bad-garbage.mp4", "--whole")
    spans = wait_for(lambda: collector.trace_of(again["id"]), "the trace of the failure")
    (root,) = [span for span in spans if span.name == "video"]
    assert (root.status.code, facts_of(root)["error.type"]) == (FAILED, "media.unreadable")
    assert {span.status.code for span in spans if span.name == facts_of(span).get("yeoul.stage")} == {FAILED}
