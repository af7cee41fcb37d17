"""What an errand is: one bounded visit to the site, sent as a value and performed by a browser slot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from playwright.async_api import Page


class Desk(Protocol):
    """What a browser slot offers an errand besides the page."""

    site: str
    """Base URL of the platform, without a trailing slash."""

    account: str
    """Handle of our account, without the at sign."""

    async def commit(self, prepared: Any) -> float:
        """Ask the run for permission to pass the commit point, with what was prepared as evidence.

        The run makes its intent durable before it answers. Returns the wall-clock time (epoch milliseconds) after
        which the click must not happen any more.

        Raises:
            CommitRefusedError: the run refused (kill switch, caps, lost claim) or did not answer in time.
        """


class Errand(Protocol):
    """A frozen dataclass that knows how to do one whole visit.

    `perform` runs as a coroutine on the browser's loop thread. Its deadline is enforced from outside by closing the
    context under it, so it may raise anything Playwright raises; the slot translates. It must not hold state, start
    tasks that outlive it, or wait without a timeout.
    """

    expected_s: ClassVar[float]
    """How long it takes as a rule, in real seconds. P0's context is lent for so long."""

    deadline_s: ClassVar[float]
    """Hard limit in real seconds; at most 90."""

    needs_login: ClassVar[bool]
    """Whether it must run in the logged-in context."""

    recallable: ClassVar[bool]
    """Whether it only reads, so that it may be cut short at any moment and done again from the start; never true of
    one that asks for a commit."""

    async def perform(self, page: Page, desk: Desk) -> Any:
        """Do the visit on a fresh page and return a picklable value."""
