"""The publisher that everybody writes first: publish, try again on an error, note afterwards that it was done.

It has no intent before the click, no doubt after it and no lease, and is here to show that the bench can fail. Run as
`python -m tests.torture.naive run`, with DATABASE_URL and PLATFORM_URL.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright

from actors.embedded.chromium import find
from actors.errors import AppError
from actors.pages.compose import PublishPost
from tests.acceptance.engine import get_json

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

TABLE = "CREATE TABLE naive_posts (decision_id uuid PRIMARY KEY, part integer NOT NULL, tweet_id text NOT NULL)"
RECEIPTS = "SELECT decision_id, part, tweet_id FROM naive_posts"
STATUS = (
    "CASE WHEN EXISTS (SELECT 1 FROM naive_posts n WHERE n.decision_id = decisions.decision_id) "
    "THEN 'posted' ELSE status END"
)
_DUE = (
    "SELECT decision_id, text FROM decisions d WHERE kind = 'single' "
    "AND NOT EXISTS (SELECT 1 FROM naive_posts n WHERE n.decision_id = d.decision_id) ORDER BY scheduled_at LIMIT 1"
)
_DONE = "INSERT INTO naive_posts VALUES (%s, 0, %s)"
_TRIES = 3
_PATIENCE_S = 3.0
_POLL_S = 0.2


@dataclass
class OpenDesk:
    """Permits everything, at once."""

    site: str
    account: str = "commons_daily"

    async def commit(self, prepared: Any) -> float:
        """Let the page click within a minute."""
        tell("intent_durable", "as if it were")
        return (time.time() + 60) * 1000


async def publish(context: BrowserContext, desk: OpenDesk, decision_id: str, text: str) -> str:
    """Publish one post and return its id, trying again after any error."""
    for _ in range(_TRIES):
        page = await context.new_page()
        try:
            published = await asyncio.wait_for(PublishPost(text, decision_id).perform(page, desk), _PATIENCE_S)
            if published.tweet_id is not None:
                return published.tweet_id
        except (AppError, TimeoutError) as error:
            tell("publish_failed", f"{type(error).__name__}: {error}")
        finally:
            with contextlib.suppress(PlaywrightError):
                await page.close()
    raise TimeoutError("it failed three times")


async def work(database: str, desk: OpenDesk, chromium: str) -> None:
    """Publish what is due for as long as the browser lives."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium)
        context = await browser.new_context(storage_state=get_json(desk.site + "/_session"))  # type: ignore[arg-type]
        tell("ready", "it works", site=desk.site)
        while browser.is_connected():
            with psycopg.connect(database, autocommit=True) as connection:
                for decision_id, text in connection.execute(_DUE.encode()).fetchall():
                    tweet_id = await publish(context, desk, str(decision_id), text)
                    connection.execute(_DONE, (decision_id, tweet_id))
                    tell("posted", f"{decision_id} is {tweet_id}")
            await asyncio.sleep(_POLL_S)


def tell(action: str, message: str, **fields: Any) -> None:
    """Write one line of the log."""
    sys.stdout.write(json.dumps({"level": "info", "action": action, "message": message, **fields}) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Work for ever; after every error from the beginning."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command")
    for word in ("--speed", "--data"):
        parser.add_argument(word)
    parser.parse_args()
    desk = OpenDesk(os.environ["PLATFORM_URL"])
    while True:
        try:
            asyncio.run(work(os.environ["DATABASE_URL"], desk, str(find(os.environ).path)))
        except (AppError, OSError, PlaywrightError, psycopg.Error) as error:
            tell("began_again", f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
