"""The site over HTTP: pages, API, own endpoints, and each fault."""

from __future__ import annotations

import html
import http.client
import json
import re
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from actors.sandbox.faults import FAULTS

from .conftest import ACCOUNT, BORN, Visitor, eventually

CREATE = "/i/api/graphql/h/CreateTweet"


def result(answer: dict[str, Any]) -> dict[str, Any]:
    return answer["data"]["create_tweet"]["tweet_results"]["result"]  # type: ignore[no-any-return]


def test_the_create_call_answers_like_the_platform(visitor: Visitor) -> None:
    created = result(visitor.create("Hello"))
    assert created["legacy"]["full_text"] == "Hello"
    assert created["legacy"]["created_at"].startswith("Sun Mar 01 ")
    reply = result(visitor.create("Me again", parent=created["rest_id"]))
    truth = visitor.truth()
    assert [(post["id"], post["in_reply_to"]) for post in truth] == [
        (created["rest_id"], None),
        (reply["rest_id"], created["rest_id"]),
    ]
    assert {post["author"] for post in truth} == {ACCOUNT}


def test_refusals_carry_the_platforms_codes(visitor: Visitor) -> None:
    visitor.create("Once")
    assert visitor.create("Once")["errors"][0]["code"] == 187
    assert visitor.create("x" * 281)["errors"][0]["code"] == 186
    assert visitor.create("To nobody", parent="1")["errors"][0]["code"] == 385
    assert len(visitor.truth()) == 1


def test_the_date_header_is_the_schedules(visitor: Visitor) -> None:
    _, headers, _ = visitor.ask("GET", "/home")
    elapsed = parsedate_to_datetime(headers["date"]) - BORN
    assert 0 <= elapsed.total_seconds() < 86_400
    assert "python" not in headers["server"].lower()


def test_a_connection_serves_many_requests(visitor: Visitor) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", visitor.port, timeout=5)
    connection.connect()
    used = connection.sock
    for _ in range(3):
        connection.request("GET", "/_health")
        assert json.loads(connection.getresponse().read())["ready"] is True
        assert connection.sock is used
    connection.close()


def test_health_tells_speed_time_and_anchor(visitor: Visitor) -> None:
    health = visitor.json("GET", "/_health")
    assert health["ready"] is True
    assert health["speed"] == 60
    assert health["now"].startswith("2026-03-01T12")
    assert health["anchor"]["schedule"] >= BORN.timestamp()
    assert health["account"] == ACCOUNT


def test_the_session_is_a_storage_state_for_the_host_that_was_asked(visitor: Visitor) -> None:
    state = visitor.json("GET", "/_session", is_member=False)
    cookies = {cookie["name"]: cookie for cookie in state["cookies"]}
    assert set(cookies) == {"auth_token", "ct0"}
    assert {cookie["domain"] for cookie in state["cookies"]} == {"127.0.0.1"}
    cookie = f"auth_token={cookies['auth_token']['value']}"
    status, _, _ = visitor.ask("GET", "/home", is_member=False, headers={"Cookie": cookie})
    assert status == 200


@pytest.mark.parametrize("path", ["/home", "/compose/post", "/search?q=tea", "/explore"])
def test_without_a_session_the_members_pages_lead_to_the_login_wall(visitor: Visitor, path: str) -> None:
    status, headers, _ = visitor.ask("GET", path, is_member=False)
    assert status == 303
    assert headers["location"].startswith("/i/flow/login?redirect_after_login=")


@pytest.mark.parametrize("path", ["/balconybotany", "/i/status/1", "/i/web/status/1", "/ann/status/1"])
def test_without_a_session_public_pages_have_no_viewer(visitor: Visitor, path: str) -> None:
    status, _, body = visitor.ask("GET", path, is_member=False)
    assert status == 200
    assert b"&quot;viewer&quot;: null" in body
    assert b"&quot;viewer&quot;: null" not in visitor.ask("GET", path)[2]


def test_without_a_session_nothing_can_be_published(visitor: Visitor) -> None:
    status, _, body = visitor.ask("POST", CREATE, {"variables": {"tweet_text": "x"}}, is_member=False)
    assert (status, json.loads(body)["errors"][0]["code"]) == (401, 32)
    assert visitor.truth() == []


def test_the_old_address_of_the_composer_still_leads_there(visitor: Visitor) -> None:
    status, headers, _ = visitor.ask("GET", "/compose/tweet")
    assert (status, headers["location"]) == (303, "/compose/post")


@pytest.mark.parametrize(
    "path",
    ["/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "/i/flow/login?redirect_after_login=%22%3E%3Cmarquee%3E"],
)
def test_hostile_addresses_are_escaped(visitor: Visitor, path: str) -> None:
    body = visitor.ask("GET", path)[2]
    assert b"<script>alert" not in body
    assert b"<marquee>" not in body


def test_the_wall_leads_back_to_where_one_came_from(visitor: Visitor) -> None:
    _, headers, _ = visitor.ask("GET", "/search?q=tea&f=live", is_member=False)
    _, _, wall = visitor.ask("GET", headers["location"], is_member=False)
    door = re.search(r'action="([^"]+)"', wall.decode())
    assert door
    status, headers, _ = visitor.ask("POST", html.unescape(door[1]), is_member=False)
    assert (status, headers["location"]) == (303, "/search?q=tea&f=live")
    assert headers["set-cookie"].startswith("auth_token=")


@pytest.mark.parametrize("after", ["//evil.example", "/\\evil.example", "https://evil.example"])
def test_the_login_leads_to_this_site_only(visitor: Visitor, after: str) -> None:
    _, headers, _ = visitor.ask("POST", f"/_login?after={after}", is_member=False)
    assert headers["location"] == "/home"


@pytest.mark.parametrize("path", ["/static/../site.py", "/static/shell.html", "/static/nothing.js", "/_nothing"])
def test_nothing_else_is_served(visitor: Visitor, path: str) -> None:
    assert visitor.ask("GET", path)[0] == 404


@pytest.mark.parametrize("body", [[], {}, {"variables": 1}, {"variables": {"tweet_text": "x", "cursor": "a"}}])
def test_a_malformed_call_is_refused(visitor: Visitor, body: object) -> None:
    status, _, _ = visitor.ask("POST", CREATE, body)
    assert status == 400


def test_a_body_that_is_too_long_is_refused(visitor: Visitor) -> None:
    assert visitor.ask("POST", CREATE, headers={"Content-Length": "99999999"})[0] == 413


def test_a_timeline_comes_in_pages_and_ends(visitor: Visitor) -> None:
    seen: list[str] = []
    cursor = None
    while True:
        page = visitor.query("HomeTimeline", cursor=cursor)
        seen += [entry["id"] for entry in page["entries"] if not entry["isPromoted"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) > 40


def test_followers_come_in_pages_without_a_gap_to_members_only(visitor: Visitor) -> None:
    first = visitor.query("Followers", handle=ACCOUNT)
    second = visitor.query("Followers", handle=ACCOUNT, cursor=first["cursor"])
    handles = [entry["handle"] for entry in first["entries"] + second["entries"]]
    known = visitor.query("Followers", handle=ACCOUNT.upper())
    assert len(set(handles)) == len(handles) > len(first["entries"]) > 0
    assert known["entries"] == first["entries"], "newest first, whatever the spelling"
    others = visitor.query("Followers", handle="quietdesk")
    assert (others["entries"], others["isShown"]) == ([], False)
    assert visitor.ask("GET", f"/{ACCOUNT}/followers", is_member=False)[0] == 303


def test_a_new_post_is_on_its_own_page_before_it_is_on_the_profile(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as late:
        late.setattr("actors.sandbox.timelines._INDEX_LAG", timedelta(days=1))
        post_id = result(visitor.create("Fresh"))["rest_id"]
        assert [entry["id"] for entry in visitor.query("TweetDetail", id=post_id)["entries"]] == [post_id]
        assert visitor.query("UserTweets", handle=ACCOUNT)["entries"] == []
    entries = eventually(lambda: visitor.query("UserTweets", handle=ACCOUNT)["entries"])
    assert [entry["id"] for entry in entries] == [post_id]


def test_cards_are_worded_like_the_platforms(visitor: Visitor) -> None:
    post_id = result(visitor.create("Count me"))["rest_id"]
    [card] = visitor.query("TweetDetail", id=post_id)["entries"]
    assert card["actionsLabel"] == "1 reply, 7 reposts, 56 likes, 1,234 views"
    assert card["actions"]["like"] == ["56 Likes. Like", "56"]
    assert card["actions"]["reply"] == ["1 Reply. Reply", "1"]
    assert card["actions"]["bookmark"] == ["Bookmark", ""]
    assert card["actions"]["views"] == ["1,234 Views. View", "1.2K"]
    assert card["viewsLine"] == ["1.2K", "Views"]


def test_the_model_endpoint_is_passed_on(visitor: Visitor) -> None:
    answer = visitor.json("POST", "/v1/embeddings", {"input": "x"}, headers={"Authorization": "Bearer k"})
    assert answer == {"path": "/v1/embeddings", "key": "Bearer k", "body": {"input": "x"}}
    assert visitor.ask("GET", "/v1/embeddings")[0] == 405


@pytest.mark.parametrize(
    "wish", [{"fault": "volcano", "count": 1}, {"fault": "slow", "count": -1}, {"fault": "slow", "count": True}, {}, []]
)
def test_a_wrong_fault_is_refused_with_the_list_of_names(visitor: Visitor, wish: object) -> None:
    status, _, body = visitor.ask("POST", "/_faults", wish)
    assert status == 400
    assert json.loads(body)["faults"] == sorted(FAULTS)


def test_armed_faults_can_be_seen_and_disarmed(visitor: Visitor) -> None:
    visitor.arm("slow", 3)
    visitor.arm("hang")
    assert visitor.json("GET", "/_faults")["armed"] == {"slow": 3, "hang": 1}
    visitor.arm("slow", 0)
    assert visitor.json("GET", "/_faults")["armed"] == {"hang": 1}


def test_response_lost_stores_the_post_and_never_answers(visitor: Visitor) -> None:
    visitor.arm("response_lost")
    with pytest.raises(TimeoutError):
        visitor.create("Lost", timeout=0.7)
    (stored,) = eventually(visitor.truth)
    assert stored["text"] == "Lost"
    assert visitor.create("Lost")["errors"][0]["code"] == 187
    assert "data" in visitor.create("Next")


def test_hang_stores_nothing_and_never_answers(visitor: Visitor) -> None:
    visitor.arm("hang")
    with pytest.raises(TimeoutError):
        visitor.create("Hung", timeout=0.7)
    eventually(lambda: not visitor.json("GET", "/_faults")["armed"])
    assert visitor.truth() == []
    assert result(visitor.create("Hung"))["legacy"]["full_text"] == "Hung"


def test_no_toast_answers_but_tells_the_page_to_say_nothing(visitor: Visitor) -> None:
    visitor.arm("no_toast")
    _, headers, body = visitor.ask("POST", CREATE, {"variables": {"tweet_text": "Quiet"}})
    assert headers["x-notice"] == "none"
    assert result(json.loads(body))["rest_id"] == visitor.truth()[0]["id"]
    assert "x-notice" not in visitor.ask("POST", CREATE, {"variables": {"tweet_text": "Loud"}})[1]


def test_slow_answers_late_but_as_ever(visitor: Visitor) -> None:
    visitor.arm("slow", 2)
    assert visitor.ask("GET", "/home")[0] == 200
    assert "data" in visitor.create("Slow")
    assert visitor.ask("GET", "/home")[0] == 200
    assert visitor.impatience.pauses == [4.0, 4.0]
    assert visitor.json("GET", "/_faults")["armed"] == {}


def test_logged_out_acts_so_for_the_next_requests_only(visitor: Visitor) -> None:
    visitor.arm("logged_out", 3)
    assert visitor.ask("GET", "/home")[0] == 303
    assert b"&quot;viewer&quot;: null" in visitor.ask("GET", f"/{ACCOUNT}")[2]
    assert visitor.create("No")["errors"][0]["code"] == 32
    assert visitor.truth() == []
    assert visitor.ask("GET", "/home")[0] == 200


def test_a_logged_out_request_spends_no_other_fault(visitor: Visitor) -> None:
    visitor.arm("no_toast")
    visitor.arm("logged_out")
    visitor.create("No")
    assert visitor.json("GET", "/_faults")["armed"] == {"no_toast": 1}


def test_of_two_faults_in_one_place_the_first_armed_comes_first(visitor: Visitor) -> None:
    visitor.arm("response_lost")
    visitor.arm("hang")
    with pytest.raises(TimeoutError):
        visitor.create("First", timeout=0.7)
    (stored,) = eventually(visitor.truth)
    assert stored["text"] == "First"
    assert visitor.json("GET", "/_faults")["armed"] == {"hang": 1}


def test_faults_spare_strangers_and_the_sandboxs_own_endpoints(visitor: Visitor) -> None:
    for name in FAULTS:
        visitor.arm(name, 5)
    visitor.ask("GET", "/home", is_member=False)
    visitor.ask("GET", "/balconybotany", is_member=False)
    visitor.ask("GET", "/i/flow/login")
    visitor.ask("GET", "/static/app.js")
    visitor.truth()
    visitor.json("POST", "/v1/embeddings", {"input": "x"})
    assert visitor.json("GET", "/_faults")["armed"] == dict.fromkeys(FAULTS, 5)
