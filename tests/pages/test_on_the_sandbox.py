"""The errands against the sandbox as a real process, with each of its faults."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.evidence import match
from actors.errors import GonePostError, LoggedOutError, TargetError
from actors.pages.compose import PublishPost
from actors.pages.followers import ReadFollowers
from actors.pages.profile import ReadProfile
from actors.pages.publication import Published
from actors.pages.reply import PublishReply, Target
from actors.pages.search import SearchPosts
from actors.pages.session import ProbeSession
from actors.pages.status import PostReading, ReadPost
from actors.pages.timeline import ReadOwnTimeline, TimelineReading
from actors.pages.wall import SessionState, Wall
from tests.pages.chromium import FakeDesk
from tests.pages.fixture_site import post_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.pages.chromium import Chromium

_LIMIT_S = 30.0
_SPEED = 60
TOLERANCE = timedelta(minutes=2)


@dataclass
class Sandbox:
    """A running sandbox with our session on it, in one browser."""

    url: str
    chromium: Chromium

    def __post_init__(self) -> None:
        self.account = self.get("/_health")["account"]
        self.session = self.get("/_session")
        self.desk = FakeDesk(self.url, self.account)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=_LIMIT_S) as response:
            return json.load(response)

    def arm(self, fault: str, count: int = 1) -> None:
        body = json.dumps({"fault": fault, "count": count}).encode()
        with urllib.request.urlopen(self.url + "/_faults", body, timeout=_LIMIT_S) as response:
            assert json.load(response)["armed"]

    def texts(self) -> list[str]:
        return [post["text"] for post in self.get("/_truth")["posts"]]

    def truth(self, text: str) -> dict[str, Any]:
        (post,) = [post for post in self.get("/_truth")["posts"] if post["text"] == text]
        return dict(post)

    def perform(self, errand: Any, *, logged_in: bool = True) -> Any:
        return self.chromium.perform(errand, self.desk, self.session if logged_in else None)

    def publish(self, text: str) -> Published:
        published: Published = self.perform(PublishPost(text, "decision"))
        return published

    def find(self, text: str, *, replies: bool = False) -> tuple[TimelineReading, str | None]:
        """Scan our timeline for a text that was published a moment ago, until the site's index has caught up."""
        opened = datetime.fromisoformat(self.desk.prepared[-1]["site_time"])
        for _ in range(10):
            reading: TimelineReading = self.perform(ReadOwnTimeline(self.account, opened - TOLERANCE, replies))
            found = match(reading.posts, text, (opened, reading.site_time), TOLERANCE)
            if found.tweet_id is not None or reading.site_time > opened + timedelta(minutes=5):
                break
        return reading, found.tweet_id


@pytest.fixture(scope="module")
def sandbox(chromium: Chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    data: Path = tmp_path_factory.mktemp("sandbox")
    command = [sys.executable, "-u", "supervisor.py", "sandbox", "--port=0", f"--speed={_SPEED}", f"--data={data}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    guard = threading.Timer(_LIMIT_S, process.kill)
    guard.start()
    try:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "serves http://" in line)
        guard.cancel()
        drain = threading.Thread(target=process.stdout.read, daemon=True)
        drain.start()
        yield Sandbox("http://127.0.0.1:" + line.partition("serves http://127.0.0.1:")[2].partition('"')[0], chromium)
    finally:
        guard.cancel()
        process.kill()
        process.wait(_LIMIT_S)
        drain.join(_LIMIT_S)
        process.stdout.close()


@pytest.fixture
def short_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up on missing evidence soon."""
    monkeypatch.setattr("actors.pages.publication._EVIDENCE_S", 1.5)


def test_an_account_without_posts_has_a_timeline_that_says_so(sandbox: Sandbox) -> None:
    reading = sandbox.perform(ReadOwnTimeline(sandbox.account, post_time(sandbox) - timedelta(hours=1)))
    assert (reading.posts, reading.reached_back) == ((), True)


def post_time(sandbox: Sandbox) -> datetime:
    """Return the site's clock."""
    return datetime.fromisoformat(sandbox.get("/_health")["now"])


def test_a_post_is_published_read_and_found_again(sandbox: Sandbox) -> None:
    text = "Cold rooms help sleep.\n\nAim for 18 degrees & darkness 🌙"
    published = sandbox.publish(text)
    truth = sandbox.truth(text)
    assert (published.tweet_id, published.evidence, published.drift) == (truth["id"], "response", ())
    reading: PostReading = sandbox.perform(ReadPost(truth["id"], sandbox.account))
    assert (reading.text, reading.author, reading.drift) == (text, sandbox.account, ())
    assert None not in (reading.views, reading.likes, reading.reposts, reading.replies, reading.bookmarks)
    assert abs(reading.created_at - datetime.fromisoformat(truth["created_at"])) < timedelta(milliseconds=1)
    scan, found = sandbox.find(text)
    assert (found, scan.drift) == (truth["id"], ())


def test_e6_a_post_and_a_profile_are_read_without_a_login(sandbox: Sandbox) -> None:
    published = sandbox.publish("Anybody may read this one.")
    assert published.tweet_id is not None
    assert sandbox.perform(ReadPost(published.tweet_id, sandbox.account), logged_in=False).views is not None
    profile = sandbox.perform(ReadProfile(sandbox.account), logged_in=False)
    assert profile.followers is not None
    assert profile.drift == ()


def test_i2_a_search_finds_what_was_asked_for_with_its_counts(sandbox: Sandbox) -> None:
    query = '"Finally finished it" from:tomas_reads -filter:replies'
    reading = sandbox.perform(SearchPosts(query, latest=True, account=sandbox.account))
    (found,) = reading.posts
    assert (found.author, found.replying_to, reading.drift) == ("tomas_reads", None, ())
    assert None not in (found.views, found.likes, found.reposts, found.replies)
    nothing = sandbox.perform(SearchPosts("nobody ever wrote this", latest=False, account=sandbox.account))
    assert (nothing.posts, nothing.seen) == ((), 0)


def test_i2_followers_are_read_from_their_page_and_have_profiles_or_not(sandbox: Sandbox) -> None:
    reading = sandbox.perform(ReadFollowers(sandbox.account, limit=30))
    assert len(reading.handles) > 0
    assert reading.drift == ()
    theirs = sandbox.perform(ReadFollowers("quietdesk"))
    assert (theirs.handles, theirs.has_ended) == ((), False), "whose followers are not shown may have some"
    profile = sandbox.perform(ReadProfile("quietdesk"))
    assert (profile.following, profile.is_missing, profile.drift) == (87, False, ())
    assert profile.bio.startswith("Notes on attention")
    assert sandbox.perform(ReadProfile("nobody_at_all")).is_missing


def test_the_answers_to_a_post_are_read_with_it(sandbox: Sandbox) -> None:
    query = '"cook without looking anything up" from:slowkitchen'
    (asked,) = sandbox.perform(SearchPosts(query, latest=True, account=sandbox.account)).posts
    answers = sandbox.perform(ReadPost(asked.id, "slowkitchen"), logged_in=False).answers
    assert "Dal. Every time. My hands know it better than I do." in [each.text for each in answers]
    assert "balconybotany" in [each.author for each in answers]


def test_h1_a_post_that_does_not_exist_is_not_found(sandbox: Sandbox) -> None:
    with pytest.raises(GonePostError):
        sandbox.perform(ReadPost(post_id(5), sandbox.account))


def test_b1_a_lost_response_is_uncertain_and_the_timeline_names_the_post(
    sandbox: Sandbox, short_evidence: None
) -> None:
    text = "This answer gets lost on its way."
    sandbox.arm("response_lost")
    published = sandbox.publish(text)
    assert (published.tweet_id, published.evidence, published.clicked) == (None, "none", True)
    assert sandbox.find(text)[1] == sandbox.truth(text)["id"]


def test_b1_without_a_toast_the_response_names_the_post(sandbox: Sandbox) -> None:
    text = "Nobody raises a glass to this one."
    sandbox.arm("no_toast")
    published = sandbox.publish(text)
    assert (published.tweet_id, published.evidence) == (sandbox.truth(text)["id"], "response")


def test_b4_a_call_that_hangs_is_uncertain_and_the_timeline_shows_no_post(
    sandbox: Sandbox, short_evidence: None
) -> None:
    text = "This one hangs and never arrives."
    sandbox.arm("hang")
    published = sandbox.publish(text)
    assert (published.tweet_id, published.evidence, published.clicked) == (None, "none", True)
    scan, found = sandbox.find(text)
    assert (found, text in sandbox.texts()) == (None, False)
    assert scan.reached_back, "older posts of ours are there"


def test_a_slow_page_and_a_slow_answer_are_waited_for(sandbox: Sandbox) -> None:
    text = "Slow and steady."
    sandbox.arm("slow", 2)
    published = sandbox.publish(text)
    assert (published.tweet_id, published.evidence) == (sandbox.truth(text)["id"], "response")


def test_b10_the_same_text_again_is_a_duplicate(sandbox: Sandbox) -> None:
    text = "Once is enough."
    assert sandbox.publish(text).evidence == "response"
    again = sandbox.publish(text)
    assert (again.tweet_id, again.evidence) == (None, "duplicate")
    assert sandbox.texts().count(text) == 1


@pytest.mark.parametrize("errand", ["publish", "timeline", "probe"])
def test_e1_a_session_that_ended_is_noticed_before_anything_is_done(sandbox: Sandbox, errand: str) -> None:
    text, prepared = "Nobody is logged in to write this.", len(sandbox.desk.prepared)
    sandbox.arm("logged_out")
    if errand == "probe":
        assert sandbox.perform(ProbeSession()) == SessionState(Wall.LOGGED_OUT)
    else:
        work = PublishPost(text, "d") if errand == "publish" else ReadOwnTimeline(sandbox.account, post_time(sandbox))
        with pytest.raises(LoggedOutError):
            sandbox.perform(work)
    assert len(sandbox.desk.prepared) == prepared
    assert text not in sandbox.texts()
    assert sandbox.perform(ProbeSession()) == SessionState(Wall.LOGGED_IN, sandbox.account)
    assert sandbox.get("/_faults")["armed"] == {}


def test_e1_without_a_session_nothing_is_written(sandbox: Sandbox) -> None:
    with pytest.raises(LoggedOutError):
        sandbox.perform(PublishPost("A stranger writes.", "d"), logged_in=False)
    assert "A stranger writes." not in sandbox.texts()


def somebody(sandbox: Sandbox, *, is_reply: bool = False) -> Target:
    """Return the newest post, or answer, of somebody else as a target, as the site's own API gives it."""
    variables = urllib.parse.quote(json.dumps({"handle": "tomas_reads"}))
    entries = sandbox.get(f"/i/api/graphql/q/UserTweetsAndReplies?variables={variables}")["data"]["entries"]
    post = next(each for each in entries if each["handle"] == "tomas_reads" and bool(each["replyingTo"]) == is_reply)
    return Target(post["id"], post["handle"], must_be_root=True, max_age=timedelta(days=30))


def test_b8_b13_b16_posts_and_replies_are_published_and_found_again_with_whom_they_answer(sandbox: Sandbox) -> None:
    target, opened = somebody(sandbox), post_time(sandbox)
    first = sandbox.publish("Part one: sleep needs darkness.")
    assert first.tweet_id is not None
    part = Target(first.tweet_id, sandbox.account.upper(), must_be_root=False, max_age=None)
    second = sandbox.perform(PublishReply("Part two: and a cold room.", "d", part))
    third = sandbox.perform(PublishReply("Part three, under part two.", "d", replace(part, id=second.tweet_id)))
    reply = sandbox.perform(PublishReply("That is worth a try.", "d", target))
    published = [first, second, third, reply]
    truths = [post for post in sandbox.get("/_truth")["posts"] if post["id"] in {each.tweet_id for each in published}]
    parents = [None, first.tweet_id, second.tweet_id, target.id]
    assert [(post["id"], post["in_reply_to"]) for post in truths] == [
        (each.tweet_id, parent) for each, parent in zip(published, parents, strict=True)
    ]
    assert {(each.evidence, each.drift) for each in published} == {("response", ())}
    us = sandbox.account
    expected = dict(zip([each.tweet_id for each in published], [None, us, us, target.author], strict=True))
    for _ in range(10):
        reading = sandbox.perform(ReadOwnTimeline(us, opened, replies=True))
        seen = {post.id: post.replying_to for post in reading.posts if post.id in expected}
        if len(seen) == len(expected):
            break
    assert seen == expected
    assert reading.drift == ()


def test_b1_a_lost_answer_to_a_reply_is_uncertain_and_the_timeline_names_it(
    sandbox: Sandbox, short_evidence: None
) -> None:
    text = "This reply gets lost on its way."
    sandbox.arm("response_lost")
    published = sandbox.perform(PublishReply(text, "d", somebody(sandbox)))
    assert (published.tweet_id, published.evidence, published.clicked) == (None, "none", True)
    assert sandbox.find(text, replies=True)[1] == sandbox.truth(text)["id"]


@pytest.mark.parametrize("code", ["deleted", "wrong_author", "not_root", "ours", "too_old"])
def test_b16_an_unfit_target_is_left_alone(sandbox: Sandbox, code: str) -> None:
    prepared, posts, fit = len(sandbox.desk.prepared), sandbox.get("/_truth")["posts"], somebody(sandbox)
    unfit = {
        "deleted": replace(fit, id=post_id(5)),
        "wrong_author": replace(fit, author="somebody_else"),
        "not_root": somebody(sandbox, is_reply=True),
        "ours": replace(fit, id=posts[0]["id"], author=sandbox.account),
        "too_old": replace(fit, max_age=timedelta(seconds=1)),
    }[code]
    with pytest.raises(TargetError) as refused:
        sandbox.perform(PublishReply("Nobody reads this.", "d", unfit))
    assert (refused.value.code, len(sandbox.desk.prepared)) == (code, prepared)
    assert sandbox.get("/_truth")["posts"] == posts
