"""Publishing one post that stands alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from actors.pages.composer import Composer
from actors.pages.publication import Publication, Published
from actors.pages.visit import Visit
from actors.pages.wall import require_account

if TYPE_CHECKING:
    from playwright.async_api import Page

    from actors.pages.errand import Desk


@dataclass(frozen=True, slots=True)
class PublishPost:
    """Publish `text` as one post of our account, for the decision `decision_id`.

    Before the click everything may fail, after it nothing is tried again, only watched.
    """

    text: str
    decision_id: str

    expected_s: ClassVar[float] = 4.0
    deadline_s: ClassVar[float] = 80.0
    needs_login: ClassVar[bool] = True
    recallable: ClassVar[bool] = False

    async def perform(self, page: Page, desk: Desk) -> Published:
        """Compose, ask for permission to commit, click once, and collect the evidence.

        Raises:
            LoggedOutError, ChallengeError, SiteBusyError, PageChangedError: the page is not fit to publish on.
            ComposerMismatchError: the composer does not hold exactly the text.
            CommitRefusedError: the run refused. None of these has clicked.
            AfterCommitError: something broke after the permission, and the click may have happened.
        """
        visit = await Visit.open(page, desk.site, "/compose/post")
        require_account(visit.session, desk.account, visit.where)
        composer = Composer(visit, self.text)
        await composer.write()
        return await Publication(self.text, self.decision_id).publish(visit, composer, desk)
