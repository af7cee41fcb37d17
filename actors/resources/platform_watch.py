"""The shell of the platform's state: asks it before an errand, tells it how the errand ended, logs what changes."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from actors.domain.platform_state import Platform, PlatformState, Sign, Standing
from actors.errors import (
    AppError,
    ChallengeError,
    ForeignAccountError,
    LoggedOutError,
    PlatformClosedError,
    RateLimitedError,
)
from actors.pages.publication import Published
from actors.pages.wall import SessionState, require_account

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from playwright.async_api import Page

    from actors.domain.platform_state import Ticket
    from actors.resources.login import Login

logger = logging.getLogger(__name__)

_LEVELS = {
    PlatformState.VALID: logging.INFO,
    PlatformState.SUSPECT: logging.WARNING,
    PlatformState.INVALID: logging.ERROR,
    PlatformState.COOLING: logging.WARNING,
    PlatformState.CHALLENGE: logging.ERROR,
}


class PlatformWatch:
    """Stands between the browser's slots and the site. On the loop thread only, but for `state` and `detach`."""

    def __init__(self, machine: Platform, account: str, session: Login | None = None) -> None:
        """`session` says whether the site has answered at all; None: it has."""
        self._machine, self._account, self._session = machine, account, session

    @property
    def state(self) -> str:
        """The platform's state in one word; from any thread."""
        return PlatformState.AWAITED if self._is_awaited else self._machine.standing.state

    @property
    def _is_awaited(self) -> bool:
        return self._session is not None and self._session.is_awaited

    def detach(self) -> None:
        """Go on with a copy of the state, so that nobody else hears what errands of a lost loop still tell."""
        shared, self._machine = self._machine, replace(self._machine)
        shared.lose_probe()

    def admit(self, *, needs_login: bool, is_urgent: bool) -> Ticket:
        """Let an errand through to the site. Waits for nothing and opens nothing.

        Raises:
            PlatformClosedError: the platform's state forbids it for now.
        """
        now = time.monotonic()
        if self._is_awaited:
            why = "the platform is awaited: the site has not answered since the start; check PLATFORM_URL"
            raise PlatformClosedError(why, PlatformState.AWAITED, _epoch(now))
        answer = self._machine.admit(now, needs_login=needs_login, is_urgent=is_urgent)
        if not isinstance(answer, Standing):
            return answer
        until = _epoch(max(now, answer.until or now))
        raise PlatformClosedError(
            f"the platform is {answer.state} until {_clock(until)}: {answer.reason}", answer.state, until
        )

    async def follow(self, ticket: Ticket, visit: Coroutine[Any, Any, tuple[Page, Any]]) -> tuple[Page, Any]:
        """Return the visit's page and result, or raise what it raises, once the platform's state knows of it."""
        try:
            result = await visit
        except BaseException as error:
            # Cancelled or not, the ticket must come back: it may be the probe.
            self._tell(ticket, error)
            raise
        self._tell(ticket, self._wall_in(result[1]))
        return result

    def _wall_in(self, result: Any) -> AppError | None:
        """Return the wall that an errand brings home as its answer."""
        if isinstance(result, Published):
            return result.wall
        if isinstance(result, SessionState):
            try:
                require_account(result, self._account, "the page that was looked at")
            except AppError as wall:
                return wall
        return None

    def _tell(self, ticket: Ticket, error: BaseException | None) -> None:
        sign = sign_of(error, needs_login=ticket.needs_login)
        reason = error.message if isinstance(error, AppError) else ""
        standing = self._machine.settle(ticket, sign, reason, time.monotonic())
        if standing is None:
            return
        until = None if standing.until is None else _clock(_epoch(standing.until))
        extra = {"action": "platform_state", "state": standing.state, "until": until, "data": standing.reason}
        since = "" if until is None else f" until {until}"
        logger.log(_LEVELS[standing.state], "the platform is %s%s", standing.state, since, extra=extra)
        if standing.state is PlatformState.CHALLENGE:
            logger.error(
                "a person must pass the challenge by hand; until %s, or a restart, nothing goes to the site",
                until,
                extra={"action": "platform_challenge", "until": until, "data": standing.reason},
            )
        if standing.state is PlatformState.INVALID:
            logger.error(
                "a person must give the account its login back (`session import FILE`); it is tried again at %s",
                until,
                extra={"action": "platform_invalid", "until": until, "data": standing.reason},
            )


def sign_of(error: BaseException | None, *, needs_login: bool) -> Sign:
    """Return what an errand's end says of the platform. A login wall is none for what does not need the login."""
    match error:
        case None:
            return Sign.ANSWERED
        case RateLimitedError():
            return Sign.RATE_LIMITED
        case ChallengeError():
            return Sign.CHALLENGED
        case ForeignAccountError() if needs_login:
            return Sign.FOREIGN
        case LoggedOutError() if needs_login:
            return Sign.LOGGED_OUT
        case _:
            return Sign.NOTHING


def _epoch(monotonic: float) -> float:
    return time.time() + monotonic - time.monotonic()


def _clock(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
