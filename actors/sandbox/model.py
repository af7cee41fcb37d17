"""The sandbox's model endpoint: chat completions and embeddings in the shape of the OpenAI API."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from typing import TYPE_CHECKING, Any

from actors.domain.randomness import keyed
from actors.sandbox.model_advise import advise
from actors.sandbox.model_embedding import DIMENSION, embed
from actors.sandbox.model_judge import score_all
from actors.sandbox.model_label import label_all
from actors.sandbox.model_reply import reply_to
from actors.sandbox.model_schema import SchemaError, fill
from actors.sandbox.model_task import read_task
from actors.sandbox.model_thread import thread
from actors.sandbox.model_writer import read_order, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np

Answer = tuple[int, dict[str, Any]]

BUSY_MODEL = "busy-model"
BROKEN_MODEL = "broken-model"
"""Names of models that answer every call with 429 and 500, so that tests can ask for failure."""

_CHAT = "/v1/chat/completions"
_EMBEDDINGS = "/v1/embeddings"
_ROUTES = {_CHAT, _EMBEDDINGS}

_CREATED = 0
"""The endpoint has no clock: equal requests must have equal answers."""

_CHARACTERS_PER_TOKEN = 4
_MAX_CHOICES = 8
_MAX_INPUTS = 2048


class _RefusedError(Exception):
    """The request is answered with an error of the API."""

    def __init__(self, status: int, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        kinds = {429: "requests", 500: "server_error"}
        kind = kinds.get(status, "invalid_request_error")
        self.answer: Answer = (
            status,
            {"error": {"message": message, "type": kind, "param": param, "code": code}},
        )


class ModelEndpoint:
    """Answer calls to the model API. Equal request bytes get equal answers; safe in any thread.

    The first line of the last user message may name a task: `advise`, `judge`, `label`, `reply` or `thread`. Without
    one every chat answer is a post written to the brief found in the messages, whatever was asked. To get another
    answer to the same messages send another `seed`.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def handle(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer one POST: the status and the JSON body. Whatever is wrong with the request is an answer, too."""
        try:
            _authorise(headers)
            route = path.partition("?")[0].rstrip("/")
            if route not in _ROUTES:
                raise _RefusedError(404, f"Invalid URL (POST {route}).", code="unknown_url")
            request = _parse(body)
            _admit_model(request)
            return 200, _embeddings(request) if route == _EMBEDDINGS else self._complete(request, body)
        except _RefusedError as refused:
            return refused.answer

    def _complete(self, request: dict[str, Any], body: bytes) -> dict[str, Any]:
        """Make a chat completion with as many choices as asked for."""
        messages = _messages(request)
        prompt = "\n".join(text for _, text in messages)
        order = next((text for role, text in reversed(messages) if role == "user"), "")
        if request.get("stream"):
            raise _RefusedError(400, "Streaming is not supported here.", param="stream", code="unsupported_value")
        limit = _whole(request, "max_completion_tokens", _whole(request, "max_tokens", 16_384, 16_384), 16_384)
        contents = [
            _content(request, prompt, order, keyed(self._seed, "completion", body, number))
            for number in range(_whole(request, "n", 1, _MAX_CHOICES))
        ]
        choices = [_choice(number, content, limit) for number, content in enumerate(contents)]
        asked = _tokens(prompt)
        answered = sum(min(limit, _tokens(content)) for content in contents)
        return {
            "id": f"chatcmpl-{hashlib.blake2b(body, digest_size=12).hexdigest()}",
            "object": "chat.completion",
            "created": _CREATED,
            "model": request["model"],
            "choices": choices,
            "usage": {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered},
        }


def _authorise(headers: Mapping[str, str]) -> None:
    """Accept any bearer key but none at all and those that begin with "bad"."""
    value = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
    scheme, _, key = value.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise _RefusedError(401, "You didn't provide an API key in an Authorization header.")
    if key.strip().startswith("bad"):
        raise _RefusedError(401, "Incorrect API key provided.", code="invalid_api_key")


def _parse(body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _RefusedError(400, "The body of the request is not valid JSON.") from error
    if not isinstance(request, dict):
        raise _RefusedError(400, "The body of the request is not a JSON object.")
    return request


def _admit_model(request: dict[str, Any]) -> None:
    """Refuse a request without a model, and the two models that always fail."""
    model = request.get("model")
    if not isinstance(model, str) or not model:
        raise _RefusedError(400, "You must provide a model parameter.", param="model")
    if model == BUSY_MODEL:
        raise _RefusedError(429, f"Rate limit reached for {model}.", code="rate_limit_exceeded")
    if model == BROKEN_MODEL:
        raise _RefusedError(500, "The server had an error while processing your request.")


def _messages(request: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (role, text) of each message; a content is a string or a list of text parts."""
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _RefusedError(400, "Missing required parameter: 'messages'.", param="messages")
    texts = []
    for number, message in enumerate(messages):
        content = message.get("content") if isinstance(message, dict) and isinstance(message.get("role"), str) else None
        if isinstance(content, list):
            content = "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
        if not isinstance(content, str):
            raise _RefusedError(400, f"Invalid message at index {number}.", param=f"messages[{number}]")
        texts.append((message["role"], content))
    return texts


def _content(request: dict[str, Any], prompt: str, order: str, rng: np.random.Generator) -> str:
    """Write the answer to the user's order in the format that is asked for."""
    brief, known = read_order(prompt), _known(order, rng)

    def texts() -> Iterator[str]:
        while True:
            yield write(brief, rng)

    form = request.get("response_format") or {"type": "text"}
    match form:
        case {"type": "text"}:
            return next(texts()) if known is None else json.dumps(known, ensure_ascii=False)
        case {"type": "json_object"}:
            if "json" not in prompt.lower():
                message = "'messages' must contain the word 'json' to use a 'response_format' of type 'json_object'."
                raise _RefusedError(400, message, param="messages")
            return json.dumps({"text": next(texts())} if known is None else known)
        case {"type": "json_schema", "json_schema": {"schema": dict(schema)}}:
            try:
                return json.dumps(fill(schema, texts(), known), ensure_ascii=False)
            except SchemaError as error:
                message = f"Invalid schema for response_format: {error}."
                raise _RefusedError(400, message, param="response_format") from error
    raise _RefusedError(400, "Invalid response_format.", param="response_format")


def _known(order: str, rng: np.random.Generator) -> dict[str, Any] | None:
    """Do the task that the order names; None if it names none that this model knows."""
    task = read_task(order)
    if task is None:
        return None
    match task.kind:
        case "advise":
            return advise(task.order, rng)
        case "judge":
            return score_all(task.items, rng)
        case "label":
            return label_all(task, rng)
        case "reply":
            return {"text": reply_to(task, rng)}
        case "thread":
            return {"parts": thread(task, rng)}
    return None


def _choice(number: int, content: str, limit: int) -> dict[str, Any]:
    """Wrap one answer, cut off at the limit of tokens."""
    is_cut = _tokens(content) > limit
    shown = content[: limit * _CHARACTERS_PER_TOKEN] if is_cut else content
    return {
        "index": number,
        "message": {"role": "assistant", "content": shown, "refusal": None},
        "logprobs": None,
        "finish_reason": "length" if is_cut else "stop",
    }


def _embeddings(request: dict[str, Any]) -> dict[str, Any]:
    """Give a vector for each input, as numbers or, as the official client asks, as base64 of 32-bit floats."""
    given = request.get("input")
    inputs = [given] if isinstance(given, str) else given
    if not isinstance(inputs, list) or not all(isinstance(text, str) and text for text in inputs):
        raise _RefusedError(400, "'input' must be a text or a list of texts, none of them empty.", param="input")
    if not 1 <= len(inputs) <= _MAX_INPUTS:
        raise _RefusedError(400, f"'input' must hold 1 to {_MAX_INPUTS} texts.", param="input")
    vectors = [embed(text, _whole(request, "dimensions", DIMENSION, DIMENSION)) for text in inputs]
    is_packed = request.get("encoding_format") == "base64"
    tokens = sum(_tokens(text) for text in inputs)
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": number, "embedding": _packed(vector) if is_packed else vector}
            for number, vector in enumerate(vectors)
        ],
        "model": request["model"],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _whole(request: dict[str, Any], name: str, default: int, most: int) -> int:
    """Read an optional whole number from 1 to `most`."""
    value = request.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise _RefusedError(400, f"Invalid '{name}': expected a whole number from 1 to {most}.", param=name)
    return value


def _tokens(text: str) -> int:
    """Estimate the tokens of a text by the rule of thumb for English, four characters each."""
    return -(-len(text) // _CHARACTERS_PER_TOKEN)
