"""Replies and threads, written on the pages of the posts they answer, in a real Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import ACCOUNT, Visitor, eventually

DIALOG = '[role="dialog"] '
SUBMIT = DIALOG + '[data-testid="tweetButton"]'
REPLYING = DIALOG + '[data-part="replying"]'
TOAST_LINK = '[data-testid="toast"] a[href*="/status/"]'
COLUMN = '[data-testid="primaryColumn"] article'


def reply(page: Page, path: str, handle: str, text: str) -> str:
    """Answer the post at `path` in the dialog of its own card; return the id that the create call names."""
    page.goto(path)
    page.locator(f'article:has(a[href="{path}"] time) [data-testid="reply"]').click()
    expect(page.locator(REPLYING)).to_have_text(f"Replying to @{handle}")
    page.keyboard.insert_text(text)
    with page.expect_response("**/CreateTweet") as answered:
        page.locator(SUBMIT).click()
    sent = answered.value.request.post_data_json["variables"]
    assert sent["reply"]["in_reply_to_tweet_id"] == path.rsplit("/", 1)[1]
    post_id = str(answered.value.json()["data"]["create_tweet"]["tweet_results"]["result"]["rest_id"])
    expect(page.locator(TOAST_LINK)).to_have_attribute("href", f"/{ACCOUNT}/status/{post_id}")
    expect(page.locator(DIALOG)).to_have_count(0)
    return post_id


def shown(cards: Locator) -> list[str]:
    return cards.locator('[data-testid="tweetText"]').all_inner_texts()


def test_a_reply_stands_under_its_parent_on_both_pages_and_on_the_replies_tab(page: Page, visitor: Visitor) -> None:
    parent = visitor.query("UserTweets", handle="slowkitchen")["entries"][0]

    post_id = reply(page, parent["path"], "slowkitchen", "Noted.\n\nTwice.")

    (stored,) = visitor.truth()
    assert (stored["id"], stored["text"], stored["in_reply_to"]) == (post_id, "Noted.\n\nTwice.", parent["id"])
    page.goto(parent["path"])
    expect(page.locator(COLUMN)).to_have_count(2)
    assert shown(page.locator(COLUMN)) == [parent["text"], "Noted.\n\nTwice."]
    expect(page.locator(COLUMN).nth(1)).to_contain_text("Replying to @slowkitchen")
    eventually(lambda: visitor.query("UserTweetsAndReplies", handle=ACCOUNT)["entries"])
    page.goto(f"/{ACCOUNT}/with_replies")
    expect(page.locator(COLUMN)).to_have_count(2)
    assert shown(page.locator(COLUMN)) == [parent["text"], "Noted.\n\nTwice."]
    page.goto(f"/{ACCOUNT}")
    expect(page.locator('[data-testid="emptyState"]')).to_be_visible()


def test_a_thread_grows_by_replies_to_our_own_last_post(page: Page, visitor: Visitor) -> None:
    texts = ["First part", "Second part", "Third part"]
    visitor.create(texts[0])
    ids = [visitor.truth()[0]["id"]]

    for text in texts[1:]:
        ids.append(reply(page, f"/{ACCOUNT}/status/{ids[-1]}", ACCOUNT, text))

    assert [(post["id"], post["in_reply_to"]) for post in visitor.truth()] == list(zip(ids, [None, *ids], strict=False))
    page.goto(f"/{ACCOUNT}/status/{ids[-1]}")
    expect(page.locator(COLUMN)).to_have_count(3)
    assert shown(page.locator(COLUMN)) == texts
    eventually(lambda: len(visitor.query("UserTweetsAndReplies", handle=ACCOUNT)["entries"]) == 5)
    page.goto(f"/{ACCOUNT}/with_replies")
    expect(page.locator(COLUMN)).to_have_count(5)
    assert shown(page.locator(COLUMN)) == [*texts[1:], *texts[:2], texts[0]], (
        "each reply under its parent, newest first"
    )


def test_the_dialog_of_a_reply_to_a_reply_names_its_author_alone(page: Page, visitor: Visitor) -> None:
    ours = visitor.json("POST", "/_posts", {"author": ACCOUNT, "text": "A question"})["id"]
    theirs = visitor.json("POST", "/_posts", {"author": "quietdesk", "text": "An answer", "in_reply_to": ours})["id"]

    reply(page, f"/quietdesk/status/{theirs}", "quietdesk", "Thank you")

    page.goto(f"/quietdesk/status/{theirs}")
    expect(page.locator(COLUMN)).to_have_count(3)
    assert shown(page.locator(COLUMN)) == ["A question", "An answer", "Thank you"]


@pytest.mark.parametrize("fault", ["duplicate_refused", "http_429"])
def test_a_refused_reply_stays_in_its_dialog(page: Page, visitor: Visitor, fault: str) -> None:
    parent = visitor.query("UserTweets", handle="slowkitchen")["entries"][0]
    page.goto(parent["path"])
    page.locator('article [data-testid="reply"]').click()
    page.keyboard.insert_text("Refused")
    visitor.arm(fault)

    page.locator(SUBMIT).click()

    expect(page.locator('[data-testid="toast"]')).to_be_visible()
    expect(page.locator(DIALOG + '[data-testid="tweetTextarea_0"]')).to_have_text("Refused")
    assert visitor.truth() == []
