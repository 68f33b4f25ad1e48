"""Limits and intervals of a dispatcher."""

from __future__ import annotations

from dataclasses import dataclass, field

from yeoul.pipeline.resource.manager import Policy


@dataclass(frozen=True)
class DispatchOptions:
    """The options of a dispatcher.

    lease_s: how long a claimed task belongs to its dispatcher without a heartbeat. heartbeat_s: the interval between heartbeats.
    """

    lease_s: float
    heartbeat_s: float
    policy: Policy = field(default_factory=Policy)
