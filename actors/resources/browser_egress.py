"""What keeps Chromium from going anywhere but to the platform, and the word for an errand that was led elsewhere.

The rules for the resolver are the wall: they are below everything a page can do, so nothing has to be seen to be
refused. The rest here gives the refusal its name.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING

from actors.domain.egress import inward, name_of, resolver_rules, verdict
from actors.errors import EgressError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.async_api import Page
    from playwright.async_api import Request as Call

logger = logging.getLogger(__name__)

_RESOLVE_S = 5.0
_LEFT_THE_WEB = "net::ERR_UNSAFE_REDIRECT"
"""What Chromium says of a redirect to `file:`, `data:` and the like, in place of where it led."""


def arguments(allowed: Sequence[str]) -> tuple[str, ...]:
    """Return the words of Chromium's command line that hold it to these sites, given by their base URLs."""
    return (
        f"--host-resolver-rules={resolver_rules(allowed)}",
        # Behind a proxy the names would be somebody else's to resolve.
        "--no-proxy-server",
        # Peer connections speak to addresses without asking the resolver, and tell pages our own.
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    )


async def require_outside(site: str) -> None:
    """Pass a site unless its name leads into a private network, or to this machine without saying so. On the loop only.

    Chromium asks again by itself, so a name that leads elsewhere a moment later is not found out here: there the
    certificate is the wall, which nobody inside has for a public name. One that leads nowhere is passed: Chromium says
    what is wrong.

    Raises:
        EgressError: it does.
    """
    name = name_of(site)
    if name is None:
        return
    try:
        async with asyncio.timeout(_RESOLVE_S):
            found = await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError) as error:
        logger.warning("the site's name leads nowhere", extra={"action": "site_unresolved", "data": str(error)})
        return
    address = inward(str(each[4][0]) for each in found)
    if address is not None:
        raise EgressError(site, f"its name stands for {address}, which is no public address", "PLATFORM_URL")


class EgressWatch:
    """Notes where a page's own navigations were refused, for the error they end in. On the loop only."""

    def __init__(self, page: Page, allowed: Sequence[str]) -> None:
        self._page, self._allowed = page, allowed
        self.refusal: EgressError | None = None
        """What the page was refused last; whatever is wrong with the page is the refusal's doing."""

        page.on("requestfailed", self._notice)

    def _notice(self, call: Call) -> None:
        if not call.is_navigation_request() or call.frame != self._page.main_frame:
            return
        reason = verdict(call.url, self._allowed)
        if reason is None and call.failure == _LEFT_THE_WEB:
            reason = "it redirects to what is not of the web"
        if reason is not None:
            self.refusal = EgressError(call.url, reason, "a page")
