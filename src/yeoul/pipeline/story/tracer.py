"""The tracer: sends the trace of each run that has ended to a collector, by OTLP over HTTP, beside the pipeline and never in its way.

It reads what the rows tell when all is over; nothing is measured for it. What cannot be sent, or not before the process ends, is dropped.
Needs the extra `otel`.
"""

from __future__ import annotations

import logging
import queue as queues
import threading
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags, set_span_in_context
from opentelemetry.trace.span import INVALID_SPAN_ID

from yeoul.catalog.database import Database
from yeoul.catalog.queue import attempt, run
from yeoul.catalog.queue import view as queue_view
from yeoul.catalog.video import upload, video
from yeoul.pipeline.story.trace import Span, make_trace, make_trace_id

log = logging.getLogger("yeoul.pipeline")
_WAITING = 1000  # runs that have ended while the collector did not answer
_AT_ONCE = 500  # spans in one request
_CLOSE_S = 5.0


class Tracer:
    """Traces of one pipeline process. endpoint: the collector's address, without the path."""

    def __init__(self, database: Database, endpoint: str) -> None:
        self._database = database
        self._exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        self._ended: queues.Queue[str | None] = queues.Queue(_WAITING)
        self._thread = threading.Thread(target=self._serve, name="tracer", daemon=True)
        self._thread.start()

    def run_ended(self, run_id: str) -> None:
        """A run has ended, and its rows say so; its trace is sent some time later."""
        try:
            self._ended.put_nowait(run_id)
        except queues.Full:
            log.warning("the trace of run %s was dropped: the collector does not answer", run_id)

    def close(self) -> None:
        """Send what is left, but for no longer than some seconds."""
        try:
            self._ended.put_nowait(None)
        except queues.Full:
            return
        self._thread.join(_CLOSE_S)
        self._exporter.shutdown()

    def _serve(self) -> None:
        while (run_id := self._ended.get()) is not None:
            try:
                self._send(run_id)
            except Exception:  # the thread outlives whatever is wrong with one run
                log.exception("the trace of run %s could not be sent", run_id)

    def _send(self, run_id: str) -> None:
        with self._database.read() as connection:
            current = run.find(connection, run_id)
            row = None if current is None else video.find(connection, current["video_id"])
            if current is None or row is None:
                return  # it was deleted meanwhile
            sent = upload.get(connection, current["upload_id"])
            pieces = upload.pieces(connection, sent["id"], "piece" if sent["mode"] == "pieces" else "part")
            tasks, attempts = queue_view.of_run(connection, run_id), attempt.of_run(connection, run_id)
        spans = convert(row["id"], make_trace(row, sent, pieces, current, tasks, attempts))
        for first in range(0, len(spans), _AT_ONCE):
            if self._exporter.export(spans[first : first + _AT_ONCE]) is not SpanExportResult.SUCCESS:
                log.warning("the collector did not take the trace of run %s", run_id)
                return


class _Ids(IdGenerator):
    """Ids that are known before."""

    def __init__(self, trace_id: int) -> None:
        self._trace_id = trace_id
        self.next_id = INVALID_SPAN_ID

    def generate_trace_id(self) -> int:
        return self._trace_id

    def generate_span_id(self) -> int:
        return self.next_id


class _Keep(SpanProcessor):
    """Keeps what has ended."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)


def convert(video_id: str, spans: Sequence[Span]) -> list[ReadableSpan]:
    """The spans of a video as the SDK has them."""
    kept, ids = _Keep(), _Ids(make_trace_id(video_id))
    resource, limits = Resource({"service.name": "yeoul"}), SpanLimits(max_events=100_000)
    provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, id_generator=ids, span_limits=limits, shutdown_on_exit=False)
    provider.add_span_processor(kept)
    tracer = provider.get_tracer("yeoul.pipeline")
    for span in spans:
        ids.next_id = span.span_id
        context = None
        if span.parent_id is not None:
            parent = SpanContext(make_trace_id(video_id), span.parent_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
            context = set_span_in_context(NonRecordingSpan(parent))
        made = tracer.start_span(span.name, context, attributes=span.attributes, start_time=_nanoseconds(span.start_s))
        for moment in span.moments:
            made.add_event(moment.name, moment.attributes, _nanoseconds(moment.at_s))
        if span.error is not None:
            made.set_attribute("error.type", span.error[0])
            made.set_status(Status(StatusCode.ERROR, span.error[1]))
        made.end(_nanoseconds(span.end_s))
    return kept.spans


def _nanoseconds(time_s: float) -> int:
    return round(time_s * 1e9)
