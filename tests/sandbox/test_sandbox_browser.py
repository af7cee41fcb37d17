"""The DOM contract, seen by a real Chromium."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from .conftest import ACCOUNT, Visitor, eventually

DIALOG = '[role="dialog"] '
TEXTBOX = '[data-testid="tweetTextarea_0"]'
TOAST = '[data-testid="toast"]'


def guest(browser: Browser, visitor: Visitor) -> Page:
    return browser.new_context(base_url=f"http://127.0.0.1:{visitor.port}").new_page()


@pytest.mark.parametrize(
    ("address", "scope", "button"),
    [("/home", '[data-testid="primaryColumn"] ', "tweetButtonInline"), ("/compose/tweet", DIALOG, "tweetButton")],
)
def test_a_post_goes_from_the_composer_to_its_own_page(
    page: Page, visitor: Visitor, address: str, scope: str, button: str
) -> None:
    text = 'Rest & <b>light</b>\n\nin the morning: "yes" — d\'accord'
    page.goto(address)
    submit = page.locator(f'{scope}[data-testid="{button}"]')
    expect(submit).to_have_attribute("aria-disabled", "true")
    page.locator(scope + TEXTBOX).click()
    page.keyboard.type(text)
    expect(submit).to_be_enabled()
    with page.expect_response("**/CreateTweet") as answered:
        submit.click()
    created = answered.value.json()["data"]["create_tweet"]["tweet_results"]["result"]
    link = page.locator(f'{TOAST} a[href*="/status/"]')
    expect(link).to_have_text("View")
    assert link.get_attribute("href") == f"/{ACCOUNT}/status/{created['rest_id']}"
    expect(page.locator(TEXTBOX)).to_have_text("")
    assert [post["text"] for post in visitor.truth()] == [text]
    link.click()
    article = page.locator('article[data-testid="tweet"]')
    expect(article).to_have_count(1)
    assert article.locator('[data-testid="tweetText"]').inner_text() == text
    time = article.locator(f'a[href="/{ACCOUNT}/status/{created["rest_id"]}"] time')
    assert time.get_attribute("datetime") == visitor.truth()[0]["created_at"]


@pytest.mark.parametrize("way", ["type", "insert_text", "fill", "paste"])
def test_line_breaks_survive_every_way_of_writing(page: Page, visitor: Visitor, way: str) -> None:
    text = f"One\nTwo by {way}\n\nAfter a blank line"
    page.goto("/compose/post")
    box = page.locator(DIALOG + TEXTBOX)
    box.click()
    match way:
        case "type":
            page.keyboard.type(text)
        case "insert_text":
            page.keyboard.insert_text(text)
        case "fill":
            box.fill(text)
        case "paste":
            box.evaluate(
                "(box, text) => { const data = new DataTransfer(); data.setData('text/plain', text);"
                " box.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, cancelable: true})); }",
                text,
            )
    with page.expect_response("**/CreateTweet"):
        page.locator(DIALOG + '[data-testid="tweetButton"]').click()
    assert visitor.truth()[0]["text"] == text


def test_the_composer_refuses_what_is_too_long(page: Page) -> None:
    page.goto("/compose/post")
    box, submit = page.locator(DIALOG + TEXTBOX), page.locator(DIALOG + '[data-testid="tweetButton"]')
    box.fill("x" * 280)
    expect(submit).to_be_enabled()
    box.fill("x" * 281)
    expect(submit).to_be_disabled()
    box.fill("界" * 140)
    expect(submit).to_be_enabled()
    box.fill("界" * 141)
    expect(submit).to_be_disabled()
    box.fill("")
    expect(submit).to_be_disabled()


def test_a_reply_is_written_in_a_dialog_and_appears_under_its_parent(page: Page, visitor: Visitor) -> None:
    parent = visitor.query("UserTweets", handle="slowkitchen")["entries"][0]
    page.goto(f"/i/status/{parent['id']}")
    page.locator('article [data-testid="reply"]').first.click()
    expect(page.locator(DIALOG + ".composer .replying")).to_have_text("Replying to @slowkitchen")
    page.keyboard.type("Noted.")
    page.locator(DIALOG + '[data-testid="tweetButton"]').click()
    page.locator(f"{TOAST} a").click()
    articles = page.locator('article[data-testid="tweet"]')
    expect(articles).to_have_count(2)
    assert articles.nth(0).locator('[data-testid="tweetText"]').inner_text() == parent["text"]
    assert articles.nth(1).locator('[data-testid="tweetText"]').inner_text() == "Noted."
    assert visitor.truth()[0]["in_reply_to"] == parent["id"]


def test_a_duplicate_is_answered_by_the_well_known_toast(page: Page, visitor: Visitor) -> None:
    visitor.create("Again")
    page.goto("/home")
    page.locator(TEXTBOX).fill("Again")
    page.locator('[data-testid="tweetButtonInline"]').click()
    expect(page.locator(TOAST)).to_have_text("Whoops! You already said that.")
    assert len(visitor.truth()) == 1


def test_no_toast_empties_the_composer_without_a_word(page: Page, visitor: Visitor) -> None:
    page.goto("/home")
    page.locator(TEXTBOX).fill("Quiet")
    visitor.arm("no_toast")
    with page.expect_response("**/CreateTweet"):
        page.locator('[data-testid="tweetButtonInline"]').click()
    expect(page.locator(TEXTBOX)).to_have_text("")
    assert page.locator(TOAST).count() == 0
    assert len(visitor.truth()) == 1


def test_a_dropped_answer_is_not_asked_for_again_by_the_browser(page: Page, visitor: Visitor) -> None:
    page.goto("/home")
    page.locator(TEXTBOX).fill("Dropped")
    visitor.arm("hang")
    with page.expect_request("**/CreateTweet"):
        page.locator('[data-testid="tweetButtonInline"]').click()
    eventually(lambda: not visitor.json("GET", "/_faults")["armed"])
    with page.expect_event("requestfailed", lambda request: "CreateTweet" in request.url):
        visitor.impatience.set()
    expect(page.locator(TOAST)).to_contain_text("Something went wrong")
    assert visitor.truth() == []


def test_a_timeline_recycles_the_cards_that_scrolled_away(page: Page, visitor: Visitor) -> None:
    wanted: set[str] = set()
    cursor = None
    while cursor is not None or not wanted:
        answer = visitor.query("HomeTimeline", cursor=cursor)
        wanted |= {entry["id"] for entry in answer["entries"] if not entry["isPromoted"]}
        cursor = answer["cursor"]
    page.goto("/home")
    cards = page.locator('[data-testid="cellInnerDiv"] article')
    first = cards.first.locator("a:has(time)").first
    expect(first).to_have_attribute("href", re.compile(r"/status/\d{19}$"))
    first_link = first.get_attribute("href")
    seen: set[str] = set()
    most = 0
    while not wanted <= seen:
        paths = page.eval_on_selector_all("article a:has(time)", "links => links.map(link => link.pathname)")
        seen |= {path.rsplit("/", 1)[1] for path in paths}
        most = max(most, cards.count())
        page.mouse.wheel(0, 600)
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert most < len(wanted) / 2
    expect(page.locator(f'article a[href="{first_link}"]')).to_have_count(0)
    page.evaluate("() => scrollTo(0, 0)")
    expect(page.locator(f'article a[href="{first_link}"]').first).to_be_visible()


def test_a_card_carries_the_contract(page: Page, visitor: Visitor) -> None:
    post_id = visitor.create("Count me")["data"]["create_tweet"]["tweet_results"]["result"]["rest_id"]
    page.goto(f"/i/web/status/{post_id}")
    article = page.locator("article")
    expect(article.locator('[data-testid="User-Name"]')).to_contain_text(f"@{ACCOUNT}")
    expect(article.locator('[role="group"]')).to_have_attribute(
        "aria-label", "1 reply, 7 reposts, 56 likes, 1,234 views"
    )
    for name, label in {
        "like": "56 Likes. Like",
        "retweet": "7 Reposts. Repost",
        "reply": "1 Reply. Reply",
        "bookmark": "Bookmark",
    }.items():
        expect(article.locator(f'[data-testid="{name}"]')).to_have_attribute("aria-label", label)
    expect(article.locator('a[href$="/analytics"] > span')).to_have_text("1.2K Views")
    expect(page).to_have_url(re.compile(f"/{ACCOUNT}/status/{post_id}$"))


def test_pinned_quoted_reposted_and_promoted_cards_can_be_told_apart(page: Page) -> None:
    page.goto("/quietdesk")
    contexts = page.locator('article [data-testid="socialContext"]')
    expect(contexts.first).to_have_text("Pinned")
    expect(contexts.filter(has_text="reposted")).to_have_count(1)
    page.goto("/search?q=%22one%20more%20chair%22&f=live")
    card = page.locator("article")
    expect(card.locator('[data-testid="tweetText"]')).to_have_count(2)
    expect(card.locator("a:has(time)")).to_have_count(2)
    page.goto("/home")
    promoted = page.locator('[data-testid="placementTracking"] article')
    expect(promoted.first).to_contain_text("Ad")
    expect(promoted.first.locator("time")).to_have_count(0)


def test_a_profile_tells_its_followers(page: Page) -> None:
    for handle, shown in {"tomas_reads": "942", "slowkitchen": "5,210", "quietdesk": "1.2M", ACCOUNT: "5,000"}.items():
        page.goto(f"/{handle}")
        expect(page.locator('a[href$="/verified_followers"] span').first).to_have_text(shown)


@pytest.mark.parametrize("path", ["/i/status/1999999999999999999", "/nobody_at_all", "/a/b/c/d"])
def test_what_does_not_exist_says_so(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.locator('[data-testid="emptyState"]')).to_contain_text("exist")
    assert page.locator("article").count() == 0


def test_the_side_nav_is_there_only_with_a_session(browser: Browser, page: Page, visitor: Visitor) -> None:
    marks = ["SideNav_NewTweet_Button", "SideNav_AccountSwitcher_Button", "AppTabBar_Profile_Link"]
    page.goto("/balconybotany")
    for mark in marks:
        expect(page.locator(f'[data-testid="{mark}"]')).to_be_visible()
    expect(page.locator('[data-testid="AppTabBar_Profile_Link"]')).to_have_attribute("href", f"/{ACCOUNT}")
    stranger = guest(browser, visitor)
    stranger.goto("/balconybotany")
    expect(stranger.locator('[data-testid="loginButton"]')).to_have_attribute("href", "/login")
    expect(stranger.locator("article").first).to_be_visible()
    for mark in marks:
        assert stranger.locator(f'[data-testid="{mark}"]').count() == 0
    stranger.goto("/compose/post")
    expect(stranger).to_have_url(re.compile("/i/flow/login"))
    assert stranger.locator(TEXTBOX).count() == 0
    stranger.context.close()


def test_a_human_may_walk_in_through_the_wall(browser: Browser, visitor: Visitor) -> None:
    stranger = guest(browser, visitor)
    stranger.goto("/compose/post")
    stranger.get_by_role("button", name=f"Continue as @{ACCOUNT}").click()
    expect(stranger.locator(DIALOG + TEXTBOX)).to_be_visible()
    stranger.context.close()


def test_hostile_text_stays_text(page: Page, visitor: Visitor) -> None:
    text = '<img src=x onerror="window.hacked=1"> </script><script>window.hacked=1</script> "&amp;\''
    post_id = visitor.create(text)["data"]["create_tweet"]["tweet_results"]["result"]["rest_id"]
    page.goto(f"/i/status/{post_id}")
    expect(page.locator('article [data-testid="tweetText"]')).to_have_text(text)
    assert page.evaluate("window.hacked") is None


def test_a_like_is_counted_and_can_be_taken_back(page: Page) -> None:
    page.goto("/nightshift_nadia")
    article = page.locator("article").first
    label = article.locator('[data-testid="like"]').get_attribute("aria-label")
    article.locator('[data-testid="like"]').click()
    expect(article.locator('[data-testid="unlike"]')).not_to_have_attribute("aria-label", label or "")
    article.locator('[data-testid="unlike"]').click()
    expect(article.locator('[data-testid="like"]')).to_be_visible()


def test_an_api_that_fails_is_said_on_the_page(page: Page) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=500, body="no")

    page.route("**/HomeTimeline**", refuse)
    page.goto("/home")
    expect(page.locator('[data-testid="emptyState"]')).to_have_text("Something went wrong. Try reloading.")
