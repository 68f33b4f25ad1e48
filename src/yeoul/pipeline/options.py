"""Limits and times of a dispatcher."""

from __future__ import annotations

from dataclasses import dataclass, field

from yeoul.pipeline.resource.manager import Policy


@dataclass(frozen=True)
class DispatchOptions:
    """lease_s: how long a claimed task stays its dispatcher's without a heartbeat; heartbeat_s: how often leases are extended."""

    lease_s: float
    heartbeat_s: float
    policy: Policy = field(default_factory=Policy)
