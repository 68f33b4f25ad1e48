"""The tracer: sends the trace of each ended run to a collector, by OTLP over HTTP, in a thread that never blocks the pipeline.

It reads the rows after the end of a run; the pipeline measures nothing extra for it. Traces that cannot be sent, or not before the process
ends, are dropped. Needs the extra `otel`.
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
_MAX_WAITING = 1000  # ended runs whose traces are not sent yet
_MAX_SPANS = 500  # in one request
_CLOSE_S = 5.0


class Tracer:
    """Sends the traces of one pipeline process. endpoint: the URL of the collector, without the path."""

    def __init__(self, database: Database, endpoint: str) -> None:
        self._database = database
        self._exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        self._ended: queues.Queue[str | None] = queues.Queue(_MAX_WAITING)
        self._thread = threading.Thread(target=self._serve, name="tracer", daemon=True)
        self._thread.start()

    def enqueue(self, run_id: str) -> None:
        """Queues the trace of an ended run, whose end is committed. Drops it if too many traces are waiting."""
        try:
            self._ended.put_nowait(run_id)
        except queues.Full:
            log.warning("dropped the trace of run %s: the collector does not respond", run_id)

    def close(self) -> None:
        """Sends the remaining traces, for a few seconds at most, and stops the thread."""
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
            except Exception:  # an error in one run must not stop the thread
                log.exception("could not send the trace of run %s", run_id)

    def _send(self, run_id: str) -> None:
        with self._database.read() as connection:
            run_row = run.find(connection, run_id)
            video_row = None if run_row is None else video.find(connection, run_row["video_id"])
            if run_row is None or video_row is None:
                return  # the video was deleted since
            upload_row = upload.get(connection, run_row["upload_id"])
            pieces = upload.pieces(connection, upload_row["id"], "piece" if upload_row["mode"] == "pieces" else "part")
            tasks, attempts = queue_view.of_run(connection, run_id), attempt.of_run(connection, run_id)
        spans = convert_spans(video_row["id"], make_trace(video_row, upload_row, pieces, run_row, tasks, attempts))
        for first in range(0, len(spans), _MAX_SPANS):
            if self._exporter.export(spans[first : first + _MAX_SPANS]) is not SpanExportResult.SUCCESS:
                log.warning("the collector rejected the trace of run %s, or did not respond", run_id)
                return


class _Ids(IdGenerator):
    """An id generator that returns the ids of our spans."""

    def __init__(self, trace_id: int) -> None:
        self._trace_id = trace_id
        self.next_id = INVALID_SPAN_ID

    def generate_trace_id(self) -> int:
        return self._trace_id

    def generate_span_id(self) -> int:
        return self.next_id


class _Keep(SpanProcessor):
    """A span processor that keeps ended spans in a list."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)


def convert_spans(video_id: str, spans: Sequence[Span]) -> list[ReadableSpan]:
    """Converts the spans of a video to spans of the OpenTelemetry SDK."""
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
        sdk_span = tracer.start_span(span.name, context, attributes=span.attributes, start_time=_nanoseconds(span.start_s))
        for moment in span.events:
            sdk_span.add_event(moment.name, moment.attributes, _nanoseconds(moment.at_s))
        if span.error is not None:
            sdk_span.set_attribute("error.type", span.error[0])
            sdk_span.set_status(Status(StatusCode.ERROR, span.error[1]))
        sdk_span.end(_nanoseconds(span.end_s))
    return kept.spans


def _nanoseconds(time_s: float) -> int:
    return round(time_s * 1e9)
