"""Who watches, as far as counting needs it: keyed hashes that lead back to nobody, and what kind of device it is.

No address is kept. Hashes hold the video, so that nobody can string together what somebody watched, and that of a visitor changes each
day (UTC).
"""

from __future__ import annotations

import re

from yeoul.base.mac import Mac

_DAY_S = 86400
_ROBOT = re.compile(r"bot\b|bot/|crawl|spider|slurp|archiver|preview|facebookexternalhit|lighthouse|pingdom|monitor", re.IGNORECASE)
_DEVICES = (
    ("tv", re.compile(r"\bTV\b|SmartTV|Tizen|Web0S|WebOS|AFT[A-Z]|Roku|CrKey|BRAVIA", re.IGNORECASE)),
    ("tablet", re.compile(r"iPad|Tablet|Android(?!.*Mobile)|Silk(?!.*Mobile)", re.IGNORECASE)),
    ("phone", re.compile(r"iPhone|iPod|Mobile", re.IGNORECASE)),
    ("desktop", re.compile(r"Windows NT|Macintosh|X11|CrOS|Linux", re.IGNORECASE)),
)


def make_viewing_id(secret: bytes, session: str, video_id: str) -> str:
    """The name of a session's viewing of a video."""
    return _hash(secret, "viewing", session, video_id)


def make_visitor(secret: bytes, now_s: float, video_id: str, address: str) -> str:
    """Returns who watches a video today, told apart by address alone, since a client can send any User-Agent."""
    return _hash(secret, "visitor", str(day_of(now_s)), video_id, address)


def day_of(now_s: float) -> int:
    """The day in UTC, counted from 1970."""
    return int(now_s // _DAY_S)


def is_robot(user_agent: str) -> bool:
    """Whether a program says of itself that it is no viewer."""
    return _ROBOT.search(user_agent) is not None


def device_of(user_agent: str) -> str:
    """desktop, phone, tablet, tv, or other."""
    return next((name for name, pattern in _DEVICES if pattern.search(user_agent)), "other")


def _hash(secret: bytes, *parts: str) -> str:
    return Mac(secret, "insight", separator="\0", digits=32).make(*parts)
