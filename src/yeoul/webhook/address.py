"""Which addresses webhooks may go to: public ones, so that nobody reaches through this server what only it can reach."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx

from yeoul.base.errors import InvalidError

_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # RFC 4291, 2.4
# Special networks of the IANA registries that Python's library takes for public, or knows in its newest versions only.
_SPECIAL = (IPv4Network("192.0.0.0/24"), IPv6Network("3fff::/20"))  # RFC 6890, RFC 9637
_TRANSLATED = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits


def is_public(address: str) -> bool:
    """Whether an IP address belongs to no machine's own, private, shared or special network. Raises ValueError for what is none."""
    found = ip_address(address)
    if any(found in network for network in _SPECIAL):
        return False
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or (IPv4Address(int(found) & 0xFFFFFFFF) if found in _TRANSLATED else None)
        if inner is None:
            return found in _GLOBAL_UNICAST and found.is_global and found.sixtofour is None and found.teredo is None
        return is_public(str(inner))
    return found.is_global and not found.is_multicast and not found.is_reserved


def check_url(url: str, *, allow_private: bool) -> str:
    """The host of a webhook's URL. Raises InvalidError for a URL that can never be told anything.

    What a name leads to is checked each time, when it is connected to.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise InvalidError(f"this is no URL: {error}", field="url") from error
    if parsed.scheme not in ("http", "https") or (parsed.port is not None and not 0 < parsed.port < 65536):
        raise InvalidError("a webhook's URL begins with https:// or http://, and its port is from 1 to 65535", field="url")
    if parsed.userinfo or parsed.fragment:
        raise InvalidError("a webhook's URL has no user, password or fragment", field="url")
    host = parsed.raw_host.decode("ascii").rstrip(".").lower()
    if not (_NAME.fullmatch(host) or _is_address(host)) or "%" in host:
        raise InvalidError("a webhook's URL names a host", field="url")
    if not allow_private and _is_known_private(host):
        raise InvalidError("webhooks go to public addresses alone", field="url")
    return host


def _is_known_private(host: str) -> bool:
    if _is_address(host):
        return not is_public(host)
    return host == "localhost" or host.endswith(".localhost")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
