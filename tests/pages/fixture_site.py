"""A site of static pages in the platform's markup, whose every answer a test decides."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from actors.domain.snowflake import TweetId, id_at

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
"""The site's clock stands still."""

_COMPOSER = Path(__file__).with_name("composer.html")
_REPLY = Path(__file__).with_name("reply.js")
VIRTUALISED = """
const all = CARDS, column = document.querySelector("main"), height = 200;
column.style.height = `${all.length * height}px`;
column.style.boxSizing = "border-box";
const draw = () => {
  const first = Math.max(0, Math.floor(scrollY / height) - 1);
  const shown = all.slice(first, first + Math.ceil(innerHeight / height) + 2);
  column.innerHTML = shown.join("");
  column.style.paddingTop = `${first * height}px`;
};
addEventListener("scroll", () => setTimeout(draw, 30));
draw();
"""
"""A script that shows `CARDS`, a list of markup, as a list that removes what scrolled away."""

_HELD_LIMIT_S = 60.0
_NAVIGATION = '<nav><a data-testid="AppTabBar_Profile_Link" href="/{account}" aria-label="Profile">Profile</a></nav>'


def post_id(minutes_ago: float, sequence: int = 1) -> TweetId:
    """Return an id minted so long before the site's now."""
    return id_at(NOW - timedelta(minutes=minutes_ago), sequence)


def card(
    tweet_id: str,
    text: str,
    author: str = "us",
    context: str = "",
    quoted: str = "",
    actions: str = "",
    replying_to: str = "",
) -> str:
    """Write one card; `quoted` and `actions` are markup."""
    link = f'<a href="/{author}/status/{tweet_id}"><time datetime="2026-03-14T15:00:00.000Z">9m</time></a>'
    social = f'<div data-testid="socialContext">{context}</div>' if context else ""
    reply = f'<div>Replying to <a href="/{replying_to}">@{replying_to}</a></div>' if replying_to else ""
    return (
        f'<article data-testid="tweet">{social}<div data-testid="User-Name">Name @{author} {link}</div>{reply}'
        f'<div data-testid="tweetText"><span>{text}</span></div>{quoted}'
        f'<div role="group">{actions}</div></article>'
    )


def quote(tweet_id: str, text: str, author: str) -> str:
    """Write a quoted post as it stands inside a card."""
    return (
        f'<div role="link" tabindex="0"><div data-testid="User-Name">Name @{author}'
        f'<a href="/{author}/status/{tweet_id}"><time datetime="2026-03-01T00:00:00.000Z">Mar 1</time></a></div>'
        f'<div data-testid="tweetText"><span>{text}</span></div></div>'
    )


def action(test_id: str, label: str | None = None, shown: str = "") -> str:
    """Write one control of the action bar."""
    spoken = "" if label is None else f' aria-label="{label}"'
    return f'<button data-testid="{test_id}"{spoken}><span>{shown}</span></button>'


class FixtureSite:
    """Serves `pages` by path; close it after use."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.statuses: dict[str, int] = {}
        self.redirects: dict[str, str] = {}
        self.held: set[str] = set()
        """Paths of pages that are never answered."""

        self.halves: set[str] = set()
        """Paths of pages that stop half way and never end."""

        self.asked: list[str] = []
        """Path of every page that was asked for, in order of arrival."""

        self.cut: set[str] = set()
        """Paths of pages whose connection breaks off before their end."""

        self.created: list[str] = []
        """Text of every create call, in order of arrival: what the world would see published."""

        self.parents: list[str | None] = []
        """What each of them answers, None for a post that stands alone."""

        self.answer: Callable[[str], tuple[int, Any] | None] = lambda _: (200, created(post_id(0)))
        """Status and body for a create call with that text; None holds the connection."""

        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def show(self, path: str, *cards: str, account: str | None = "us", script: str = "") -> None:
        """Put a page of cards at `path`, as `account` sees it (None: nobody is logged in)."""
        navigation = _NAVIGATION.format(account=account) if account else '<a data-testid="loginButton">Log in</a>'
        column = f'<main data-testid="primaryColumn">{"".join(cards)}</main>'
        self.pages[path] = f"<!doctype html><body>{navigation}{column}<script>{script}</script></body>"

    def fail_late(self, path: str) -> None:
        """Put a page at `path` that says only after a while that its content could not be loaded."""
        trouble = "<div data-testid='emptyState'>Something went wrong. Try reloading.</div>"
        self.show(path, script=f"setTimeout(() => document.querySelector('main').innerHTML = `{trouble}`, 400);")

    def show_composer(self, script: str = "", markup: Callable[[str], str] = lambda html: html) -> None:
        """Put the composer's page in its place, with a script run at the end of it, and altered by `markup`."""
        page = _COMPOSER.read_text().replace("<!-- navigation -->", _NAVIGATION.format(account="us"))
        self.pages["/compose/post"] = markup(page).replace("/* script */", script)

    def show_status(self, path: str, *cards: str, script: str = "") -> None:
        """Put a post's page at `path`, whose cards can be answered; the script may change what the dialog does."""
        self.show(path, *cards, script=_REPLY.read_text() + script)

    def hold(self) -> None:
        """Keep a connection open without an answer until the site closes."""
        self._released.wait(_HELD_LIMIT_S)

    def close(self) -> None:
        """Let go of every held connection and stop."""
        self._released.set()
        self._server.shutdown()
        self._server.server_close()


def created(tweet_id: str) -> dict[str, Any]:
    """Write the platform's answer to a create call."""
    return {"data": {"create_tweet": {"tweet_results": {"result": {"rest_id": tweet_id}}}}}


_HALF_A_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n<title>Half</title>"


def _handler(site: FixtureSite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            site.asked.append(path)
            if path in site.held:
                site.hold()
                self.close_connection = True
                return
            if path in site.halves:
                self.wfile.write(_HALF_A_PAGE)
                self.wfile.flush()
                site.hold()
                self.close_connection = True
                return
            if path in site.redirects:
                self.send_response(303)
                self.send_header("Location", site.redirects[path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = site.pages.get(path)
            status = site.statuses.get(path, 200 if body is not None else 404)
            self._send(status, "text/html", body or "", missing=1000 if path in site.cut else 0)

        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            text = sent["variables"]["tweet_text"]
            site.created.append(text)
            site.parents.append(sent["variables"].get("reply", {}).get("in_reply_to_tweet_id"))
            answer = site.answer(text)
            if answer is None:
                site.hold()
                self.close_connection = True
                return
            self._send(answer[0], "application/json", json.dumps(answer[1]))

        def date_time_string(self, timestamp: float | None = None) -> str:
            return format_datetime(NOW, usegmt=True)

        def log_message(self, *_: object) -> None:
            pass

        def _send(self, status: int, kind: str, text: str, missing: int = 0) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body) + missing))
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = missing > 0

    return Handler
