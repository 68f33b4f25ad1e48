"""Checks the addresses of webhooks: only public ones are allowed, so that users cannot reach this server's private network (SSRF)."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx

from yeoul.base.errors import InvalidError

_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # RFC 4291, 2.4
# Special networks of the IANA registries that Python's library treats as public, at least in some supported versions.
_SPECIAL = (IPv4Network("192.0.0.0/24"), IPv6Network("3fff::/20"))  # RFC 6890, RFC 9637
_TRANSLATED = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits


def is_public(address: str) -> bool:
    """True if an IP address is not loopback, private, shared or otherwise special. Raises ValueError if it is not an IP address."""
    ip = ip_address(address)
    if any(ip in network for network in _SPECIAL):
        return False
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or (IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _TRANSLATED else None)
        if inner is None:
            return ip in _GLOBAL_UNICAST and ip.is_global and ip.sixtofour is None and ip.teredo is None
        return is_public(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def check_url(url: str, *, allow_private: bool) -> str:
    """Returns the host of a webhook's URL. Raises InvalidError if the URL can never receive a delivery.

    The IP addresses of a host name are checked before each delivery, by `HttpPoster`.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise InvalidError(f"this is not a valid URL: {error}", field="url") from error
    if parsed.scheme not in ("http", "https") or (parsed.port is not None and not 0 < parsed.port < 65536):
        raise InvalidError("a webhook's URL must start with https:// or http:// and have a port from 1 to 65535", field="url")
    if parsed.userinfo or parsed.fragment:
        raise InvalidError("a webhook's URL must not contain a user, password or fragment", field="url")
    host = parsed.raw_host.decode("ascii").rstrip(".").lower()
    if not (_NAME.fullmatch(host) or _is_address(host)) or "%" in host:
        raise InvalidError("a webhook's URL must contain a valid host name", field="url")
    if not allow_private and _is_private(host):
        raise InvalidError("a webhook's URL must have a public address", field="url")
    return host


def _is_private(host: str) -> bool:
    if _is_address(host):
        return not is_public(host)
    return host == "localhost" or host.endswith(".localhost")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
