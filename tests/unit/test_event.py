"""Events: what the outbox of a running site holds must be readable after an upgrade."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from yeoul.model import event as events
from yeoul.model.event import Event, read_event, write_event

# As rows of version 0.1 have them.
ROWS: dict[str, tuple[Event, dict[str, Any]]] = {
    "piece.landed": (events.PieceLanded(video_id="v", upload_id="u", index=3), {"upload_id": "u", "index": 3}),
    "upload.closed": (
        events.UploadClosed(video_id="v", upload_id="u", mode="whole", pieces=2),
        {"upload_id": "u", "mode": "whole", "pieces": 2},
    ),
    "track.landed": (events.TrackLanded(video_id="v", name="a1"), {"name": "a1"}),
    "track.removed": (
        events.TrackRemoved(video_id="v", name="a1", key="k", bucket="temp"),
        {"name": "a1", "key": "k", "bucket": "temp"},
    ),
    "task.ended": (events.TaskEnded(video_id="v", run_id="r"), {"run_id": "r"}),
    "task.cancel": (events.CancelTask(video_id="v", task_id="t", attempt=1), {"task_id": "t", "attempt": 1}),
    "run.ended": (events.RunEnded(video_id="v", run_id="r", failed="encode"), {"run_id": "r", "failed": "encode"}),
    "video.process": (events.Reprocess(video_id="v", edition=2), {"edition": 2}),
    "video.deleted": (events.VideoDeleted(video_id="v"), {}),
    "blobs.free": (events.FreeBlobs(video_id="v", what="leftovers"), {"what": "leftovers"}),
    "mail.send": (
        events.SendMail(kind="confirm", account="a", to="a@example.org", address=""),
        {"kind": "confirm", "account": "a", "to": "a@example.org", "address": ""},
    ),
}


def test_every_kind_of_event_has_a_row_here():
    assert {kind.topic for kind in Event.__subclasses__()} == set(ROWS)


@pytest.mark.parametrize("topic", ROWS)
def test_an_event_is_read_as_it_was_written(topic: str):
    event, payload = ROWS[topic]
    assert event.topic == topic
    assert read_event(topic, event.video_id, write_event(event)) == event
    assert read_event(topic, event.video_id, payload) == event


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("piece.landed", {"no": "upload"}),
        ("piece.landed", {"upload_id": "u", "index": -1}),
        ("upload.closed", {"upload_id": "u", "mode": "both", "pieces": 1}),
        ("blobs.free", {"what": "everything"}),
        ("task.ended", {"run_id": "r", "more": 1}),
    ],
)
def test_a_payload_that_does_not_fit_is_refused(topic: str, payload: dict[str, Any]):
    with pytest.raises(ValidationError):
        read_event(topic, "v", payload)


def test_an_unknown_topic_is_no_event():
    assert read_event("no.such.topic", "v", {}) is None
