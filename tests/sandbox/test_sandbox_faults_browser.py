"""The faults that act in the page, seen by a real Chromium."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, Response, Route, expect

from actors.pages import selectors

from .conftest import ACCOUNT, Visitor

if TYPE_CHECKING:
    from collections.abc import Callable

DIALOG = '[role="dialog"] '
TEXTBOX = '[data-testid="tweetTextarea_0"]'
TOAST = '[data-testid="toast"]'
INLINE = '[data-testid="tweetButtonInline"]'
MASK = '[data-testid="twc-cc-mask"]'


def answered(page: Page, submit: str = INLINE) -> Response:
    with page.expect_response("**/CreateTweet") as response:
        page.locator(submit).click()
    return response.value


def arm_at(page: Page, visitor: Visitor, operation: str, fault: str) -> None:
    """Arm the fault at the last moment, when the page asks, so that the page itself does not spend it."""

    def go_on(route: Route) -> None:
        visitor.arm(fault)
        route.continue_()

    page.route(f"**/{operation}?*", go_on)


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ("HomeTimeline", "/home"),
        ("UserTweets", "/slowkitchen"),
        ("TweetDetail", "/i/status/1"),
        ("SearchTimeline", "/search?q=tea"),
    ],
)
def test_a_page_whose_question_gets_http_429_says_so(page: Page, visitor: Visitor, operation: str, path: str) -> None:
    arm_at(page, visitor, operation, "http_429")

    page.goto(path)

    expect(page.locator('[data-testid="emptyState"]')).to_contain_text("Rate limit exceeded")
    assert page.locator("article").count() == 0
    assert visitor.json("GET", "/_faults")["armed"] == {}


def test_a_post_that_gets_http_429_is_refused_with_a_toast_and_stays_in_the_composer(
    page: Page, visitor: Visitor
) -> None:
    page.goto("/home")
    page.locator(TEXTBOX).fill("Too much")
    visitor.arm("http_429")

    assert answered(page).status == 429

    expect(page.locator(TOAST)).to_have_text("Rate limit exceeded")
    expect(page.locator(TEXTBOX)).to_have_text("Too much")
    assert visitor.truth() == []


def test_a_page_that_gets_http_429_itself_says_so(page: Page, visitor: Visitor) -> None:
    visitor.arm("http_429")
    response = page.goto("/home")
    assert response
    assert response.status == 429
    expect(page.get_by_text("Rate limit exceeded")).to_be_visible()


@pytest.mark.parametrize(
    ("button", "words"),
    [("twc-cc-accept", "Accept all cookies"), ("twc-cc-refuse", "Refuse non-essential cookies")],
)
def test_the_consent_wall_covers_the_page_until_it_is_answered_once(
    page: Page, visitor: Visitor, button: str, words: str
) -> None:
    visitor.arm("consent_wall", 2)
    page.goto("/compose/post")
    expect(page.locator(MASK)).to_be_visible()
    box = page.locator(DIALOG + TEXTBOX)
    expect(box).to_be_visible()
    covers = "box => !document.elementFromPoint(box.getBoundingClientRect().x + 5, box.getBoundingClientRect().y + 5)"
    assert box.evaluate(f"{covers}.closest('[role=dialog]')"), "the composer is out of reach"

    expect(page.locator(f'[data-testid="{button}"]')).to_have_text(words)
    page.locator(f'[data-testid="{button}"]').click()

    expect(page.locator(MASK)).to_have_count(0)
    box.click()
    page.goto("/home")
    expect(page.locator("article").first).to_be_visible()
    assert page.locator(MASK).count() == 0
    assert visitor.json("GET", "/_faults")["armed"] == {"consent_wall": 1}


def test_a_challenge_is_a_page_that_leads_nowhere(page: Page, visitor: Visitor) -> None:
    visitor.arm("challenge")
    page.goto("/compose/post")
    expect(page).to_have_url(re.compile("/account/access$"))
    expect(page.get_by_text("Confirm that you are human")).to_be_visible()
    assert page.locator("a, button:enabled, [data-testid]").count() == 0


@pytest.mark.parametrize(("path", "button"), [("/home", "tweetButtonInline"), ("/compose/post", "tweetButton")])
def test_a_renamed_submit_button_is_found_by_nothing_in_the_registry(
    page: Page, visitor: Visitor, path: str, button: str
) -> None:
    visitor.arm("renamed_testid")
    page.goto(path)
    expect(page.locator(f'[data-testid="{button}V2"]').last).to_be_visible()
    found = [name for name, entry in selectors.REGISTRY.items() if page.locator(f":is({entry.css}):is(button)").count()]
    assert "composer.submit" not in found
    assert page.locator(selectors.COMPOSER_SUBMIT.css).count() == 0
    page.locator(TEXTBOX).last.fill("By another name")
    assert answered(page, f'[data-testid="{button}V2"] >> nth=-1').ok


def test_a_refused_duplicate_is_answered_by_the_well_known_toast(page: Page, visitor: Visitor) -> None:
    page.goto("/home")
    page.locator(TEXTBOX).fill("New to everybody")
    visitor.arm("duplicate_refused")
    answered(page)
    expect(page.locator(TOAST)).to_have_text("Whoops! You already said that.")
    assert visitor.truth() == []


def test_half_a_page_stays_without_life(page: Page, visitor: Visitor) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    visitor.arm("half_page")

    page.goto("/home", wait_until="load")

    assert not [url for url in asked if url.endswith(".js") or "graphql" in url]
    assert page.locator("[data-testid]").count() == 0


def type_in(page: Page, text: str) -> None:
    page.keyboard.type(text)


def insert(page: Page, text: str) -> None:
    page.keyboard.insert_text(text)


def fill(page: Page, text: str) -> None:
    page.locator(DIALOG + TEXTBOX).fill(text)


@pytest.mark.parametrize(
    ("way", "held"),
    [(type_in, "ix letters"), (insert, "Six letter"), (fill, "Six letter")],
    ids=["type", "insert", "fill"],
)
def test_the_composer_loses_a_letter_each_time_it_is_filled(
    page: Page, visitor: Visitor, way: Callable[[Page, str], None], held: str
) -> None:
    visitor.arm("text_dropped")
    page.goto("/compose/post")
    page.locator(DIALOG + TEXTBOX).click()

    for _ in range(2):
        way(page, "Six letters")
        expect(page.locator(DIALOG + TEXTBOX)).to_have_text(held)
        page.keyboard.press("Control+A")
        page.keyboard.press("Delete")

    page.goto("/compose/post")
    page.locator(DIALOG + TEXTBOX).click()
    way(page, "Six letters")
    expect(page.locator(DIALOG + TEXTBOX)).to_have_text("Six letters")


def test_a_post_shown_as_somebody_elses_carries_another_handle_and_link(page: Page, visitor: Visitor) -> None:
    visitor.create("Ours")
    post_id = visitor.truth()[0]["id"]
    visitor.arm("wrong_author")

    page.goto(f"/{ACCOUNT}/status/{post_id}")

    article = page.locator("article")
    expect(article).to_have_count(1)
    expect(article.locator('[data-testid="User-Name"]')).not_to_contain_text(f"@{ACCOUNT}")
    link = article.locator("a:has(time)").get_attribute("href")
    assert re.fullmatch(rf"/(?!{ACCOUNT})\w+/status/{post_id}", link or "")


def test_a_deleted_target_says_that_it_does_not_exist(page: Page, visitor: Visitor) -> None:
    post = visitor.query("UserTweets", handle="slowkitchen")["entries"][0]
    visitor.arm("target_deleted")
    page.goto(post["path"])
    expect(page.locator('[data-testid="emptyState"]')).to_contain_text("this page doesn’t exist")
    assert page.locator("article").count() == 0


def test_a_late_toast_comes_after_the_answer_and_leads_to_the_post(page: Page, visitor: Visitor) -> None:
    page.goto("/compose/post")
    page.locator(DIALOG + TEXTBOX).fill("Later")
    visitor.arm("toast_late")

    answered(page, DIALOG + '[data-testid="tweetButton"]')

    expect(page.locator(DIALOG)).to_have_count(0)
    assert page.locator(TOAST).count() == 0
    link = page.locator(f'{TOAST} a[href*="/status/"]')
    expect(link).to_have_attribute("href", f"/{ACCOUNT}/status/{visitor.truth()[0]['id']}")
