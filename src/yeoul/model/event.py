"""Events between modules, and their JSON form in the outbox. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import NonNegativeInt

from yeoul.model.noun import Noun

MailKind = Literal["confirm", "reset", "password_changed", "address_in_use", "email_changing", "webhook_off"]
Unused = Literal["all", "leftovers", "earlier", "one"]


class Event(Noun):
    """The base of all events. topic: the name in the outbox. video_id: the video that the event belongs to; empty for mails."""

    topic: ClassVar[str]
    video_id: str


class PieceLanded(Event):
    """All bytes of a piece are in the store."""

    topic: ClassVar[str] = "piece.landed"
    upload_id: str
    index: NonNegativeInt


class UploadClosed(Event):
    """An upload is complete. pieces: its number of pieces, or of parts of a whole file."""

    topic: ClassVar[str] = "upload.closed"
    upload_id: str
    mode: Literal["pieces", "whole"]
    pieces: NonNegativeInt


class TrackLanded(Event):
    """The file of an audio track is in the store."""

    topic: ClassVar[str] = "track.landed"
    name: str


class TrackRemoved(Event):
    """The owner removed an audio track; its file is an object of this bucket and key."""

    topic: ClassVar[str] = "track.removed"
    name: str
    key: str
    bucket: str


class TaskEnded(Event):
    """A task of a run ended, successfully or not."""

    topic: ClassVar[str] = "task.ended"
    run_id: str


class CancelTask(Event):
    """An admin asked to fail a task permanently."""

    topic: ClassVar[str] = "task.cancel"
    task_id: str
    attempt: NonNegativeInt


class RunEnded(Event):
    """A run ended. failed: the stage whose failure ended it; None after success."""

    topic: ClassVar[str] = "run.ended"
    run_id: str
    failed: str | None = None


class Reprocess(Event):
    """The owner asked to process a video again. edition: the number of the run to open."""

    topic: ClassVar[str] = "video.process"
    edition: NonNegativeInt


class VideoDeleted(Event):
    """A video was deleted permanently."""

    topic: ClassVar[str] = "video.deleted"


class FreeBlobs(Event):
    """Objects of a video are no longer needed.

    what: "all" objects of the video; "leftovers", which a ready video does not use; "earlier", the objects of earlier editions and
    leftovers; or "one" object, named by bucket and key. upload_id: an expired upload, whose rows are deleted afterwards.
    """

    topic: ClassVar[str] = "blobs.free"
    what: Unused
    key: str | None = None
    bucket: str | None = None
    upload_id: str | None = None


class SendMail(Event):
    """A mail to an account. to: the recipient's address. address: the address that the mail is about."""

    topic: ClassVar[str] = "mail.send"
    video_id: str = ""
    kind: MailKind
    account: str
    to: str
    address: str


_KINDS: Mapping[str, type[Event]] = {kind.topic: kind for kind in Event.__subclasses__()}


def write_event(event: Event) -> dict[str, Any]:
    """Returns the payload of an event as JSON; topic and video_id have columns of their own."""
    return event.model_dump(mode="json", exclude={"video_id"})


def read_event(topic: str, video_id: str, payload: Mapping[str, Any]) -> Event | None:
    """Returns the event of an outbox row; None for a topic that this version does not know. Raises ValidationError."""
    kind = _KINDS.get(topic)
    return None if kind is None else kind.model_validate({**payload, "video_id": video_id})
