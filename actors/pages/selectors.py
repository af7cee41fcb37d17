"""Every selector this program knows, in one registry: the only place to change when the site's markup drifts.

Each entry lists CSS selectors, the trusted one first. A hit on a later one still works and is reported by the errand
as `drift`, so that the registry is mended before the last one fails. Raise `VERSION` with every change.
"""

from __future__ import annotations

from dataclasses import dataclass

VERSION = 3


@dataclass(frozen=True, slots=True)
class Selector:
    """One thing on a page, with the ways to find it in order of trust."""

    name: str
    options: tuple[str, ...]
    text: str = ""
    """What an element must say, word for word, that a fallback found; empty if any will do."""

    @property
    def css(self) -> str:
        """One selector that matches whatever any option matches."""
        return ", ".join(self.options)


IDENTITY = Selector("nav.profile", ('[data-testid="AppTabBar_Profile_Link"]', 'nav a[aria-label="Profile"]'))
"""The only proof of a login that also tells whose it is: its `href` is the account's profile."""

LOGIN = Selector(
    "wall.login",
    (
        '[data-testid="loginButton"]',
        '[data-testid="LoginForm_Login_Button"]',
        'input[autocomplete="username"]',
        'a[href="/login"]',
        'a[href*="/i/flow/login"]',
    ),
)
CONSENT = Selector("wall.consent", ('[data-testid="twc-cc-mask"]',))
CONSENT_REFUSE = Selector(
    "wall.consent.refuse", ('[data-testid="twc-cc-refuse"]', "button"), text="Refuse non-essential cookies"
)
"""The one control of any wall that is ever clicked."""

PROGRESS = Selector("page.progress", ('[role="progressbar"]',))
MISSING = Selector("page.missing", ('[data-testid="error-detail"]', '[data-testid="emptyState"]'))

COMPOSER_TEXT = Selector(
    "composer.text",
    (
        '[role="dialog"] [data-testid="tweetTextarea_0"]',
        '[data-testid="tweetTextarea_0"]',
        '[role="dialog"] div[contenteditable="true"][role="textbox"]',
    ),
)
COMPOSER_SUBMIT = Selector("composer.submit", ('[data-testid="tweetButton"]', '[data-testid="tweetButtonInline"]'))
REPLY_DIALOG = Selector("reply.dialog", ('[role="dialog"]',))
REPLY_TEXT = Selector(
    "reply.text",
    (
        '[role="dialog"] [data-testid="tweetTextarea_0"]',
        '[role="dialog"] div[contenteditable="true"][role="textbox"]',
    ),
)
REPLY_SUBMIT = Selector(
    "reply.submit",
    ('[role="dialog"] [data-testid="tweetButton"]', '[role="dialog"] [data-testid="tweetButtonInline"]'),
)
REPLY_TARGET = Selector("reply.target", ('[role="dialog"] :has(> a[href^="/"])', '[role="dialog"] div'))
"""The line "Replying to @author" outside of every card; it has no mark of its own but its words."""

TOAST_LINK = Selector("toast.link", ('[data-testid="toast"] a[href*="/status/"]',))

CARD = Selector("card", ('article[data-testid="tweet"]', 'article[role="article"]'))
CARD_QUOTE = Selector("card.quote", ('div[role="link"]',))
CARD_PROMOTED = Selector("card.promoted", ('[data-testid="placementTracking"]',))
CARD_LINK = Selector("card.link", ('a[href*="/status/"]:has(time)', 'a[href*="/status/"]'))
CARD_TEXT = Selector("card.text", ('[data-testid="tweetText"]',))
CARD_NAME = Selector("card.name", ('[data-testid="User-Name"]',))
CARD_CONTEXT = Selector("card.context", ('[data-testid="socialContext"]',))
CARD_SUMMARY = Selector("card.summary", ('[role="group"][aria-label]',))
CARD_LIKES = Selector("card.likes", ('[data-testid="like"], [data-testid="unlike"]',))
CARD_REPOSTS = Selector("card.reposts", ('[data-testid="retweet"], [data-testid="unretweet"]',))
CARD_REPLIES = Selector("card.replies", ('[data-testid="reply"]',))
CARD_BOOKMARKS = Selector("card.bookmarks", ('[data-testid="bookmark"], [data-testid="removeBookmark"]',))
CARD_VIEWS = Selector("card.views", ('a[href*="/analytics"]',))

FOLLOWERS = Selector("profile.followers", ('a[href$="/verified_followers"]', 'a[href$="/followers"]'))
FOLLOWING = Selector("profile.following", ('a[href$="/following"]',))
BIO = Selector("profile.bio", ('[data-testid="UserDescription"]',))

CELL = Selector(
    "cell",
    (
        '[data-testid="primaryColumn"] [data-testid="UserCell"]',
        '[data-testid="cellInnerDiv"] [data-testid="UserCell"]',
    ),
)
"""An account in a list of accounts; those that the side column recommends look the same."""

CELL_LINK = Selector("cell.link", ('a[role="link"][href^="/"]', 'a[href^="/"]'))

REGISTRY = {
    selector.name: selector
    for selector in (
        IDENTITY, LOGIN, CONSENT, CONSENT_REFUSE, PROGRESS, MISSING, COMPOSER_TEXT, COMPOSER_SUBMIT, REPLY_DIALOG,
        REPLY_TEXT, REPLY_SUBMIT, REPLY_TARGET, TOAST_LINK, CARD, CARD_QUOTE, CARD_PROMOTED, CARD_LINK, CARD_TEXT,
        CARD_NAME, CARD_CONTEXT, CARD_SUMMARY, CARD_LIKES, CARD_REPOSTS, CARD_REPLIES, CARD_BOOKMARKS, CARD_VIEWS,
        FOLLOWERS, FOLLOWING, BIO, CELL, CELL_LINK,
    )
}  # fmt: skip
"""All of them by name."""
