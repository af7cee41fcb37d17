"""Where the browser may go: to the platform's hosts over the web, and nowhere else (field-notes.md E6).

Chromium stands inside the private network, beside the database, our own ports and the metadata of the machine, and it
shows pages that strangers wrote. What it may reach is a list of base URLs; an address is its host and port, as written.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

_PORTS = {"http": 80, "https": 443}
_READ_IN_TWO_WAYS = re.compile(r"[\\\s\x00-\x1f\x7f]")
"""What Chromium and we would not read alike."""


def verdict(url: str, allowed: Iterable[str]) -> str | None:
    """Return why a page may not be opened, None if it may.

    Args:
        url: of the page, absolute.
        allowed: base URLs of the sites that may be visited.
    """
    if _READ_IN_TWO_WAYS.search(url):
        return "the address has a sign that none may have"
    try:
        parts = urlsplit(url)
        place = _place(url)
    except ValueError:
        return "the address cannot be read"
    if parts.scheme not in _PORTS:
        return f"the scheme {parts.scheme or 'that is missing'} is not of the web"
    if "@" in parts.netloc:
        return "the address names a user"
    if place not in {_place(each) for each in allowed}:
        return f"{place} is not among the hosts that may be visited"
    return None


def resolver_rules(allowed: Iterable[str]) -> str:
    """Return the value of Chromium's `--host-resolver-rules` that lets it find these sites and nothing else.

    The rules stand below everything that a page can do (a redirect, a frame, a socket, a worker), and hold for
    addresses in digits too: what they do not name does not exist. The first that fits decides, so each site is mapped
    to itself before the rest to nothing.
    """
    places = dict.fromkeys(map(_place, allowed))
    return ",".join([*(f"MAP {place} {place}" for place in places), "MAP * ~NOTFOUND"])


def name_of(site: str) -> str | None:
    """Return the host that must be asked about before a site is visited, None for one on this machine by its own word.

    That is the sandbox: whoever wrote a loopback address meant it.
    """
    host = urlsplit(site).hostname or ""
    try:
        is_here = ip_address(host).is_loopback
    except ValueError:
        is_here = host.rstrip(".") == "localhost" or host.rstrip(".").endswith(".localhost")
    return None if is_here else host


def inward(addresses: Iterable[str]) -> str | None:
    """Return the first of the addresses of a site that nobody outside of our network can reach, None if all are public.

    Private, link-local (where the metadata of machines are), loopback, shared and multicast ones are such.
    """
    return next((each for each in addresses if not _is_public(each)), None)


def _place(url: str) -> str:
    """Return host and port as Chromium writes them."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    bracketed = f"[{host}]" if ":" in host else host
    return f"{bracketed}:{parts.port or _PORTS.get(parts.scheme, 0)}"


def _is_public(text: str) -> bool:
    address = ip_address(text.partition("%")[0])
    # What is wrapped into an address of IPv6 is where it leads to.
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None) or address
    return bool(inner.is_global) and not inner.is_multicast
