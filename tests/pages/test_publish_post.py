"""Publishing on a real Chromium: what is clicked, what is not, and what is known after."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from actors.errors import (
    AfterCommitError,
    ChallengeError,
    CommitRefusedError,
    ComposerMismatchError,
    ConsentError,
    LoggedOutError,
    PageChangedError,
    RateLimitedError,
    SiteBusyError,
)
from actors.pages.compose import PublishPost
from tests.pages.fixture_site import NOW, card, created, post_id

if TYPE_CHECKING:
    from playwright.async_api import Page

    from tests.pages.chromium import Chromium, FakeDesk
    from tests.pages.fixture_site import FixtureSite

TEXT = "Sleep before midnight is not worth double.\n\nTiming matters less than length 🛌 & <regularity>."
POST = PublishPost(TEXT, "decision-1")
OTHER_ID = post_id(60 * 24)


@pytest.fixture
def short_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up on missing evidence soon."""
    monkeypatch.setattr("actors.pages.publication._EVIDENCE_S", 1.0)


def test_a_post_is_published_exactly_as_written_and_its_id_comes_from_the_answer(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    site.show_composer()
    published = chromium.perform(POST, desk)
    assert site.created == [TEXT]
    assert (published.tweet_id, published.evidence, published.clicked) == (post_id(0), "response", True)
    assert published.site_time == NOW
    assert published.drift == ()


def test_the_run_gets_what_was_prepared_before_anything_is_clicked(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    site.show_composer()
    desk.refusal = CommitRefusedError("kill switch")
    with pytest.raises(CommitRefusedError):
        chromium.perform(POST, desk)
    assert site.created == []
    (prepared,) = desk.prepared
    assert prepared["decision_id"] == "decision-1"
    assert prepared["site_time"] == NOW.isoformat()
    assert prepared["site_time_asked_at"] <= time.time()
    assert prepared["text_length"] == len(TEXT) + 1, "an emoji weighs two"


def test_b1_with_the_answer_lost_the_toast_names_the_post(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pages.publication._EVIDENCE_S", 4.0)
    site.answer = lambda _: None
    site.show_composer(script=f'button.addEventListener("click", () => toast("/us/status/{post_id(0)}"));')
    published = chromium.perform(POST, desk)
    assert (published.tweet_id, published.evidence) == (post_id(0), "toast")
    assert site.created == [TEXT]


def test_b1_with_the_toast_lost_the_answer_names_the_post(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    site.show_composer(script="toastFor = () => null;")
    assert chromium.perform(POST, desk).evidence == "response"


def test_b1_with_answer_and_toast_lost_it_is_uncertain_and_never_failed(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, short_evidence: None
) -> None:
    site.answer = lambda _: None
    site.show_composer()
    published = chromium.perform(POST, desk)
    assert (published.tweet_id, published.evidence, published.clicked) == (None, "none", True)
    assert site.created == [TEXT]


@pytest.mark.parametrize("wrap", ["legacy", "tweet"])
def test_the_id_is_found_in_every_known_form_of_the_answer(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, wrap: str
) -> None:
    inner = {"legacy": {"id_str": post_id(0)}} if wrap == "legacy" else {"tweet": {"rest_id": post_id(0)}}
    site.answer = lambda _: (200, {"data": {"create_tweet": {"tweet_results": {"result": inner}}}})
    site.show_composer(script="toastFor = () => null;")
    assert chromium.perform(POST, desk).tweet_id == post_id(0)


def test_b4_an_error_after_the_click_is_uncertain_and_nothing_is_clicked_again(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, short_evidence: None
) -> None:
    site.answer = lambda _: (503, {"errors": [{"code": 130, "message": "Over capacity"}]})
    site.show_composer()
    published = chromium.perform(POST, desk)
    assert (published.tweet_id, published.evidence, published.clicked) == (None, "none", True)
    assert site.created == [TEXT]


def test_b4_what_breaks_after_the_commit_says_that_the_click_may_have_happened(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    async def close(page: Page) -> None:
        await page.close()

    site.show_composer()
    desk.before_grant = close
    with pytest.raises(AfterCommitError):
        chromium.perform(POST, desk)


def test_b5_a_permission_that_has_run_out_is_not_used(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    site.show_composer()
    desk.not_after = 0.0
    published = chromium.perform(POST, desk)
    assert (published.clicked, published.detail) == (False, "late")
    assert site.created == []


def test_b8_ids_of_other_traffic_are_not_taken_for_ours(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, short_evidence: None
) -> None:
    site.answer = lambda text: (200, created(post_id(0, 7))) if text == "another post" else None
    timeline = card(OTHER_ID, "pinned long ago", context="Pinned")
    site.show_composer(
        script='button.addEventListener("click", () => create("another post"));',
        markup=lambda page: page.replace("<!doctype html>", f"<!doctype html>{timeline}"),
    )
    published = chromium.perform(POST, desk)
    assert (published.tweet_id, published.evidence) == (None, "none")
    assert sorted(site.created) == sorted([TEXT, "another post"])


def test_b8_the_answer_is_bound_to_our_text_even_when_another_comes_first(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    site.answer = lambda text: (200, created(OTHER_ID if text == "another post" else post_id(0)))
    site.show_composer(script='create("another post");')
    assert chromium.perform(POST, desk).tweet_id == post_id(0)


@pytest.mark.parametrize("wrong", [OTHER_ID, post_id(-60 * 24), "1773501000000", "verified", "pending_1773501000000"])
def test_b9_an_id_that_cannot_be_ours_is_not_accepted(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, short_evidence: None, wrong: str
) -> None:
    site.answer = lambda _: (200, created(wrong))
    site.show_composer(script="toastFor = () => null;")
    published = chromium.perform(POST, desk)
    assert (published.tweet_id, published.evidence, published.clicked) == (None, "none", True)


def test_b8_a_toast_about_an_older_post_is_not_accepted(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, short_evidence: None
) -> None:
    site.answer = lambda _: None
    site.show_composer(script=f'button.addEventListener("click", () => toast("/us/status/{OTHER_ID}"));')
    assert chromium.perform(POST, desk).tweet_id is None


def test_b10_a_duplicate_is_told_from_a_failure(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    site.answer = lambda _: (200, {"errors": [{"code": 187, "message": "Status is a duplicate."}]})
    site.show_composer()
    assert chromium.perform(POST, desk).evidence == "duplicate"


@pytest.mark.parametrize(
    ("code", "wall"),
    [
        (32, LoggedOutError),
        (88, RateLimitedError),
        (344, RateLimitedError),
        (226, ChallengeError),
        (326, ChallengeError),
        (186, SiteBusyError),
    ],
)
def test_e4_a_refusal_by_the_site_is_reported_with_its_code_and_is_a_wall(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, code: int, wall: type[Exception]
) -> None:
    site.answer = lambda _: (200, {"errors": [{"code": code, "message": "No."}]})
    site.show_composer()
    published = chromium.perform(POST, desk)
    assert (published.evidence, published.detail, type(published.wall)) == ("refused", str(code), wall)


def test_b15_leftover_text_is_removed_before_writing(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    site.show_composer(script='box.textContent = "an old draft"; refresh();')
    chromium.perform(POST, desk)
    assert site.created == [TEXT]


@pytest.mark.parametrize(
    "editor",
    [
        'box.addEventListener("input", () => { if (!box.textContent.startsWith("old ")) box.prepend("old "); });',
        'box.addEventListener("input", () => { box.innerHTML = box.innerHTML.replace("not ", ""); });',
        'box.addEventListener("beforeinput", (event) => event.preventDefault());',
    ],
    ids=["keeps leftover text", "drops characters", "takes no input"],
)
def test_b15_a_composer_that_holds_another_text_is_never_submitted(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, editor: str
) -> None:
    site.show_composer(script=editor)
    with pytest.raises(ComposerMismatchError):
        chromium.perform(POST, desk)
    assert (site.created, desk.prepared) == ([], [])


def test_b15_a_text_that_changes_while_the_run_decides_is_not_clicked(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    async def append(page: Page) -> None:
        await page.evaluate('box.append(" https://spam.example")')

    site.show_composer()
    desk.before_grant = append
    published = chromium.perform(POST, desk)
    assert (published.clicked, published.detail) == (False, "changed")
    assert site.created == []


def test_a_button_that_was_disabled_while_the_run_decided_is_not_clicked(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    async def disable(page: Page) -> None:
        await page.evaluate("button.disabled = true")

    site.show_composer()
    desk.before_grant = disable
    assert chromium.perform(POST, desk).detail == "disabled"
    assert site.created == []


def test_b18_a_covered_composer_is_noticed_before_anything_is_written(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pages.composer._FOCUS_S", 0.5)
    cover = '<div style="position: fixed; inset: 0; z-index: 9">Turn on notifications?</div>'
    site.show_composer(markup=lambda page: page.replace("<script>", f"{cover}<script>", 1))
    with pytest.raises(PageChangedError, match="uncovered"):
        chromium.perform(POST, desk)
    assert (site.created, desk.prepared) == ([], [])


def test_b18_a_wall_that_comes_up_late_is_told_from_drift(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pages.composer._FOCUS_S", 0.5)
    monkeypatch.setattr("actors.pages.composer._FOUND_S", 3.0)
    mask = '<div data-testid="twc-cc-mask" style="position: fixed; inset: 0; z-index: 9"></div>'
    late = f"""button.remove(); setTimeout(() => {{
        document.body.insertAdjacentHTML("beforeend", `{mask}`);
        document.querySelector("[role=dialog]").append(button);
      }}, 600);"""
    site.show_composer(script=late)
    with pytest.raises(ConsentError):
        chromium.perform(POST, desk)
    assert (site.created, desk.prepared) == ([], [])


def test_b18_a_consent_wall_without_its_button_is_left_alone(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    mask = '<div data-testid="twc-cc-mask"></div><button>Accept all cookies</button>'
    site.show_composer(markup=lambda page: page.replace("<script>", f"{mask}<script>", 1))
    with pytest.raises(LoggedOutError, match="consent"):
        chromium.perform(POST, desk)
    assert desk.prepared == []


def test_b19_a_renamed_text_box_is_drift(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pages.composer._FOUND_S", 0.5)
    site.show_composer(
        markup=lambda page: page.replace("tweetTextarea_0", "textarea_v2").replace('role="textbox"', 'role="editor"')
    )
    with pytest.raises(PageChangedError, match=r"composer\.text"):
        chromium.perform(POST, desk)


def test_b19_a_fallback_still_publishes_and_is_reported(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    site.show_composer(markup=lambda page: page.replace("tweetButton", "tweetButtonInline"))
    published = chromium.perform(POST, desk)
    assert published.tweet_id == post_id(0)
    assert published.drift == ("composer.submit#1",)


@pytest.mark.parametrize(("account", "message"), [(None, "not logged in"), ("them", "logged in as them")])
def test_e1_without_our_login_nothing_is_written(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, account: str | None, message: str
) -> None:
    site.show("/compose/post", account=account)
    with pytest.raises(LoggedOutError, match=message):
        chromium.perform(POST, desk)
    assert (site.created, desk.prepared) == ([], [])


def test_e4_a_site_that_asks_for_patience_is_left_alone(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    site.show_composer()
    site.statuses["/compose/post"] = 429
    with pytest.raises(SiteBusyError):
        chromium.perform(POST, desk)
    assert desk.prepared == []
