"""The platforms whose rules are known. Only `sandbox` has an adapter; the others stand here so that `check` can object.

What no platform limits is limited here for every live one: this program's own decision, and its source says so. A
platform may change its rules any day; `as_of` says how old each is.
"""

from __future__ import annotations

from datetime import date, timedelta

from actors.domain.rules.declaration import Counted, Counting, Driver, Length, Rules, Source, Stated, Window
from actors.domain.text import WEIGHTED_LIMIT

_HOUSE = Source("this program's own limits for live platforms", "README.md#responsible-automation", date(2026, 11, 26))
_SANDBOX = Source("the sandbox that comes along", "README.md#responsible-automation", date(2026, 11, 26))
_X_GUIDE = Source("X Developer Guidelines", "https://docs.x.com/developer-guidelines", date(2026, 8, 22))
_X_RATES = Source("X API rate limits", "https://docs.x.com/x-api/fundamentals/rate-limits", date(2026, 8, 22))
_X_COUNT = Source("Counting characters on X", "https://docs.x.com/fundamentals/counting-characters", date(2026, 8, 22))
_BLUESKY_BOTS = Source("Bluesky: Bots", "https://docs.bsky.app/docs/starter-templates/bots", date(2026, 4, 21))
_BLUESKY_RATES = Source(
    "Bluesky: Rate Limits", "https://docs.bsky.app/docs/advanced-guides/rate-limits", date(2026, 4, 21)
)
_BLUESKY_POST = Source(
    "app.bsky.feed.post",
    "https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json",
    date(2026, 4, 21),
)
_MASTODON_HABIT = Source(
    "Mastodon: a custom of its servers, whose own rules decide", "https://joinmastodon.org/servers", date(2026, 7, 2)
)
_MASTODON_BOT = Source("Mastodon: Account", "https://docs.joinmastodon.org/entities/Account/#bot", date(2026, 7, 2))
_MASTODON_RATES = Source("Mastodon: Rate limits", "https://docs.joinmastodon.org/api/rate-limits/", date(2026, 7, 2))
_MASTODON_POST = Source("Mastodon: Posting", "https://docs.joinmastodon.org/user/posting/", date(2026, 7, 2))

_HOUR, _DAY, _WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
_HOUSE_WINDOWS = (
    Window(Counted.CONTENT, _HOUR, 2, _HOUSE),
    Window(Counted.CONTENT, _DAY, 8, _HOUSE),
    Window(Counted.REPLIES, _DAY, 10, _HOUSE),
    Window(Counted.AUTHOR, _DAY, 1, _HOUSE),
    Window(Counted.AUTHOR, _WEEK, 3, _HOUSE),
)

SANDBOX = Rules(
    name="sandbox",
    is_live=False,
    drivers=Stated(frozenset({Driver.BROWSER}), _SANDBOX),
    replies_to_strangers=Stated(True, _SANDBOX),
    written_replies_need_leave=Stated(False, _SANDBOX),
    disclosure=Stated("", _SANDBOX),
    approval=Stated(False, _SANDBOX),
    windows=(),
    length=Length(WEIGHTED_LIMIT, Counting.WEIGHTED, _SANDBOX),
    links=Stated(None, _SANDBOX),
    link_every=Stated(None, _SANDBOX),
    hashtags=Stated(None, _SANDBOX),
    cashtags=Stated(None, _SANDBOX),
    mentions=Stated(None, _SANDBOX),
    repeats=Stated(True, _SANDBOX),
)

X = Rules(
    name="x",
    is_live=True,
    drivers=Stated(frozenset({Driver.API}), _X_GUIDE),
    replies_to_strangers=Stated(False, _X_GUIDE),
    written_replies_need_leave=Stated(True, _X_GUIDE),
    disclosure=Stated("the label of an automated account, and in the profile who operates it", _X_GUIDE),
    approval=Stated(True, _HOUSE),
    windows=(
        Window(Counted.WRITES, timedelta(minutes=15), 100, _X_RATES),
        Window(Counted.WRITES, _DAY, 10_000, _X_RATES),
        *_HOUSE_WINDOWS,
    ),
    length=Length(WEIGHTED_LIMIT, Counting.WEIGHTED, _X_COUNT),
    links=Stated(1, _HOUSE),
    link_every=Stated(4, _HOUSE),
    hashtags=Stated(2, _HOUSE),
    cashtags=Stated(1, _HOUSE),
    mentions=Stated(0, _HOUSE),
    repeats=Stated(False, _X_GUIDE),
)

# 5,000 points an hour and 35,000 a day, of which a new post costs 3. A text may also have no more than 3,000 bytes,
# which 300 code points never reach.
BLUESKY = Rules(
    name="bluesky",
    is_live=True,
    drivers=Stated(frozenset({Driver.API}), _HOUSE),
    replies_to_strangers=Stated(False, _BLUESKY_BOTS),
    written_replies_need_leave=Stated(False, _BLUESKY_BOTS),
    disclosure=Stated("the label `bot` that the account gives itself", _BLUESKY_BOTS),
    approval=Stated(True, _HOUSE),
    windows=(
        Window(Counted.WRITES, _HOUR, 5_000 // 3, _BLUESKY_RATES),
        Window(Counted.WRITES, _DAY, 35_000 // 3, _BLUESKY_RATES),
        *_HOUSE_WINDOWS,
    ),
    length=Length(300, Counting.CODE_POINTS, _BLUESKY_POST),
    links=Stated(1, _HOUSE),
    link_every=Stated(4, _HOUSE),
    hashtags=Stated(2, _HOUSE),
    cashtags=Stated(1, _HOUSE),
    mentions=Stated(0, _HOUSE),
    repeats=Stated(False, _HOUSE),
)

# Every instance adds rules of its own; these are those of the software as it is shipped.
MASTODON = Rules(
    name="mastodon",
    is_live=True,
    drivers=Stated(frozenset({Driver.API}), _HOUSE),
    replies_to_strangers=Stated(False, _MASTODON_HABIT),
    written_replies_need_leave=Stated(False, _MASTODON_HABIT),
    disclosure=Stated("the account's mark `bot`", _MASTODON_BOT),
    approval=Stated(True, _HOUSE),
    windows=(Window(Counted.WRITES, timedelta(minutes=5), 300, _MASTODON_RATES), *_HOUSE_WINDOWS),
    length=Length(500, Counting.LINKS_23, _MASTODON_POST),
    links=Stated(1, _HOUSE),
    link_every=Stated(4, _HOUSE),
    hashtags=Stated(2, _HOUSE),
    cashtags=Stated(1, _HOUSE),
    mentions=Stated(0, _HOUSE),
    repeats=Stated(False, _HOUSE),
)

PLATFORMS = {rules.name: rules for rules in (SANDBOX, X, BLUESKY, MASTODON)}
"""Every platform whose rules are known, by the name it has in `platform.name`."""
