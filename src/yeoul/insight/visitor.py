"""Anonymous identification of viewers for counting: keyed hashes and the kind of device.

IP addresses are not stored. Each hash includes the video, so that the videos of one viewer cannot be linked, and the hash of a visitor
changes every day (UTC).
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


def make_session_id(secret: bytes, session: str, video_id: str) -> str:
    """Returns the id of a playback session of a video."""
    return _hash(secret, "viewing", session, video_id)


def make_visitor_hash(secret: bytes, now_s: float, video_id: str, address: str) -> str:
    """Returns today's hash of a visitor of a video. It depends on the address only, because clients can send any User-Agent."""
    return _hash(secret, "visitor", str(day_number(now_s)), video_id, address)


def day_number(now_s: float) -> int:
    """Returns the number of days since 1970 in UTC."""
    return int(now_s // _DAY_S)


def is_robot(user_agent: str) -> bool:
    """True if the User-Agent identifies a robot."""
    return _ROBOT.search(user_agent) is not None


def find_device(user_agent: str) -> str:
    """Returns the kind of device: desktop, phone, tablet, tv or other."""
    return next((name for name, pattern in _DEVICES if pattern.search(user_agent)), "other")


def _hash(secret: bytes, *parts: str) -> str:
    return Mac(secret, "insight", separator="\0", digits=32).make(*parts)
