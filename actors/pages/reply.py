"""Publishing one reply: to the very post that was meant, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from actors.domain.snowflake import created_at, parse_tweet_id
from actors.errors import TargetError
from actors.pages.card import press_reply
from actors.pages.composer import Composer
from actors.pages.publication import Publication, Published
from actors.pages.status import find_card
from actors.pages.visit import Visit
from actors.pages.wall import require_account

if TYPE_CHECKING:
    from datetime import timedelta

    from playwright.async_api import Page

    from actors.domain.snowflake import TweetId
    from actors.pages.errand import Desk


@dataclass(frozen=True, slots=True)
class Target:
    """The post to be answered, and what must be true of it.

    For a part of a thread it is our own previous part: then `must_be_root` is False and `max_age` None.
    """

    id: str
    author: str
    """Handle without the at sign; its case does not matter."""

    must_be_root: bool
    """Whether it must stand alone and be somebody else's."""

    max_age: timedelta | None
    """How old it may be, by the platform's clock; None for any age."""


@dataclass(frozen=True, slots=True)
class PublishReply:
    """Publish `text` as our answer to `target`, for the decision `decision_id`.

    Before the click everything may fail, after it nothing is tried again, only watched.
    """

    text: str
    decision_id: str
    target: Target

    expected_s: ClassVar[float] = 5.0
    deadline_s: ClassVar[float] = 85.0
    needs_login: ClassVar[bool] = True
    recallable: ClassVar[bool] = False

    async def perform(self, page: Page, desk: Desk) -> Published:
        """Judge the target on its own page, answer from its own card, ask for permission, click once, and watch.

        Raises:
            TargetError: the target is not fit to be answered, or the page does not tell.
            LoggedOutError, ChallengeError, SiteBusyError, PageChangedError: the page is not fit to publish on.
            ComposerMismatchError: the composer does not hold exactly the text.
            CommitRefusedError: the run refused. None of these has clicked.
            AfterCommitError: something broke after the permission, and the click may have happened.
        """
        target_id = parse_tweet_id(self.target.id)
        visit = await Visit.open(page, desk.site, f"/{self.target.author}/status/{target_id}")
        require_account(visit.session, desk.account, visit.where)
        await self._require_target(visit, target_id, desk.account)
        await press_reply(visit, target_id)
        composer = Composer(visit, self.text, self.target)
        await composer.write()
        return await Publication(self.text, self.decision_id, target_id).publish(visit, composer, desk)

    async def _require_target(self, visit: Visit, target_id: TweetId, account: str) -> None:
        sought, where = await find_card(visit, target_id), visit.where
        card, max_age = sought.card, self.target.max_age
        if card is None:
            if sought.is_missing:
                raise TargetError(f"the site says that there is nothing on {where}", "deleted")
            raise TargetError(f"post {target_id} is not to be seen on {where}", "not_shown")
        if card.author.lower() != self.target.author.lower():
            raise TargetError(f"post {target_id} is by {card.author}, not by {self.target.author}", "wrong_author")
        if self.target.must_be_root and card.author.lower() == account.lower():
            raise TargetError(f"post {target_id} is our own", "ours")
        # Where the parent stands right above, the site may leave out the line that says whom a post answers.
        if self.target.must_be_root and (card.replying_to is not None or not sought.is_on_top):
            raise TargetError(f"post {target_id} answers {card.replying_to or 'what stands above it'}", "not_root")
        if max_age is not None and visit.site_time - created_at(target_id) > max_age:
            raise TargetError(f"post {target_id} is older than {max_age}", "too_old")
