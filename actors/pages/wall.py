"""Walls: what a page shows instead of what was asked for, and whose account it belongs to.

Judged from landmarks alone, by a positive proof: only a link to our own profile shows that we are logged in, for
columns and menus exist on a logged-out page as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from actors.errors import (
    ChallengeError,
    ConsentError,
    ForeignAccountError,
    LoggedOutError,
    PageChangedError,
    RateLimitedError,
    SiteBusyError,
)
from actors.pages.selectors import CONSENT_REFUSE, IDENTITY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Wall(StrEnum):
    """What a page says of our session."""

    LOGGED_IN = "logged_in"
    LOGGED_OUT = "logged_out"
    CONSENT = "consent"
    CHALLENGE = "challenge"
    RATE_LIMITED = "rate_limited"
    """We ask too often: a wall before every page of the site."""

    BUSY = "busy"
    """The site failed to make this page."""

    BLANK = "blank"
    """Nothing is there at all: the page never came to life."""

    UNKNOWN = "unknown"
    """There is a page without any landmark: the markup drifted."""


@dataclass(frozen=True, slots=True)
class SessionState:
    """The judgement about a page; `account` is the handle it belongs to, without the at sign."""

    state: Wall
    account: str | None = None


PHRASES: Mapping[str, Wall] = {
    "Rate limit exceeded": Wall.RATE_LIMITED,
    "Something went wrong": Wall.BUSY,
    CONSENT_REFUSE.text: Wall.CONSENT,
}
"""How the site begins to say it, looked for outside of everything people wrote."""

GONE = ("account doesn't exist", "account doesn’t exist", "account suspended")
"""How the site says, in small letters, that nobody has a handle any more."""

_CHALLENGE_PATH = re.compile(r"/(account/(access|verify)|i/flow/(challenge|verify))(/|$)")
_CONSENT_PATH = re.compile(r"/i/flow/consent(/|$)")
_LOGIN_PATH = re.compile(r"/(i/flow/login|login)(/|$)")
_PROFILE_PATH = re.compile(r"/(\w{1,20})/?")
TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


def classify(status: int | None, landmarks: Mapping[str, Any]) -> SessionState:
    """Judge a page by the status of its navigation and what `scripts/landmarks.js` found.

    A wall in the way comes before the identity behind it.
    """
    path = landmarks["path"]
    profile = _PROFILE_PATH.fullmatch(landmarks["profile"] or "")
    account = profile.group(1) if profile else None
    shown = {PHRASES[phrase] for phrase in landmarks["phrases"]}
    signs = (
        (Wall.CHALLENGE, _CHALLENGE_PATH.match(path)),
        (Wall.CONSENT, is_consent_path(path) or landmarks["consent"] >= 0 or Wall.CONSENT in shown),
        (Wall.LOGGED_OUT, _LOGIN_PATH.match(path)),
        (Wall.RATE_LIMITED, status == TOO_MANY_REQUESTS or Wall.RATE_LIMITED in shown),
        (Wall.BUSY, is_refusal(status) or Wall.BUSY in shown),
        (Wall.LOGGED_IN, account is not None),
        (Wall.LOGGED_OUT, landmarks["login"] >= 0),
        (Wall.UNKNOWN, landmarks["alive"]),
    )
    state = next((wall for wall, is_shown in signs if is_shown), Wall.BLANK)
    return SessionState(state, None if state is Wall.LOGGED_OUT else account)


def is_refusal(status: int | None) -> bool:
    """Say whether an HTTP status asks for patience, so that there is no page to wait for."""
    return status is not None and (status == TOO_MANY_REQUESTS or status >= _SERVER_ERROR)


def is_told_at_once(status: int | None, path: str) -> bool:
    """Say whether status or address tell all, so that there is no landmark to wait for."""
    return is_refusal(status) or bool(_CHALLENGE_PATH.match(path))


def is_consent_path(path: str) -> bool:
    """Say whether an address is that of a consent page, which then stands in place of the page that was asked for."""
    return bool(_CONSENT_PATH.match(path))


def says_gone(words: str | None) -> bool:
    """Say whether what a page shows in place of an account means that there is none."""
    return any(phrase in (words or "").lower() for phrase in GONE)


def trouble(state: Wall, where: str) -> SiteBusyError:
    """Return the error for a page that the site does not serve, for one reason (RATE_LIMITED) or another."""
    if state is Wall.RATE_LIMITED:
        return RateLimitedError(f"the site says on {where} that we ask too often")
    if state is Wall.BLANK:
        return SiteBusyError(f"{where} stayed blank")
    return SiteBusyError(f"the site failed on {where}")


def refuse_walls(session: SessionState, where: str) -> None:
    """Pass any page that shows its content, logged in or not.

    Raises:
        ChallengeError: a human must act; ConsentError if it is a consent page.
        RateLimitedError: we ask too often.
        SiteBusyError: the site failed to make the page, or it stayed blank.
        PageChangedError: nothing that could tell is where it used to be.
    """
    if session.state in (Wall.CHALLENGE, Wall.CONSENT):
        kind = ConsentError if session.state is Wall.CONSENT else ChallengeError
        raise kind(f"a {session.state} page stands before {where}", "log in by hand and pass it")
    if session.state in (Wall.RATE_LIMITED, Wall.BUSY, Wall.BLANK):
        raise trouble(session.state, where)
    if session.state is Wall.UNKNOWN:
        raise PageChangedError(IDENTITY.name, where)


def require_account(session: SessionState, account: str, where: str) -> None:
    """Pass only a page that belongs to `account`.

    Raises:
        ChallengeError, SiteBusyError, PageChangedError: as `refuse_walls`.
        LoggedOutError: nobody is logged in; ForeignAccountError if somebody else is.
    """
    refuse_walls(session, where)
    if session.state is Wall.LOGGED_OUT:
        raise LoggedOutError(f"not logged in on {where}", "renew the session")
    if session.account is None or session.account.lower() != account.lower():
        reason = f"logged in as {session.account} instead of {account} on {where}"
        raise ForeignAccountError(reason, "renew the session")
