"""The one tree of errors: stable codes that users may rely on, facts as fields, HTTP status by class.

Every code is listed in `docs/errors.md`; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class YeoulError(Exception):
    """Base of all errors that reach a user: a stable `code`, whether a retry can help, and facts."""

    code: ClassVar[str] = "internal.error"
    retryable: ClassVar[bool] = False
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts: dict[str, Any] = facts

    def to_dict(self) -> dict[str, Any]:
        """The error as plain data: {"code", "message", "facts", "retryable"}."""
        return {"code": self.code, "message": self.message, "facts": self.facts, "retryable": self.retryable}


# --- media: what is wrong with the bytes. Final unless said otherwise. ---


class MediaError(YeoulError):
    """The uploaded media cannot be used; the job stops at once."""

    code = "media.invalid"
    http_status = 422


class UnreadableError(MediaError):
    """No demuxer of ours recognises the file, or it holds nothing that can be read."""

    code = "media.unreadable"


class UnsupportedCodecError(MediaError):
    """The container is readable, its video codec is not."""

    code = "media.unsupported_codec"


class NotInPiecesError(UnsupportedCodecError):
    """The file can be read, but pieces cannot hold what is in it: it is sent whole."""

    code = "media.not_in_pieces"


class NoVideoError(MediaError):
    """The file has no video stream."""

    code = "media.no_video"


class TruncatedError(MediaError):
    """The file holds less than its container promises; facts: found, promised (frames or seconds)."""

    code = "media.truncated"


class TooLargeError(MediaError):
    """Picture dimensions, duration or size pass the configured limits."""

    code = "media.too_large"


class MediaTimeoutError(MediaError):
    """A media operation took longer than its limit and was killed."""

    code = "media.timeout"
    retryable = True


class MediaToolError(MediaError):
    """ffmpeg ended in a way that says nothing about the input: a crash, a kill, lack of memory. facts: signal, where one ended it."""

    code = "media.tool_failed"
    retryable = True


class PieceMismatchError(MediaError):
    """A piece does not hold what its manifest says."""

    code = "media.piece_mismatch"


class RungsDroppedError(MediaError):
    """The video is ready without some of its qualities, since they could not be made; facts: rungs. A notice, no failure."""

    code = "media.rungs_dropped"


# --- storage ---


class StorageError(YeoulError):
    """The blob store could not do what was asked."""

    code = "storage.unavailable"
    retryable = True
    http_status = 503


class BlobMissingError(StorageError):
    """The key does not exist."""

    code = "storage.missing"
    retryable = False
    http_status = 404


class StorageFullError(StorageError):
    """There is no room left; work pauses and goes on when there is."""

    code = "storage.full"
    http_status = 507


class ReceivingError(StorageError):
    """The same bytes are being received by another request; soon they are there, or it has ended."""

    code = "storage.receiving"
    http_status = 409


class ChecksumError(StorageError):
    """Bytes do not have the SHA-256 they were declared with."""

    code = "storage.checksum_mismatch"
    retryable = False
    http_status = 400


class SignatureError(YeoulError):
    """A signed URL is forged, expired or used for something else than it was signed for."""

    code = "storage.bad_signature"
    http_status = 403


# --- requests ---


class InvalidError(YeoulError):
    """The request is malformed; facts name the field."""

    code = "request.invalid"
    http_status = 422


class BodyTooLargeError(YeoulError):
    """The body, headers or address of a request are larger than any that make sense; facts: max_bytes."""

    code = "request.too_large"
    http_status = 413


class RequestTooSlowError(YeoulError):
    """The body of a request comes so slowly that it holds a place that others need."""

    code = "request.too_slow"
    retryable = True
    http_status = 408


class MethodError(YeoulError):
    """The address exists and does not take this method."""

    code = "request.bad_method"
    http_status = 405


class NotFoundError(YeoulError):
    """The thing does not exist, or the caller may not know that it does."""

    code = "request.not_found"
    http_status = 404


class ConflictError(YeoulError):
    """The thing is not in a state in which this can be done; the message says which state it is in."""

    code = "request.conflict"
    http_status = 409


class IdempotencyError(ConflictError):
    """An Idempotency-Key was used again with another request."""

    code = "request.idempotency_mismatch"


class TooManyRequestsError(YeoulError):
    """More came from one address than is taken; `retry_after_s` says when to go on."""

    code = "request.too_many"
    retryable = True
    http_status = 429


class FormatError(YeoulError):
    """The answer was asked for in a format that is not spoken."""

    code = "request.format"
    http_status = 501


class UnauthenticatedError(YeoulError):
    """No valid session or token came with the request."""

    code = "account.unauthenticated"
    http_status = 401


class BadCredentialsError(YeoulError):
    """Handle or password is wrong."""

    code = "account.bad_credentials"
    http_status = 401


class ForbiddenError(YeoulError):
    """The caller is known and may not do this."""

    code = "account.forbidden"
    http_status = 403


class UnconfirmedError(ForbiddenError):
    """The account's e-mail address has to be confirmed first."""

    code = "account.unconfirmed"


class DisabledError(ForbiddenError):
    """An admin has disabled the account."""

    code = "account.disabled"


class LinkError(YeoulError):
    """A link of a mail was used, has expired, or is not one of ours."""

    code = "account.bad_link"
    http_status = 410


class TooManyAttemptsError(YeoulError):
    """There were too many wrong attempts; facts: retry_after_s."""

    code = "account.too_many_attempts"
    retryable = True
    http_status = 429


class QuotaExceededError(YeoulError):
    """The account would use more than it may; facts: used_bytes, quota_bytes, needed_bytes."""

    code = "account.quota_exceeded"
    http_status = 413


class HandleTakenError(ConflictError):
    """Another account has this handle or e-mail address."""

    code = "account.taken"


# --- upload ---


class UploadClosedError(ConflictError):
    """The upload was completed or aborted and takes no more pieces."""

    code = "upload.closed"


class UploadExpiredError(ConflictError):
    """Nobody went on with the upload for so long that it was given up, and what had come of it freed."""

    code = "upload.expired"


class UploadIncompleteError(ConflictError):
    """Complete was called while pieces are missing; facts: missing (indexes, at most 100)."""

    code = "upload.incomplete"


class PieceConflictError(ConflictError):
    """A piece that has landed was declared again with other content."""

    code = "upload.piece_conflict"


class PieceMissingError(ConflictError):
    """A piece was reported as landed, but the store does not hold it."""

    code = "upload.piece_missing"


# --- pipeline ---


class DagError(YeoulError):
    """A DAG definition is wrong; facts: file, line, hint."""

    code = "pipeline.bad_dag"
    http_status = 422


class ConditionError(YeoulError):
    """A stage's condition is wrong; facts: column (from 1)."""

    code = "pipeline.bad_condition"
    http_status = 422


class TaskTimeoutError(YeoulError):
    """A task passed its time limit and its process group was killed."""

    code = "pipeline.task_timeout"
    retryable = True


class WorkerLostError(YeoulError):
    """The worker process died, or its lease ended, before the task reported."""

    code = "pipeline.worker_lost"
    retryable = True


class TaskCrashedError(YeoulError):
    """The op raised something that it should not have; the cause is kept in facts."""

    code = "pipeline.task_crashed"
    retryable = True


class PoisonPieceError(YeoulError):
    """What works on this piece crashes again and again; it is kept away from the workers. facts: piece, crashes, last (the last error)."""

    code = "pipeline.poison_piece"
    http_status = 422


class SegmentMismatchError(YeoulError):
    """Segments that tasks made do not join: a gap, another init segment, rungs that are not aligned. facts: rendition, index."""

    code = "pipeline.segment_mismatch"


class TaskCancelledError(YeoulError):
    """An admin cancelled the task."""

    code = "pipeline.task_cancelled"
    http_status = 409


class OverloadedError(YeoulError):
    """There is more to do than can be done soon; the video is processed by itself later."""

    code = "pipeline.overloaded"
    retryable = True
    http_status = 503


# --- server ---


class MailError(YeoulError):
    """A mail could not be handed over; it is tried again."""

    code = "server.mail_failed"
    retryable = True
    http_status = 503


class WebhookError(YeoulError):
    """A webhook's address did not answer, or may not be asked; it is tried again."""

    code = "server.webhook_failed"
    retryable = True
    http_status = 503


class DatabaseTooNewError(YeoulError):
    """A newer program has changed the database so that this one must not use it; facts: version, oldest, known."""

    code = "server.database_too_new"
    http_status = 503


class DatabaseDamagedError(YeoulError):
    """The database's file is damaged, or no database at all."""

    code = "server.database_damaged"
    http_status = 503


class StartError(YeoulError):
    """The server cannot start here: a folder cannot be written, a port is taken, another server works on the same folder."""

    code = "server.cannot_start"
    http_status = 503


class UnavailableError(YeoulError):
    """The server cannot be reached or cannot answer now."""

    code = "server.unavailable"
    retryable = True
    http_status = 503


def _all_errors() -> dict[str, type[YeoulError]]:
    found: dict[str, type[YeoulError]] = {}
    pending: list[type[YeoulError]] = [YeoulError]
    while pending:
        cls = pending.pop()
        found[cls.code] = cls
        pending.extend(cls.__subclasses__())
    return found


def from_dict(data: Mapping[str, Any]) -> YeoulError:
    """Rebuild an error from `to_dict`; an unknown code becomes a plain `YeoulError` that keeps it."""
    cls = _all_errors().get(str(data.get("code", "")))
    message = str(data.get("message", ""))
    facts = dict(data.get("facts") or {})
    if cls is None:
        return YeoulError(message, original_code=str(data.get("code", "")), **facts)
    return cls(message, **facts)


def error_codes() -> dict[str, type[YeoulError]]:
    """Every stable code with its class, sorted by code."""
    return dict(sorted(_all_errors().items()))
