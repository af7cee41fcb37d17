"""Egress: a page gets nothing from anywhere but the platform, whatever it does, and an errand hears why."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from actors.errors import EgressError, PermanentError
from actors.resources.browser import Browser
from tests.pages.fixture_site import FixtureSite
from tests.resources.browser_stage import PAGE, Look, client, settings
from tests.stage import PATIENCE_S, Stage, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.async_api import Page

    from actors.pages.errand import Desk

REDIRECT = "/redirect"


class Secret:
    """A port of ours that answers whoever connects, on every address of this machine, and notes it. UDP as well."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self._tcp.getsockname()[1]
        self._six = socket.create_server(("::1", self.port), family=socket.AF_INET6) if socket.has_ipv6 else self._tcp
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        for each in {self._tcp, self._six}:
            threading.Thread(target=self._serve, args=(each,), daemon=True).start()
        threading.Thread(target=self._listen, daemon=True).start()

    def knock(self) -> None:
        """Connect from outside of Chromium, so that whatever it sent before has been noted."""
        before = len(self.heard)
        socket.create_connection(("127.0.0.1", self.port), PATIENCE_S).close()
        eventually(lambda: len(self.heard) > before, "the port hears")
        self.heard.pop()

    def close(self) -> None:
        for each in (self._tcp, self._six, self._udp):
            each.close()

    def _serve(self, server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            self.heard.append("tcp")
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nSECRET")

    def _listen(self) -> None:
        while True:
            try:
                self._udp.recvfrom(2048)
            except OSError:
                return
            self.heard.append("udp")


@dataclass(frozen=True, slots=True)
class Count(Look):
    """Return how many pages the context has by now."""

    async def perform(self, page: Page, desk: Desk) -> int:
        return len(page.context.pages)


@dataclass(frozen=True, slots=True)
class Leave(Look):
    """Leave a page behind that no window of the errand's page is: nobody tells of it."""

    async def perform(self, page: Page, desk: Desk) -> None:
        await page.context.new_page()


@dataclass(frozen=True, slots=True)
class Strayed(Look):
    """Open what was never asked for."""

    expected_s: ClassVar[float] = 1.0

    async def perform(self, page: Page, desk: Desk) -> None:
        await page.goto(self.path)


@dataclass(frozen=True, slots=True)
class Hall:
    """What the tests of this module share: one Chromium on one site, and the port it must not reach."""

    stage: Stage
    site: FixtureSite
    secret: Secret
    folder: Path

    def visit(self, errand: Look) -> Any:
        return client(self.stage).visit(errand)

    def refusal(self, errand: Look) -> EgressError:
        """Return the error that the errand ends in; nobody may have heard of it."""
        self.secret.heard.clear()
        with pytest.raises(EgressError) as caught:
            self.visit(errand)
        self.secret.knock()
        assert self.secret.heard == []
        return caught.value


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    stage, site, secret, folder = Stage(), FixtureSite(), Secret(), tmp_path_factory.mktemp("chromium")
    site.pages[PAGE] = "<!doctype html><title>A page</title><body></body>"
    stage.front(Browser(stage.loop, settings(site.url, folder)), 1, breaker_threshold=2)
    yield Hall(stage, site, secret, folder)
    stage.close()
    site.close()
    secret.close()


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{port}/metrics",
        "http://localhost:{port}/",
        "http://[::1]:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f.1:{port}/",
        "http://0.0.0.0:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "https://127.0.0.1:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.google.internal/",
        "http://10.0.0.1/",
        "http://redis.railway.internal:6379/",
        "file:///proc/self/environ",
        "data:text/html,hi",
        "chrome://version",
        "/again",
    ],
)
def test_e6_a_page_that_redirects_inward_gets_nothing_and_the_errand_a_named_error(hall: Hall, location: str) -> None:
    target = location.format(port=hall.secret.port)
    hall.site.redirects = {REDIRECT: target, "/again": f"http://127.0.0.1:{hall.secret.port}/"}

    error = hall.refusal(Look(path=REDIRECT))

    assert isinstance(error, PermanentError)
    assert not error.is_infrastructure
    assert "PLATFORM_URL" in str(error)
    assert hall.stage.state("browser").breaker == "closed"


@pytest.mark.parametrize("script", ["location.href = '{url}'", "open('{url}', '_self')", "meta('{url}')"])
def test_e6_a_page_that_goes_inward_by_itself_gets_nothing(hall: Hall, script: str) -> None:
    tag = "<meta http-equiv=refresh content='0;url=${url}'>"
    meta = f"const meta = (url) => document.head.insertAdjacentHTML('beforeend', `{tag}`);"
    url = f"http://localhost:{hall.secret.port}/"

    # What waits in the page ends with it, wherever it goes.
    wait = "return new Promise(() => {});"
    error = hall.refusal(Look(script=f"() => {{ {meta} {script.format(url=url)}; {wait} }}"))

    assert url in str(error)


def test_e6_no_scheme_but_that_of_the_web_shows_an_errand_anything(hall: Hall) -> None:
    for address in (f"http://user@127.0.0.1:{hall.secret.port}/", f"https://localhost:{hall.secret.port}/"):
        hall.refusal(Strayed(path=address))


def test_e6_nothing_that_a_page_can_do_reaches_another_port(hall: Hall) -> None:
    hall.site.redirects = {REDIRECT: f"http://127.0.0.1:{hall.secret.port}/"}

    done = hall.visit(Look(script=f"({_EVERY_WAY})({hall.secret.port})"))
    hall.secret.knock()

    assert hall.secret.heard == []
    assert len(done) == 18
    assert "SECRET" not in str(done)


def test_e6_what_a_page_opens_beside_itself_is_closed(hall: Hall) -> None:
    for _ in range(3):
        hall.visit(Look(script=f"() => {{ open('{PAGE}'); open('about:blank'); }}"))

    eventually(lambda: hall.visit(Count()) == 1, "the windows closed")


def test_e6_what_was_left_behind_is_closed_before_the_next_errand(hall: Hall) -> None:
    hall.visit(Leave())

    assert hall.visit(Count()) == 1


def test_e6_a_page_is_permitted_nothing_and_downloads_nothing(hall: Hall) -> None:
    names = "['geolocation', 'notifications', 'camera', 'microphone', 'clipboard-read', 'local-network-access']"
    asked = f"Promise.all({names}.map(async (name) => (await navigator.permissions.query({{ name }})).state))"
    download = "Object.assign(document.createElement('a'), { href: 'data:,LOOT', download: 'loot' }).click()"

    assert set(hall.visit(Look(script=asked))) == {"denied"}
    hall.visit(Look(script=f"() => {{ {download}; return new Promise((done) => setTimeout(done, 200)); }}"))
    assert not [path for path in hall.folder.rglob("*") if path.is_file() and path.read_bytes() == b"LOOT"]


def test_e6_a_site_whose_name_leads_into_our_own_network_is_not_visited(tmp_path: Path, stage: Stage) -> None:
    secret = Secret()
    browser = Browser(stage.loop, settings(f"http://0.0.0.0:{secret.port}", tmp_path))
    stage.front(browser, 1)
    try:
        with pytest.raises(EgressError, match="no public address"):
            client(stage).visit(Look())
        secret.knock()
        assert (secret.heard, browser.launches) == ([], 0)
    finally:
        secret.close()


_EVERY_WAY = """
async (port) => {
  const url = `http://127.0.0.1:${port}/`;
  const add = (tag, more, into = document.body) => into.append(Object.assign(document.createElement(tag), more));
  const brief = (work) => Promise.race([work, new Promise((done) => setTimeout(done, 400, "nothing"))]);
  const shown = (tag, more, into) => brief(new Promise((done) =>
    add(tag, { onload: () => done("loaded"), onerror: () => done("error"), ...more }, into)));
  const asked = (...how) => brief(fetch(...how).then((answer) => answer.text(), String));
  const called = async (peer, { candidate }) => {
    const other = new RTCPeerConnection();
    peer.createDataChannel("x");
    await peer.setLocalDescription();
    await other.setRemoteDescription(peer.localDescription);
    await other.setLocalDescription();
    await peer.setRemoteDescription(other.localDescription);
    await peer.addIceCandidate({ candidate, sdpMid: "0", sdpMLineIndex: 0 });
    return brief(new Promise(() => {}));
  };
  const host = (kind, more) => `candidate:1 1 ${kind} 2122260223 127.0.0.1 ${port} typ host${more}`;
  const turn = { urls: `turn:127.0.0.1:${port}?transport=tcp`, username: "a", credential: "b" };
  for (const rel of ["prefetch", "preconnect", "dns-prefetch", "preload", "modulepreload", "stylesheet", "icon"]) {
    add("link", { rel, href: url + rel, as: "script" }, document.head);
  }
  const rules = { prefetch: [{ source: "list", urls: [url] }], prerender: [{ source: "list", urls: [url] }] };
  add("script", { type: "speculationrules", text: JSON.stringify(rules) }, document.head);
  const form = Object.assign(document.createElement("form"), { action: url, method: "POST", target: "_blank" });
  document.body.append(form);
  form.submit();
  open(url);
  const script = `fetch("${url}").then(() => postMessage("got"), () => postMessage("failed"))`;
  const worker = new Worker(URL.createObjectURL(new Blob([script])));
  const serviced = navigator.serviceWorker?.register("/worker.js").then(String, String);
  return Promise.all([
    asked(url), asked("/redirect"), asked(url, { mode: "no-cors" }), asked(url, { keepalive: true, mode: "no-cors" }),
    shown("img", { src: url }), shown("iframe", { src: url }), shown("iframe", { src: "/redirect" }),
    shown("script", { src: url }), shown("video", { src: url }), shown("embed", { src: url }),
    brief(new Promise((done) => (new WebSocket(url.replace("http", "ws")).onclose = done)).then(String)),
    brief(new Promise((done) => (new EventSource(url).onerror = done)).then(String)),
    brief(new FontFace("x", `url(${url})`).load().then(String, String)),
    brief(new Promise((done) => (worker.onmessage = (event) => done(event.data)))),
    brief(Promise.resolve(serviced)),
    brief(new WebTransport(url.replace("http", "https")).ready.then(String, String)),
    Promise.all([called(new RTCPeerConnection(), { candidate: host("udp", "") }),
                 called(new RTCPeerConnection(), { candidate: host("tcp", " tcptype passive") }),
                 called(new RTCPeerConnection({ iceServers: [{ urls: `stun:127.0.0.1:${port}` }, turn] }),
                        { candidate: host("udp", "") })]).then(String),
    brief(Promise.resolve(navigator.sendBeacon(url, "x"))),
  ]);
}
"""
