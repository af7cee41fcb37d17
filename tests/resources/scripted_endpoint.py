"""A model endpoint over HTTP whose every answer a test decides."""

from __future__ import annotations

import contextlib
import json
import select
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_HELD_LIMIT_S = 60.0
_DRIP_S = 0.1

Answer = tuple[int, str, bytes]


def completion(content: str, *, finish: str = "stop", prompt: int = 100, answer: int = 50) -> Answer:
    """Write a chat completion as the API does."""
    message = {"role": "assistant", "content": content, "refusal": None}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "any",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer},
    }
    return 200, "application/json", json.dumps(body).encode()


def failure(status: int, message: str = "as told") -> Answer:
    """Write an error of the API."""
    return status, "application/json", json.dumps({"error": {"message": message, "type": "any", "code": None}}).encode()


class ScriptedEndpoint:
    """Answers calls by `answer`, which may return None to keep the caller waiting. Close it after use."""

    def __init__(self) -> None:
        self.answer: Callable[[dict[str, Any]], Answer | None] = lambda _: completion('{"text": "Good."}')
        self.drip: bytes | None = None
        """If given, answers consist of their headers, and this now and then, until the caller hangs up."""

        self.hung_up = 0
        """How many callers hung up on that."""

        self.asked: list[dict[str, Any]] = []
        self.keys: set[str] = set()
        self.models = 0
        """How often the list of models was asked for."""

        self.list_of_models: Answer = (200, "application/json", b'{"object": "list", "data": []}')

        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Let go of whoever waits, and stop."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


def _handler(endpoint: ScriptedEndpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            endpoint.models += 1
            self._send(endpoint.list_of_models)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            endpoint.asked.append(body)
            endpoint.keys.add(self.headers["Authorization"])
            if endpoint.drip is not None:
                self._drip(endpoint.drip)
                return
            answer = endpoint.answer(body)
            if answer is None:
                endpoint.released.wait(_HELD_LIMIT_S)
                self.close_connection = True
                return
            self._send(answer)

        def _drip(self, drip: bytes) -> None:
            self.close_connection = True
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(10**6))
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                while not select.select([self.connection], [], [], _DRIP_S)[0]:
                    if endpoint.released.is_set():
                        return
                    self.wfile.write(drip)
            endpoint.hung_up += 1

        def log_message(self, *_: object) -> None:
            pass

        def _send(self, answer: Answer) -> None:
            status, kind, body = answer
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
