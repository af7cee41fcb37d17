"""Replying on a real Chromium: to the very post that was meant, or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from actors.errors import CommitRefusedError, PageChangedError, RateLimitedError, SiteBusyError, TargetError
from actors.pages.reply import PublishReply, Target
from tests.pages.fixture_site import action, card, created, post_id, quote

if TYPE_CHECKING:
    from playwright.async_api import Page

    from tests.pages.chromium import Chromium, FakeDesk
    from tests.pages.fixture_site import FixtureSite

TEXT = "Same here: a cold room did it.\n\nEighteen degrees & dark 🌙"
TARGET, PARENT, OTHER = post_id(30), post_id(60), post_id(20)
REPLY = PublishReply(TEXT, "decision-1", Target(TARGET, "Them", must_be_root=True, max_age=timedelta(hours=24)))
OURS = Target(TARGET, "us", must_be_root=False, max_age=None)


def answerable(tweet_id: str = TARGET, text: str = "a post", author: str = "them", **more: str) -> str:
    return card(tweet_id, text, author, actions=action("reply", "3 Replies. Reply"), **more)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up soon on what never comes, or stands on the page from the first."""
    monkeypatch.setattr("actors.pages.status._FIRST_CARD_S", 0.5)
    monkeypatch.setattr("actors.pages.status._NEXT_CARDS_S", 0.05)
    monkeypatch.setattr("actors.pages.composer._TARGET_S", 0.3)


@pytest.fixture
def short_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up on missing evidence soon."""
    monkeypatch.setattr("actors.pages.publication._EVIDENCE_S", 1.0)


def show(site: FixtureSite, *cards: str, script: str = "", author: str = "Them") -> None:
    site.show_status(f"/{author}/status/{TARGET}", *cards, script=script)


def refusal(chromium: Chromium, site: FixtureSite, desk: FakeDesk, errand: PublishReply = REPLY) -> str:
    """Return the code with which the target is refused, after making sure that nothing was done."""
    with pytest.raises(TargetError) as refused:
        chromium.perform(errand, desk)
    assert (site.created, desk.prepared) == ([], [])
    return refused.value.code


def test_a_reply_is_published_to_its_target_and_its_id_comes_from_the_answer(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    show(site, answerable(), answerable(OTHER, "an answer", "other"))
    published = chromium.perform(REPLY, desk)
    assert (site.created, site.parents) == ([TEXT], [TARGET])
    assert (published.tweet_id, published.evidence, published.drift) == (post_id(0), "response", ())
    (prepared,) = desk.prepared
    assert (prepared["decision_id"], prepared["target_id"]) == ("decision-1", TARGET)


@pytest.mark.parametrize("test_id", ["error-detail", "emptyState"])
def test_b16_a_target_that_is_gone_is_not_answered(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, test_id: str
) -> None:
    show(site, f'<div data-testid="{test_id}">Hmm...this page doesn’t exist.</div>')
    assert refusal(chromium, site, desk) == "deleted"


def test_b16_a_target_by_somebody_else_is_not_answered(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    show(site, answerable(author="stranger"))
    assert refusal(chromium, site, desk) == "wrong_author"


def test_b16_a_target_that_is_our_own_is_not_answered(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    show(site, answerable(author="Us"), author="US")
    ours = Target(TARGET, "US", must_be_root=True, max_age=None)
    assert refusal(chromium, site, desk, PublishReply(TEXT, "d", ours)) == "ours"


@pytest.mark.parametrize(
    "cards",
    [
        (answerable(replying_to="other"),),
        (answerable(PARENT, "what it answers", "other"), answerable()),
    ],
    ids=["says so", "stands below its parent"],
)
def test_b16_a_target_that_is_a_reply_itself_is_not_answered(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, cards: tuple[str, ...]
) -> None:
    show(site, *cards)
    assert refusal(chromium, site, desk) == "not_root"


def test_b16_a_target_older_than_allowed_is_not_answered(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    show(site, answerable())
    for minutes, code in ((29, "too_old"), (31, None)):
        target = Target(TARGET, "Them", must_be_root=True, max_age=timedelta(minutes=minutes))
        if code:
            assert refusal(chromium, site, desk, PublishReply(TEXT, "d", target)) == code
        else:
            assert chromium.perform(PublishReply(TEXT, "d", target), desk).clicked


@pytest.mark.parametrize(
    "cards",
    [(), (answerable(OTHER, "something else"),), (answerable(OTHER, "look", quoted=quote(TARGET, "a post", "them")),)],
    ids=["nothing", "another post", "a post that quotes it"],
)
def test_b16_a_page_that_does_not_show_the_target_is_no_permission(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, cards: tuple[str, ...]
) -> None:
    show(site, *cards)
    assert refusal(chromium, site, desk) == "not_shown"


def test_b16_a_target_that_takes_no_answers_is_left_alone(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    show(site, answerable().replace('data-testid="reply"', 'data-testid="reply" aria-disabled="true"'))
    assert refusal(chromium, site, desk) == "not_shown"


def test_b13_a_part_of_a_thread_answers_our_own_part_below_the_earlier_ones(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    first = answerable(PARENT, "part one", "us")
    show(site, first, answerable(text="part two", author="us", replying_to="us"), author="us")
    published = chromium.perform(PublishReply(TEXT, "d", OURS), desk)
    assert (site.parents, published.tweet_id) == ([TARGET], post_id(0))


def test_b13_the_control_is_that_of_the_targets_card_wherever_it_stands(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    later = answerable(OTHER, "part three of another", "us")
    show(site, answerable(PARENT, "old", "us", context="Pinned"), later, answerable(author="us"), author="us")
    chromium.perform(PublishReply(TEXT, "d", OURS), desk)
    assert site.parents == [TARGET]


@pytest.mark.parametrize(
    "script",
    [
        'answered = () => ({ author: "stranger", id: "1" });',
        f"opened = (dialog) => {{ dialog.innerHTML = dialog.innerHTML.replaceAll('{TARGET}', '{OTHER}'); }};",
    ],
    ids=["another author", "another post of the author"],
)
def test_b13_a_dialog_that_answers_another_post_is_not_written_into(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, script: str
) -> None:
    show(site, answerable(), script=script)
    assert refusal(chromium, site, desk) == "not_shown"


@pytest.mark.parametrize(
    "line",
    ["() => ''", "() => '<div data-testid=\"tweetText\">no such line</div>'"],
    ids=["gone", "only what the card says"],
)
def test_b19_a_dialog_that_does_not_say_whom_it_answers_has_changed(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, line: str
) -> None:
    show(site, answerable(author="us", replying_to="us"), script=f"line = {line};", author="us")
    with pytest.raises(PageChangedError, match=r"reply\.target") as changed:
        chromium.perform(PublishReply(TEXT, "d", OURS), desk)
    assert (changed.value.code, site.created, desk.prepared) == ("ui_drift", [], [])


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ("box.append(' https://spam.example')", "changed"),
        ("document.querySelector('[role=dialog] > div + div').innerHTML = 'Replying to <a href=/x>@x</a>'", "target"),
        ("document.querySelector('[role=dialog]').removeAttribute('role')", "gone"),
        ("document.querySelector('[role=dialog]').remove()", "gone"),
    ],
)
def test_b15_a_dialog_that_changes_while_the_run_decides_is_not_clicked(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, change: str, detail: str
) -> None:
    async def alter(page: Page) -> None:
        await page.evaluate(change)

    show(site, answerable())
    desk.before_grant = alter
    published = chromium.perform(REPLY, desk)
    assert (published.clicked, published.detail, site.created) == (False, detail, [])


def test_b15_the_text_goes_into_the_dialog_and_replaces_what_is_left_there(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    inline = (
        '<div data-testid="tweetTextarea_0" contenteditable="true" role="textbox">an inline box</div>'
        '<button data-testid="tweetButton" onclick="create(\'inline\')">Reply</button>'
    )
    show(site, answerable(), inline, script='opened = () => { box.textContent = "an old draft"; };')
    chromium.perform(REPLY, desk)
    assert site.created == [TEXT]


def test_b5_a_refused_or_late_reply_is_not_clicked(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    show(site, answerable())
    desk.not_after = 0.0
    assert chromium.perform(REPLY, desk).detail == "late"
    desk.refusal = CommitRefusedError("kill switch")
    with pytest.raises(CommitRefusedError):
        chromium.perform(REPLY, desk)
    assert site.created == []


@pytest.mark.parametrize("parent", [f"'{OTHER}'", "null"], ids=["to another post", "to none"])
def test_b8_the_same_text_sent_elsewhere_is_not_taken_for_our_reply(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, parent: str
) -> None:
    async def send(page: Page) -> None:
        site.answer = lambda _: (200, created(post_id(0, 7)))
        await page.evaluate(f"text => create(text, {parent})", TEXT)
        site.answer = lambda _: (200, created(post_id(0)))

    show(site, answerable())
    desk.before_grant = send
    assert chromium.perform(REPLY, desk).tweet_id == post_id(0)
    assert site.parents[-1] == TARGET


def test_b13_a_text_that_was_sent_to_another_post_is_uncertain_whatever_the_toast_says(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pages.publication._EVIDENCE_S", 4.0)
    show(site, answerable(), script=f'sent = () => "{OTHER}";')
    published = chromium.perform(REPLY, desk)
    assert (published.tweet_id, published.evidence, published.clicked) == (None, "none", True)
    assert "another post" in published.detail


def test_b8_the_targets_own_id_is_never_ours(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    young = post_id(0)
    site.show_status(f"/us/status/{young}", answerable(young, "part one", "us"))
    target = Target(young, "us", must_be_root=False, max_age=None)
    published = chromium.perform(PublishReply(TEXT, "d", target), desk)
    assert (published.tweet_id, published.evidence, published.clicked) == (None, "none", True)


def test_b1_with_the_answer_lost_the_toast_names_the_reply(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pages.publication._EVIDENCE_S", 4.0)
    site.answer = lambda _: None
    toast = f'button.addEventListener("click", () => toast("/us/status/{post_id(0)}"));'
    show(site, answerable(), script=f"opened = () => {{ {toast} }};")
    published = chromium.perform(REPLY, desk)
    assert (published.tweet_id, published.evidence) == (post_id(0), "toast")


def test_b4_a_reply_whose_call_fails_is_uncertain_and_not_sent_again(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, short_evidence: None
) -> None:
    site.answer = lambda _: (503, {"errors": [{"code": 130, "message": "Over capacity"}]})
    show(site, answerable())
    published = chromium.perform(REPLY, desk)
    assert (published.tweet_id, published.evidence, published.clicked) == (None, "none", True)
    assert site.created == [TEXT]


@pytest.mark.parametrize(
    ("renamed", "name"),
    [('data-testid="reply"', "card.replies"), ("tweetTextarea_0", "reply.text"), ('"tweetButton"', "reply.submit")],
)
def test_b19_what_a_reply_needs_and_does_not_find_is_drift(
    chromium: Chromium,
    site: FixtureSite,
    desk: FakeDesk,
    monkeypatch: pytest.MonkeyPatch,
    renamed: str,
    name: str,
) -> None:
    monkeypatch.setattr("actors.pages.composer._FOUND_S", 2.0)
    show(site, answerable())
    path = f"/Them/status/{TARGET}"
    site.pages[path] = site.pages[path].replace(renamed, renamed.replace("e", "3")).replace("textbox", "editor")
    with pytest.raises(PageChangedError) as changed:
        chromium.perform(REPLY, desk)
    assert (changed.value.selector, changed.value.code) == (name, "ui_drift")


@pytest.mark.parametrize(("status", "error"), [(429, RateLimitedError), (503, SiteBusyError)])
def test_e4_a_conversation_that_the_api_does_not_give_is_a_wall_and_no_missing_target(
    chromium: Chromium,
    site: FixtureSite,
    desk: FakeDesk,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    error: type[Exception],
) -> None:
    # The API's answer has to come in this time.
    monkeypatch.setattr("actors.pages.status._FIRST_CARD_S", 4.0)
    site.answer = lambda _: (status, {"errors": []})
    show(site, script="create('x');")
    if status == 429:
        with pytest.raises(RateLimitedError):
            chromium.perform(REPLY, desk)
    trouble = "<div data-testid='emptyState'>Something went wrong. Try reloading.</div>"
    show(site, script=f"create('x').then(() => setTimeout(() => (column.innerHTML = `{trouble}`), 100));")
    with pytest.raises(SiteBusyError) as busy:
        chromium.perform(REPLY, desk)
    assert type(busy.value) is error
    assert desk.prepared == []
