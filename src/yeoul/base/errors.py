"""All error classes: each has a stable code for users, facts as fields, and an HTTP status.

`docs/errors.md` lists every code; a test compares it with this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class YeoulError(Exception):
    """Base class of all errors that users see: a stable `code`, whether a retry can help, and facts."""

    code: ClassVar[str] = "internal.error"
    retryable: ClassVar[bool] = False
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts: dict[str, Any] = facts

    def to_dict(self) -> dict[str, Any]:
        """Returns the error as plain data: {"code", "message", "facts", "retryable"}."""
        return {"code": self.code, "message": self.message, "facts": self.facts, "retryable": self.retryable}


# --- media: what is wrong with the uploaded file. Not retryable unless the class says so. ---


class MediaError(YeoulError):
    """The uploaded media cannot be used; processing stops immediately."""

    code = "media.invalid"
    http_status = 422


class UnreadableError(MediaError):
    """The file format is not supported, or the file contains nothing that can be read."""

    code = "media.unreadable"


class UnsupportedCodecError(MediaError):
    """The container can be read, but its video codec is not supported."""

    code = "media.unsupported_codec"


class NotInPiecesError(UnsupportedCodecError):
    """The file can be read, but its codecs cannot be stored in pieces; the client uploads it as a whole."""

    code = "media.not_in_pieces"


class NoVideoError(MediaError):
    """The file has no video stream."""

    code = "media.no_video"


class TruncatedError(MediaError):
    """The file is shorter than its container says; facts: found, promised (frames or seconds)."""

    code = "media.truncated"


class TooLargeError(MediaError):
    """Frame dimensions, duration or size exceed the configured limits."""

    code = "media.too_large"


class MediaTimeoutError(MediaError):
    """A media operation took longer than its limit and was killed."""

    code = "media.timeout"
    retryable = True


class MediaToolError(MediaError):
    """ffmpeg failed for a reason unrelated to the input: it crashed, was killed or ran out of memory. facts: signal, if one ended it."""

    code = "media.tool_failed"
    retryable = True


class PieceMismatchError(MediaError):
    """A piece does not match its manifest."""

    code = "media.piece_mismatch"


class RungsDroppedError(MediaError):
    """The video is ready, but some rungs could not be encoded; facts: rungs. This is a notice, not a failure."""

    code = "media.rungs_dropped"


# --- storage ---


class StorageError(YeoulError):
    """The blob store could not carry out the operation."""

    code = "storage.unavailable"
    retryable = True
    http_status = 503


class BlobMissingError(StorageError):
    """The key does not exist."""

    code = "storage.missing"
    retryable = False
    http_status = 404


class StorageFullError(StorageError):
    """Free space is below the reserve; work pauses and resumes when there is enough space."""

    code = "storage.full"
    http_status = 507


class ReceivingError(StorageError):
    """Another request is uploading the same bytes. Retry when it has ended."""

    code = "storage.receiving"
    http_status = 409


class ChecksumError(StorageError):
    """The bytes do not have the declared SHA-256 or size."""

    code = "storage.checksum_mismatch"
    retryable = False
    http_status = 400


class SignatureError(YeoulError):
    """A presigned URL is forged or expired, or does not allow this request."""

    code = "storage.bad_signature"
    http_status = 403


# --- requests ---


class InvalidError(YeoulError):
    """The request is malformed; facts name the field."""

    code = "request.invalid"
    http_status = 422


class BodyTooLargeError(YeoulError):
    """The body, headers or URL of a request exceed the limit; facts: max_bytes."""

    code = "request.too_large"
    http_status = 413


class RequestTooSlowError(YeoulError):
    """The client sends the request body too slowly and blocks a connection that others need."""

    code = "request.too_slow"
    retryable = True
    http_status = 408


class MethodError(YeoulError):
    """The URL exists but does not support this method."""

    code = "request.bad_method"
    http_status = 405


class NotFoundError(YeoulError):
    """The resource does not exist, or the caller has no access to it."""

    code = "request.not_found"
    http_status = 404


class ConflictError(YeoulError):
    """The current state of the resource does not allow this; the message names the state."""

    code = "request.conflict"
    http_status = 409


class IdempotencyError(ConflictError):
    """An Idempotency-Key was reused with a different request."""

    code = "request.idempotency_mismatch"


class TooManyRequestsError(YeoulError):
    """One IP address sent too many requests; facts: retry_after_s."""

    code = "request.too_many"
    retryable = True
    http_status = 429


class FormatError(YeoulError):
    """The requested response format is not supported."""

    code = "request.format"
    http_status = 501


class UnauthenticatedError(YeoulError):
    """The request carries no valid login session or API token."""

    code = "account.unauthenticated"
    http_status = 401


class BadCredentialsError(YeoulError):
    """The handle or password is wrong."""

    code = "account.bad_credentials"
    http_status = 401


class ForbiddenError(YeoulError):
    """The caller is logged in but may not do this."""

    code = "account.forbidden"
    http_status = 403


class UnconfirmedError(ForbiddenError):
    """The account must confirm its e-mail address first."""

    code = "account.unconfirmed"


class DisabledError(ForbiddenError):
    """An admin has disabled the account."""

    code = "account.disabled"


class LinkError(YeoulError):
    """A link from a mail was already used, has expired, or was not made by this server."""

    code = "account.bad_link"
    http_status = 410


class TooManyAttemptsError(YeoulError):
    """Too many login attempts failed; facts: retry_after_s."""

    code = "account.too_many_attempts"
    retryable = True
    http_status = 429


class QuotaExceededError(YeoulError):
    """The operation would exceed the account's quota; facts: used_bytes, quota_bytes, needed_bytes."""

    code = "account.quota_exceeded"
    http_status = 413


class HandleTakenError(ConflictError):
    """Another account has this handle or e-mail address."""

    code = "account.taken"


# --- upload ---


class UploadClosedError(ConflictError):
    """The upload was completed or aborted and accepts no more pieces."""

    code = "upload.closed"


class UploadExpiredError(ConflictError):
    """The upload was idle for too long and has expired; its uploaded data is deleted."""

    code = "upload.expired"


class UploadIncompleteError(ConflictError):
    """The client tried to complete the upload while pieces are missing; facts: missing (indexes, at most 100)."""

    code = "upload.incomplete"


class PieceConflictError(ConflictError):
    """A piece that has landed was declared again with different content."""

    code = "upload.piece_conflict"


class PieceMissingError(ConflictError):
    """The client reported a piece as landed, but the store does not have it."""

    code = "upload.piece_missing"


# --- pipeline ---


class DagError(YeoulError):
    """A DAG definition is invalid; facts: file, line, hint."""

    code = "pipeline.bad_dag"
    http_status = 422


class ConditionError(YeoulError):
    """A stage's condition is invalid; facts: column (from 1)."""

    code = "pipeline.bad_condition"
    http_status = 422


class TaskTimeoutError(YeoulError):
    """A task exceeded its time limit and its process group was killed."""

    code = "pipeline.task_timeout"
    retryable = True


class WorkerLostError(YeoulError):
    """The worker process died, or the task's lease expired, before the task reported."""

    code = "pipeline.worker_lost"
    retryable = True


class TaskCrashedError(YeoulError):
    """The op raised an unexpected exception; facts hold the cause."""

    code = "pipeline.task_crashed"
    retryable = True


class PoisonPieceError(YeoulError):
    """Tasks for this piece crash repeatedly, so no worker gets the piece any more. facts: piece, crashes, last (the last error)."""

    code = "pipeline.poison_piece"
    http_status = 422


class SegmentMismatchError(YeoulError):
    """Segments do not fit together: a gap, a different init segment, or rungs that are not aligned. facts: rendition, index."""

    code = "pipeline.segment_mismatch"


class TaskCancelledError(YeoulError):
    """An admin cancelled the task."""

    code = "pipeline.task_cancelled"
    http_status = 409


class OverloadedError(YeoulError):
    """The server is overloaded; the video is processed automatically later."""

    code = "pipeline.overloaded"
    retryable = True
    http_status = 503


# --- server ---


class MailError(YeoulError):
    """The mail server did not accept a mail; the mail is retried."""

    code = "server.mail_failed"
    retryable = True
    http_status = 503


class WebhookError(YeoulError):
    """A webhook's server did not answer, or its address is not allowed; the delivery is retried."""

    code = "server.webhook_failed"
    retryable = True
    http_status = 503


class DatabaseTooNewError(YeoulError):
    """A newer version of Yeoul has migrated the database, and this version cannot use it; facts: version, oldest, known."""

    code = "server.database_too_new"
    http_status = 503


class DatabaseDamagedError(YeoulError):
    """The database file is damaged, or is not a database."""

    code = "server.database_damaged"
    http_status = 503


class StartError(YeoulError):
    """The server cannot start: a folder is not writable, a port or the data folder is in use, or the database cannot be used."""

    code = "server.cannot_start"
    http_status = 503


class UnavailableError(YeoulError):
    """The server cannot be reached, or cannot answer now."""

    code = "server.unavailable"
    retryable = True
    http_status = 503


def _all_errors() -> dict[str, type[YeoulError]]:
    classes: dict[str, type[YeoulError]] = {}
    pending: list[type[YeoulError]] = [YeoulError]
    while pending:
        cls = pending.pop()
        classes[cls.code] = cls
        pending.extend(cls.__subclasses__())
    return classes


def from_dict(data: Mapping[str, Any]) -> YeoulError:
    """Rebuilds an error from the result of `to_dict`; an unknown code gives a `YeoulError` with the fact `original_code`."""
    cls = _all_errors().get(str(data.get("code", "")))
    message = str(data.get("message", ""))
    facts = dict(data.get("facts") or {})
    if cls is None:
        return YeoulError(message, original_code=str(data.get("code", "")), **facts)
    return cls(message, **facts)


def error_codes() -> dict[str, type[YeoulError]]:
    """Returns every stable code with its class, sorted by code."""
    return dict(sorted(_all_errors().items()))
