"""From the written composer to the testimony: the permission, the one click, and what can be learned after it."""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from actors.domain.evidence import TOLERANCE
from actors.domain.snowflake import TweetId, is_tweet_id, is_within
from actors.domain.text import weighted_length
from actors.errors import AfterCommitError, AppError, ChallengeError, LoggedOutError, RateLimitedError, SiteBusyError
from actors.pages import selectors
from actors.pages.create_call import CreateAnswer, CreateCall

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from actors.pages.composer import Composer
    from actors.pages.errand import Desk
    from actors.pages.visit import Visit

Evidence = Literal["response", "toast", "duplicate", "refused", "none"]

_EVIDENCE_S = 10.0
_REFUSALS: Mapping[str, type[AppError]] = {
    "32": LoggedOutError,
    "64": ChallengeError,
    "88": RateLimitedError,
    "226": ChallengeError,
    "326": ChallengeError,
    "344": RateLimitedError,
}
"""The API's error codes that are walls (domain 4.4): not logged in, suspended, too many requests, looks automated,
account locked, daily limit."""
_STATUS_LINK = re.compile(r"/(\w{1,20})/status/(\d{15,20})(?:[/?#]|$)")


@dataclass(frozen=True, slots=True)
class Published:
    """What came of a granted commit.

    `evidence` says how `tweet_id` is known: from the answer to the create call, or from the toast's link. Without an
    id it is "duplicate" (the site says that this text is already there), "refused" (the site says that it did not
    create it) or "none": then the post may exist, and only a scan of the timeline can tell.
    """

    tweet_id: TweetId | None
    evidence: Evidence
    clicked: bool
    """False only when it is certain that nothing was clicked."""

    site_time: datetime
    """The platform's clock: when it answered the create call, or else when it served the page."""

    drift: tuple[str, ...] = ()
    detail: str = ""
    """Why there was no click ("late", "changed", "disabled", "gone", "target": the dialog answers another post), or the
    codes of the refusal."""

    @property
    def wall(self) -> AppError | None:
        """What stood before us if the site refused to create the post: as much of a wall as a page would have been."""
        if self.evidence != "refused":
            return None
        kinds = [_REFUSALS[code] for code in self.detail.split(",") if code in _REFUSALS]
        return (kinds[0] if kinds else SiteBusyError)(f"the site refused to create the post: {self.detail}")


@dataclass(frozen=True, slots=True)
class Publication:
    """A text as an errand was given it, for a decision; `target_id` is the post that it answers, None for none."""

    text: str
    decision_id: str
    target_id: TweetId | None = None

    async def publish(self, visit: Visit, composer: Composer, desk: Desk) -> Published:
        """Ask for permission to commit what the composer holds, click once, and collect the evidence.

        Raises:
            CommitRefusedError: the run refused; nothing was clicked.
            AfterCommitError: something broke after the permission, and the click may have happened.
        """
        call = CreateCall(visit.page, composer.text, self.target_id)
        not_after = await desk.commit(self._prepared(visit, desk.account))
        try:
            verdict = await composer.submit(not_after)
            if verdict != "clicked":
                return Published(None, "none", False, visit.site_time, visit.drift, verdict)
            return await _Witness(visit, call, desk.account, self.target_id).testimony()
        except Exception as error:
            what = type(error).__name__
            raise AfterCommitError(f"{what} after the permission to publish {self.decision_id}") from error

    def _prepared(self, visit: Visit, account: str) -> dict[str, str | float | None]:
        """Return the evidence for the intent.

        The site's clock is `site_time` plus what passed since `site_time_asked_at` (epoch seconds), at the most.
        """
        return {
            "decision_id": self.decision_id,
            "target_id": self.target_id,
            "account": account,
            "site_time": visit.site_time.isoformat(),
            "site_time_asked_at": visit.asked_at,
            "text_sha256": hashlib.sha256(self.text.encode()).hexdigest(),
            "text_length": weighted_length(self.text),
            "selectors": selectors.VERSION,
        }


class _Witness:
    """What can be learned after the click without touching anything."""

    def __init__(self, visit: Visit, call: CreateCall, account: str, target_id: TweetId | None) -> None:
        self._visit = visit
        self._call = call
        self._account = account
        self._target_id = target_id

    async def testimony(self) -> Published:
        """Wait for the answer to the create call; the toast, which is gone within seconds, is caught meanwhile."""
        toast = asyncio.create_task(self._toast_id())
        try:
            answer = await self._answer()
            if answer is None or (answer.tweet_id is None and not answer.error_codes):
                return self._published(await toast, "toast", answer)
            if answer.tweet_id is not None:
                return self._published(answer.tweet_id, "response", answer)
            codes = ",".join(str(code) for code in answer.error_codes)
            return self._published(None, "duplicate" if answer.is_duplicate else "refused", answer, codes)
        finally:
            toast.cancel()
            await asyncio.gather(toast, return_exceptions=True)

    def _published(
        self, tweet_id: TweetId | None, evidence: Evidence, answer: CreateAnswer | None, detail: str = ""
    ) -> Published:
        """Accept an id only when it was minted during this visit, by the platform's own clock, and is not the target's.

        A part of a thread answers a post of ours that is as young.
        """
        opened_at = self._visit.site_time
        answered_at = answer.site_time if answer else None
        if tweet_id is not None and not is_within(tweet_id, opened_at, answered_at, TOLERANCE):
            tweet_id, evidence, detail = None, "none", f"{evidence} named {tweet_id}, minted at another time"
        elif tweet_id is not None and tweet_id == self._target_id:
            tweet_id, evidence, detail = None, "none", f"{evidence} named the target"
        elif evidence == "toast" and self._call.has_strayed:
            tweet_id, evidence, detail = None, "none", f"sent as the answer to another post; the toast named {tweet_id}"
        elif tweet_id is None and evidence == "toast":
            evidence = "none"
        return Published(tweet_id, evidence, True, answered_at or opened_at, self._visit.drift, detail)

    async def _answer(self) -> CreateAnswer | None:
        try:
            async with asyncio.timeout(_EVIDENCE_S):
                return await self._call.answer()
        except TimeoutError:
            return None

    async def _toast_id(self) -> TweetId | None:
        """Return the id in the toast's link to our post. The element may be gone by the time it is read."""
        selector = selectors.TOAST_LINK.css
        try:
            async with asyncio.timeout(_EVIDENCE_S):
                link = await self._visit.page.wait_for_selector(selector, state="attached", timeout=_EVIDENCE_S * 2000)
                href = await link.get_attribute("href") if link else None
        except TimeoutError:
            return None
        link_to = _STATUS_LINK.search(href or "")
        is_ours = link_to is not None and link_to[1].lower() in (self._account.lower(), "i")
        return TweetId(link_to[2]) if link_to and is_ours and is_tweet_id(link_to[2]) else None
