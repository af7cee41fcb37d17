"""The HTTP server, spoken to over raw sockets by people with bad manners."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from actors.dashboard import server as module
from actors.dashboard.routes import Gate, Page
from actors.dashboard.server import Server
from tests.dashboard.conftest import HIDDEN, TOKEN, WAIT_S, code, everything, get, said, talk, with_token
from tests.stage import eventually

if TYPE_CHECKING:
    from actors.dashboard.published import Published


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port or 0), WAIT_S)


def test_k2_the_process_is_alive_before_it_knows_anything(gate: Gate) -> None:
    gate.published.view, gate.published.done = None, ()
    server = Server(0, gate)
    server.start()
    try:
        alive = talk(server, get("/livez"))
        assert code(alive) == 200
        assert alive.endswith(b"\r\n\r\nalive\n")
        assert [code(talk(server, with_token(path))) for path in ("/startz", "/metrics", "/status")] == [503, 200, 503]
        assert code(talk(server, get("/readyz"))) == 503
    finally:
        server.close()


def test_it_listens_on_ipv6_and_ipv4_at_the_same_port(server: Server) -> None:
    families = [socket.AF_INET, socket.AF_INET6] if socket.has_dualstack_ipv6() else [socket.AF_INET]
    assert [code(talk(server, get("/livez"), family)) for family in families] == [200] * len(families)


def test_no_answer_is_stored_framed_sniffed_or_run(server: Server) -> None:
    for request in (get("/livez"), with_token("/status"), get("/nowhere"), b"nonsense\r\n\r\n"):
        head = talk(server, request).partition(b"\r\n\r\n")[0].decode()
        for line in (
            "Cache-Control: no-store",
            "X-Content-Type-Options: nosniff",
            "X-Frame-Options: DENY",
            "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
        ):
            assert line in head.splitlines()


def test_status_needs_the_token_and_gives_no_secret_away(server: Server) -> None:
    assert code(talk(server, get("/status"))) == 401
    head, _, body = talk(server, with_token("/status")).partition(b"\r\n\r\n")
    assert b"application/json" in head
    assert json.loads(body)["text"] == "up, ***"
    assert HIDDEN.encode() not in body


def test_k7_a_request_that_is_too_large_is_refused_and_the_next_one_is_served(server: Server) -> None:
    assert code(talk(server, get("/livez", "X: " + "a" * 20_000))) == 431
    assert code(talk(server, get("/" + "a" * 20_000))) in (404, 431)
    assert code(talk(server, get("/livez", "Content-Length: 1000000") + b"a" * 50_000)) == 413
    assert code(talk(server, get("/livez", "Transfer-Encoding: chunked"))) == 413
    assert code(talk(server, get("/livez"))) == 200


def test_whoever_still_sends_when_he_is_answered_gets_his_answer_all_the_same(
    monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    for limit in ("_REQUEST_S", "_LINGER_S"):
        monkeypatch.setattr(module, limit, WAIT_S)
    with connect(server) as line:
        line.sendall(get("/livez", "Content-Length: 5000"))
        (connection,) = eventually(lambda: list(server._connections))
        eventually(lambda: connection.is_answered)
        for count in range(1, 6):
            line.sendall(b"a" * 1000)
            eventually(lambda count=count: connection.discarded == count * 1000)
        answer = line.recv(65536)
        assert (code(answer), line.recv(1)) == (413, b"")


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /livez\r\n\r\n",
        b"GET /livez HTTP/1.1\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nbad header\r\n\r\n",
        b"GET /livez HTTP/x\r\nHost: localhost\r\n\r\n",
    ],
)
def test_what_is_no_request_is_answered_as_such(server: Server, sent: bytes) -> None:
    assert 400 <= code(talk(server, sent)) < 500


def test_k7_whoever_is_too_slow_is_cut_off(monkeypatch: pytest.MonkeyPatch, gate: Gate) -> None:
    monkeypatch.setattr(module, "_REQUEST_S", 0.3)
    server = Server(0, gate)
    server.start()
    try:
        with connect(server) as slow:
            slow.sendall(b"GET /livez HTTP/1.1\r\n")
            assert everything(slow) == b""
    finally:
        server.close()


def test_k7_a_hundred_who_never_finish_keep_nobody_from_livez(server: Server) -> None:
    lines = [connect(server) for _ in range(100)]
    try:
        for line in lines:
            line.sendall(b"GET /livez HTTP/1.1\r\nHost: loc")
        assert code(talk(server, get("/livez"))) == 200
        assert len(server._connections) <= 32
        # The oldest gave way.
        assert everything(lines[0]) == b""
    finally:
        for line in lines:
            line.close()


def test_k7_a_flood_is_let_in_no_faster_than_its_share(monkeypatch: pytest.MonkeyPatch, gate: Gate) -> None:
    monkeypatch.setattr(module, "_ACCEPTED", (5, 0.2))
    server = Server(0, gate)
    server.start()
    try:
        assert [code(talk(server, get("/livez"))) for _ in range(12)] == [200] * 12
        passed = list(server._accepted.passed)
        assert len(passed) <= 5
    finally:
        server.close()


def test_pages_behind_the_token_are_made_ten_times_a_second_and_livez_always(server: Server, gate: Gate) -> None:
    assert (gate.pages.most, gate.pages.window_s) == (10, 1.0)
    # However long forty of them take.
    gate.pages.window_s = 3600.0
    codes = [code(talk(server, with_token("/metrics"))) for _ in range(40)]
    assert codes == [200] * 10 + [429] * 30
    assert code(talk(server, get("/livez"))) == 200


def test_a_page_that_cannot_be_made_harms_no_other(
    server: Server, published: Published, caplog: pytest.LogCaptureFixture
) -> None:
    published.view = object()  # type: ignore[assignment]
    with connect(server) as line:
        line.sendall(with_token("/status"))
        assert code(everything(line)) == 500
    assert code(talk(server, get("/livez"))) == 200
    assert [line["action"] for line in said(caplog)] == ["http_failed"]


def test_a_client_that_reads_slowly_gets_all_of_a_long_answer(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    # Thirty megabytes may take a busy machine longer than a request has.
    monkeypatch.setattr(module, "_REQUEST_S", 3600.0)
    body = b"x" * 30_000_000
    monkeypatch.setattr(Gate, "answer", lambda *_: Page(200, body))
    with connect(server) as line:
        line.sendall(get("/livez"))
        assert everything(line).endswith(b"\r\n\r\n" + body)


def test_a_port_that_is_taken_is_had_once_it_is_free(monkeypatch: pytest.MonkeyPatch, gate: Gate) -> None:
    monkeypatch.setattr(module, "_LISTEN_AGAIN_S", 0.05)
    with socket.create_server(("0.0.0.0", 0)) as taken:
        server = Server(taken.getsockname()[1], gate)
        server.start()
        assert server.port is None
        assert "in use" in server.trouble
    try:
        eventually(lambda: server.port, "the port")
        assert code(talk(server, get("/livez"))) == 200
    finally:
        server.close()


def test_a_closed_server_answers_nobody(monkeypatch: pytest.MonkeyPatch, gate: Gate) -> None:
    monkeypatch.setattr(module, "_STOP_S", WAIT_S)
    server = Server(0, gate)
    server.start()
    server.close()
    with pytest.raises(ConnectionRefusedError):
        connect(server)


def test_the_token_is_never_in_an_answer(server: Server) -> None:
    for path in ("/livez", "/startz", "/readyz", "/metrics", "/status", "/freshness", "/x"):
        assert TOKEN.encode() not in talk(server, with_token(path))
