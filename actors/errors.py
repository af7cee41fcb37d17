"""The one hierarchy of errors: the branch an error stands on is the retry decision.

A `TransientError` is worth another attempt, a `PermanentError` would only repeat itself. `is_infrastructure`
says whether an error speaks of the resource itself (and so counts against its breaker) or only of what was asked
of it: a tweet that is not found is no browser failure.
"""

from __future__ import annotations

from typing import Literal

TargetCode = Literal["deleted", "wrong_author", "not_root", "ours", "too_old", "not_shown"]


class AppError(Exception):
    """Root of everything this program raises on purpose.

    Args:
        message: what happened, and where.
        hint: what the reader can do about it; printed after the message.
    """

    is_infrastructure = False
    spent: float | None = None
    """What the failed call cost in US dollars; None if nobody knows."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ConfigError(AppError):
    """The configuration is refused at start; the process exits with code 2."""


class TransientError(AppError):
    """Another attempt may succeed."""


class PermanentError(AppError):
    """Another attempt would only repeat it."""


class ActorUnavailableError(TransientError):
    """Nobody answers at that address now."""


class MailboxFullError(TransientError):
    """The receiver's mailbox is full; the message was not taken."""


class QueueFullError(TransientError):
    """The front has as many waiting requests of this priority as it may hold."""


class DeadlineError(TransientError):
    """The work did not end before its deadline, and its handle was destroyed."""

    is_infrastructure = True


class MemoryPressureError(TransientError):
    """The container is near its memory limit and takes no work of this priority."""


class ExpiredError(TransientError):
    """The request waited past its deadline and was never started."""


class ResourceDiedError(TransientError):
    """The handle (browser, connection, endpoint) broke while the errand ran, or could not be opened."""

    is_infrastructure = True


class CircuitOpenError(TransientError):
    """The resource's breaker is open; `retry_after` is in real seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class JournalError(TransientError):
    """The local journal cannot be written: nothing may be published that it could not remember."""


class AfterCommitError(TransientError):
    """Something broke after the permission to click: the click may have happened, and only evidence can tell."""


class SiteBusyError(TransientError):
    """The site does not serve the page for now (HTTP 5xx, "Something went wrong", a page that stays blank)."""

    code = "site_busy"


class RateLimitedError(SiteBusyError):
    """The site says that we ask too often (HTTP 429, "Rate limit exceeded"): it is left alone for a while."""

    code = "rate_limited"


class PlatformClosedError(TransientError):
    """The errand was not let to the site, and no page was opened: the platform's state forbids it for now.

    Args:
        message: what happened.
        state: the platform's state, a value of `actors.domain.platform_state.PlatformState`.
        until: epoch time in real seconds before which asking again is pointless.
    """

    def __init__(self, message: str, state: str, until: float) -> None:
        super().__init__(message)
        self.state = state
        self.until = until


class ModelBusyError(TransientError):
    """The model endpoint asks for patience (429) or failed (5xx). It bills no errors."""

    is_infrastructure = True
    spent = 0.0


class BudgetExceededError(TransientError):
    """The call would not fit into what is left of the lane's money today."""


class ModelRefusedError(PermanentError):
    """The model endpoint refused the call (400, 401, 404): key, model or request is wrong. It bills no errors."""

    spent = 0.0


class CallRefusedError(ModelRefusedError):
    """The model endpoint refused what this call says (400, 422), such as a text that it will not read."""


class ModelOutputError(TransientError):
    """The model answered with something that does not fit the schema."""


class QueryError(PermanentError):
    """The database rejected a statement; nothing of its transaction was written."""


class ConflictError(PermanentError):
    """A compare-and-set found another state than expected; nothing was written."""


class PageChangedError(PermanentError):
    """A page lacks what its selector names: the site's markup drifted."""

    code = "ui_drift"

    def __init__(self, selector: str, where: str) -> None:
        super().__init__(f"no element for selector {selector!r} on {where}", "update actors/pages/selectors.py")
        self.selector = selector


class LoggedOutError(PermanentError):
    """The session is not logged in; publishing pauses until it is."""

    code = "logged_out"


class ForeignAccountError(LoggedOutError):
    """The session is another account's; whatever were done with it would be done in somebody else's name."""


class ChallengeError(LoggedOutError):
    """A challenge stands before every page: a human must pass it, nothing here ever tries."""

    code = "challenge"


class ConsentError(ChallengeError):
    """The wall is a consent page, and what may be clicked there (refusing cookies) was missing or did not help."""

    code = "consent"


class NotFoundError(PermanentError):
    """The tweet or profile does not exist."""

    code = "not_found"


class GonePostError(NotFoundError):
    """The page of the post says in so many words that there is nothing."""


class ForeignPostError(NotFoundError):
    """The post exists, and somebody else wrote it."""


class TargetError(PermanentError):
    """The post to be answered is not the one that was meant, or is not fit to be answered; nothing was clicked.

    Args:
        message: what the page shows.
        code: "deleted" (the site says that there is nothing), "wrong_author", "not_root" (it answers another post),
            "ours", "too_old", or "not_shown" (the page does not tell, so that nobody knows).
    """

    def __init__(self, message: str, code: TargetCode) -> None:
        super().__init__(message)
        self.code = code


class ComposerMismatchError(PageChangedError):
    """The composer does not hold exactly the text that was typed; nothing was clicked."""

    code = "composer_mismatch"

    def __init__(self, selector: str, where: str) -> None:
        super().__init__(selector, where)
        self.message, self.hint = f"{selector!r} on {where} holds another text than was typed", "look at that page"


class EgressError(PermanentError):
    """A page led, or was to lead, where the browser may not go; nothing of it was fetched."""

    code = "egress_refused"

    def __init__(self, url: str, reason: str, where: str) -> None:
        super().__init__(
            f"{where} led to {url[:200]!r}: {reason}",
            "the browser visits the host and port of PLATFORM_URL alone; look at what that page sends readers to",
        )


class CommitRefusedError(PermanentError):
    """Permission to pass the commit point was refused; nothing was clicked."""


class ContentRejectedError(PermanentError):
    """A text failed the gates."""
