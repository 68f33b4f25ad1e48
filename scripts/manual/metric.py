"""docs/reference/metrics.md: all Prometheus metrics of Yeoul, read from the objects that count them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric

from scripts.manual.markdown import make_table
from yeoul.api.metrics import health, requests
from yeoul.api.metrics.pipeline import PipelineMetrics
from yeoul.catalog.database import Database

_HEAD = """\
# Metrics

`GET /metrics` returns these in Prometheus text format. [Monitor a server](../metrics.md) explains how to scrape several API processes, and
describes the traces.
"""
_SECTIONS = (
    ("Of this API process", "Each API process counts its own requests: add them up."),
    ("Of the pipeline", "All API processes read the same values from the database: take one of them, or `max by`, not the sum."),
)


def make_metrics() -> str:
    """Returns the text of docs/reference/metrics.md."""
    own = [*_list_metrics(vars(requests)), *_list_metrics(vars(health))]
    pipeline = list(_list_metrics(vars(PipelineMetrics(cast("Database", None), 0.0))))
    parts = [
        f"## {title}\n\n{text}\n\n{make_table(('metric', 'type', 'labels', 'meaning'), map(_make_row, metrics))}"
        for (title, text), metrics in zip(_SECTIONS, (own, pipeline), strict=True)
    ]
    return "\n".join([_HEAD, *parts, _make_buckets([*own, *pipeline])])


def _list_metrics(names: Mapping[str, object]) -> Iterator[MetricWrapperBase]:
    return (value for value in names.values() if isinstance(value, MetricWrapperBase))


def _name(metric: MetricWrapperBase) -> str:
    """The name as it is scraped: the client library removes `_total` from names of counters."""
    described = _describe(metric)
    return described.name + ("_total" if described.type == "counter" else "")


def _describe(metric: MetricWrapperBase) -> Metric:
    return next(iter(metric.describe()))


def _make_row(metric: MetricWrapperBase) -> tuple[str, ...]:
    described = _describe(metric)
    labels = cast("tuple[str, ...]", vars(metric)["_labelnames"])
    return f"`{_name(metric)}`", described.type, ", ".join(f"`{label}`" for label in labels), described.documentation


def _make_buckets(metrics: list[MetricWrapperBase]) -> str:
    rows: list[tuple[str, str]] = []
    for metric in metrics:
        bounds = cast("list[float] | None", vars(metric).get("_kwargs", {}).get("buckets") or vars(metric).get("_upper_bounds"))
        if _describe(metric).type == "histogram" and bounds:
            rows.append((f"`{_name(metric)}`", ", ".join(f"{bound:g}" for bound in bounds if bound != float("inf"))))
    return f"## Buckets of histograms\n\nUpper bounds in seconds.\n\n{make_table(('metric', 'buckets'), rows)}"
