"""How slowly a body may arrive. Pure: times come in as arguments."""

from __future__ import annotations

_IDLE_S = 60.0
_GRACE_S = 30.0
_MIN_BYTES_PER_S = 256.0


def find_due_s(began_s: float, received_bytes: int, waiting_since_s: float) -> float:
    """Returns until when more of a body must arrive: within a minute, and after a grace period at 256 bytes per second on average.

    began_s: when the body began; waiting_since_s: since when the server waits for more.
    """
    return min(began_s + _GRACE_S + received_bytes / _MIN_BYTES_PER_S, waiting_since_s + _IDLE_S)
