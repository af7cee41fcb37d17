"""The faults that refuse, hide, cut off or falsify, as the site answers them."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest

from actors.pages.create_call import read_answer

from .conftest import ACCOUNT, Visitor

CREATE = "/i/api/graphql/h/CreateTweet"
PAGE_FAULTS = ["consent_wall", "renamed_testid", "text_dropped"]


def ask_create(visitor: Visitor, text: str) -> tuple[int, dict[str, str], str]:
    status, headers, body = visitor.ask("POST", CREATE, {"variables": {"tweet_text": text}})
    return status, headers, body.decode()


def boot(visitor: Visitor, path: str = "/home", **options: Any) -> dict[str, Any]:
    """Return what the page hands its scripts."""
    handed = re.search(r'data-boot="([^"]*)"', visitor.ask("GET", path, **options)[2].decode())
    assert handed
    return json.loads(html.unescape(handed[1]))  # type: ignore[no-any-return]


def detail(visitor: Visitor, post_id: str) -> list[dict[str, Any]]:
    return visitor.query("TweetDetail", id=post_id)["entries"]  # type: ignore[no-any-return]


def armed(visitor: Visitor) -> dict[str, int]:
    return visitor.json("GET", "/_faults")["armed"]  # type: ignore[no-any-return]


def test_http_429_refuses_a_page_a_question_and_a_post_alike(visitor: Visitor) -> None:
    visitor.arm("http_429", 4)

    page, _, words = visitor.ask("GET", "/home")
    question, _, answer = visitor.ask("GET", "/i/api/graphql/h/HomeTimeline")
    own_page, _, _ = visitor.ask("GET", '/i/api/graphql/h/TweetDetail?variables={"id":"1"}')
    create, _, refusal = ask_create(visitor, "Too much")

    assert (page, question, own_page, create) == (429, 429, 429, 429)
    assert b"Rate limit exceeded" in words
    assert json.loads(answer)["errors"][0]["code"] == json.loads(refusal)["errors"][0]["code"] == 88
    assert (visitor.truth(), armed(visitor)) == ([], {})
    assert visitor.ask("GET", "/home")[0] == 200


def test_a_challenge_leads_from_any_page_to_one_with_no_way_on(visitor: Visitor) -> None:
    visitor.arm("challenge", 2)

    assert [visitor.ask("GET", path)[1].get("location") for path in ("/home", f"/{ACCOUNT}")] == ["/account/access"] * 2

    status, _, body = visitor.ask("GET", "/account/access")
    assert status == 200
    assert not re.search(rb"<(a|form|script)\b", body)
    assert armed(visitor) == {}


def test_half_a_page_has_no_scripts_and_no_landmark(visitor: Visitor) -> None:
    whole = visitor.ask("GET", "/home")[2]
    visitor.arm("half_page")

    status, _, half = visitor.ask("GET", "/home")

    assert (status, whole.startswith(half[:200])) == (200, True)
    assert abs(len(half) - len(whole) / 2) < 100
    assert b"<script" in whole
    assert b"<script" not in half
    assert boot(visitor)["faults"] == []


@pytest.mark.parametrize("fault", PAGE_FAULTS)
def test_what_a_page_is_to_suffer_is_handed_to_its_scripts_once(visitor: Visitor, fault: str) -> None:
    visitor.arm(fault)

    assert boot(visitor, is_member=False, path=f"/{ACCOUNT}")["faults"] == []
    assert boot(visitor)["faults"] == [fault]
    assert boot(visitor)["faults"] == []


def test_faults_of_different_aspects_meet_on_one_page(visitor: Visitor) -> None:
    for fault in PAGE_FAULTS:
        visitor.arm(fault)

    assert boot(visitor)["faults"] == sorted(PAGE_FAULTS)


@pytest.mark.parametrize("entry", ["http_429", "challenge", "half_page", "logged_out"])
def test_a_page_that_is_not_entered_spends_no_other_fault(visitor: Visitor, entry: str) -> None:
    visitor.arm("text_dropped")
    visitor.arm(entry)

    visitor.ask("GET", "/home")

    assert armed(visitor) == {"text_dropped": 1}


def test_who_answered_the_consent_wall_is_not_asked_again(visitor: Visitor) -> None:
    visitor.arm("consent_wall")
    session = visitor.json("GET", "/_session")["cookies"][0]
    cookie = f"{session['name']}={session['value']}; d_prefs=twc-cc-refuse"

    assert boot(visitor, is_member=False, headers={"Cookie": cookie})["faults"] == []
    assert armed(visitor) == {"consent_wall": 1}
    assert boot(visitor)["faults"] == ["consent_wall"]


def test_duplicate_refused_refuses_a_text_that_was_never_there(visitor: Visitor) -> None:
    visitor.arm("duplicate_refused")

    status, _, body = ask_create(visitor, "New to everybody")

    assert read_answer(status, body, None).is_duplicate
    assert visitor.truth() == []
    assert "data" in visitor.create("New to everybody")
    assert len(visitor.truth()) == 1


def test_toast_late_stores_the_post_and_names_it_only_for_the_page(visitor: Visitor) -> None:
    visitor.arm("toast_late")

    status, headers, body = ask_create(visitor, "Later")

    (post,) = visitor.truth()
    found = read_answer(status, body, None)
    assert (status, found.tweet_id, found.error_codes) == (200, None, ())
    assert "create_tweet" in json.loads(body)["data"]
    assert post["id"] not in body
    assert headers["x-notice"] == "after 3 s"
    assert headers["x-notice-link"] == f"/{ACCOUNT}/status/{post['id']}"


def test_wrong_author_shows_the_post_of_a_page_as_somebody_elses(visitor: Visitor) -> None:
    post = visitor.query("UserTweets", handle="slowkitchen")["entries"][0]
    visitor.create("Ours, below it", parent=post["id"])
    visitor.arm("wrong_author")
    visitor.query("HomeTimeline")
    visitor.query("UserTweets", handle="slowkitchen")

    focal, reply = detail(visitor, post["id"])

    assert (focal["id"], focal["text"]) == (post["id"], post["text"])
    assert focal["handle"] not in {"slowkitchen", ACCOUNT}
    assert focal["path"] == f"/{focal['handle']}/status/{post['id']}"
    assert (reply["handle"], reply["replyingTo"]) == (ACCOUNT, "slowkitchen")
    assert detail(visitor, post["id"])[0]["handle"] == "slowkitchen"


def test_wrong_author_does_so_with_a_post_of_ours_as_well(visitor: Visitor) -> None:
    visitor.create("Ours")
    visitor.arm("wrong_author")

    (focal,) = detail(visitor, visitor.truth()[0]["id"])

    assert focal["handle"] != ACCOUNT


def test_target_deleted_shows_nothing_on_the_posts_own_page_alone(visitor: Visitor) -> None:
    post = visitor.query("UserTweets", handle="slowkitchen")["entries"][0]
    visitor.arm("target_deleted")
    assert visitor.query("UserTweets", handle="slowkitchen")["entries"]

    assert detail(visitor, post["id"]) == []
    assert detail(visitor, post["id"])[0]["id"] == post["id"]


def test_a_posts_page_spends_the_faults_of_questions_too(visitor: Visitor) -> None:
    visitor.arm("logged_out")

    detail(visitor, "1")

    assert armed(visitor) == {}
