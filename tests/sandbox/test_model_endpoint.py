from __future__ import annotations

import json
from typing import Any, Literal

import httpx2
import openai
import pytest
from pydantic import BaseModel

from actors.domain.brief import Brief, messages
from actors.domain.gates import judge
from actors.domain.taxonomy import Arm
from actors.sandbox.model import BROKEN_MODEL, BUSY_MODEL, ModelEndpoint
from actors.sandbox.model_embedding import DIMENSION, embed

KEY = {"Authorization": "Bearer any-key"}
CHAT = "/v1/chat/completions"
BRIEF = Brief(Arm("coach", "sleep", "instruction", "steps", "medium"), "what the body does", "warm", "framework")


class Post(BaseModel):
    text: str


class Part(BaseModel):
    line: str
    tags: list[str]


class Report(BaseModel):
    verdict: Literal["good", "bad"]
    score: float
    is_final: bool
    parts: list[Part]
    note: str | None


def body(**changes: Any) -> bytes:
    request: dict[str, Any] = {"model": "gpt-4o-mini", "messages": messages(BRIEF)}
    return json.dumps({key: value for key, value in {**request, **changes}.items() if value is not None}).encode()


def client(key: str = "any-key") -> openai.OpenAI:
    endpoint = ModelEndpoint(seed=1)

    def answer(request: httpx2.Request) -> httpx2.Response:
        status, content = endpoint.handle(request.url.path, request.headers, request.content)
        return httpx2.Response(status, json=content)

    transport = httpx2.Client(transport=httpx2.MockTransport(answer))
    return openai.OpenAI(api_key=key, base_url="http://sandbox.invalid/v1", http_client=transport, max_retries=0)


def test_the_official_client_parses_a_post_that_is_worth_publishing() -> None:
    answer = client().chat.completions.parse(model="gpt-4o-mini", messages=messages(BRIEF), response_format=Post)
    choice = answer.choices[0]
    assert choice.finish_reason == "stop"
    assert choice.message.parsed is not None
    assert {reason.code for reason in judge(choice.message.parsed.text, []).reasons} <= {"low_substance"}
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 200


def test_any_strict_schema_gets_an_answer_that_fits() -> None:
    answer = client().chat.completions.parse(model="gpt-4o-mini", messages=messages(BRIEF), response_format=Report)
    report = answer.choices[0].message.parsed
    assert report is not None
    assert report.verdict == "good"
    assert report.parts[0].line


def test_the_official_client_reads_the_embeddings() -> None:
    answer = client().embeddings.create(model="text-embedding-3-small", input=["dim the lamps", "eat more beans"])
    assert [len(item.embedding) for item in answer.data] == [DIMENSION, DIMENSION]
    assert answer.data[0].embedding == pytest.approx(embed("dim the lamps"), abs=1e-6)


@pytest.mark.parametrize(
    ("model", "key", "error"),
    [
        (BUSY_MODEL, "any-key", openai.RateLimitError),
        (BROKEN_MODEL, "any-key", openai.InternalServerError),
        ("gpt-4o-mini", "bad-key", openai.AuthenticationError),
        ("", "any-key", openai.BadRequestError),
    ],
)
def test_the_official_client_raises_what_the_endpoint_means(model: str, key: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        client(key).chat.completions.create(model=model, messages=messages(BRIEF))


@pytest.mark.parametrize(
    ("path", "headers", "content", "status"),
    [
        (CHAT, KEY, b"{", 400),
        (CHAT, KEY, b"\xff", 400),
        (CHAT, KEY, b"[" * 100_000, 400),
        (CHAT, KEY, b"[]", 400),
        (CHAT, KEY, body(model=None), 400),
        (CHAT, KEY, body(messages=None), 400),
        (CHAT, KEY, body(messages=[]), 400),
        (CHAT, KEY, body(messages=["hello"]), 400),
        (CHAT, KEY, body(messages=[{"role": "user"}]), 400),
        (CHAT, KEY, body(n=0), 400),
        (CHAT, KEY, body(n=True), 400),
        (CHAT, KEY, body(max_tokens="many"), 400),
        (CHAT, KEY, body(stream=True), 400),
        (CHAT, KEY, body(response_format={"type": "xml"}), 400),
        (CHAT, KEY, body(response_format="json"), 400),
        (CHAT, KEY, body(response_format={"type": "json_schema", "json_schema": {"schema": {"type": "array"}}}), 400),
        (CHAT, KEY, body(messages=[{"role": "user", "content": "hi"}], response_format={"type": "json_object"}), 400),
        ("/v1/embeddings", KEY, b'{"model": "m"}', 400),
        ("/v1/embeddings", KEY, b'{"model": "m", "input": []}', 400),
        ("/v1/embeddings", KEY, b'{"model": "m", "input": [""]}', 400),
        ("/v1/embeddings", KEY, b'{"model": "m", "input": "a", "dimensions": 0}', 400),
        ("/v1/images", KEY, body(), 404),
        ("/v1/models", KEY, b"", 404),
        (CHAT, {}, body(), 401),
        (CHAT, {"authorization": "Bearer "}, body(), 401),
        (CHAT, {"authorization": "Basic abc"}, body(), 401),
        (CHAT, {"authorization": "Bearer bad-key"}, body(), 401),
    ],
)
def test_a_wrong_request_is_refused_in_the_shape_of_the_api(
    path: str, headers: dict[str, str], content: bytes, status: int
) -> None:
    answered, error = ModelEndpoint(seed=1).handle(path, headers, content)
    assert answered == status
    assert set(error["error"]) == {"message", "type", "param", "code"}
    assert error["error"]["message"]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/missing"}}},
        {"type": "object", "properties": {"a": {"$ref": "https://example.com/schema"}}},
        {"$ref": "#"},
        {"type": "object", "properties": {"a": {"$ref": "#"}}},
        {"type": "object", "properties": {"a": {"type": "date"}}},
        {"type": "object", "properties": {"a": "string"}},
        {"type": "object", "properties": ["a"]},
        {"type": "object", "properties": {"a": {"type": "array", "minItems": "two"}}},
    ],
)
def test_a_schema_that_cannot_be_filled_is_refused(schema: dict[str, Any]) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "post", "schema": schema}}
    status, error = ModelEndpoint(seed=1).handle(CHAT, KEY, body(response_format=form))
    assert (status, error["error"]["param"]) == (400, "response_format")


def test_equal_bytes_get_equal_answers_and_another_seed_another_text() -> None:
    first = ModelEndpoint(seed=1).handle(CHAT, KEY, body(seed=1))
    assert first == ModelEndpoint(seed=1).handle(CHAT, KEY, body(seed=1))
    texts = {
        ModelEndpoint(seed=world).handle(CHAT, KEY, body(seed=seed))[1]["choices"][0]["message"]["content"]
        for world in (1, 2)
        for seed in (1, 2, 3)
    }
    assert len(texts) == 6


def test_several_choices_differ() -> None:
    choices = ModelEndpoint(seed=1).handle(CHAT, KEY, body(n=4))[1]["choices"]
    assert [choice["index"] for choice in choices] == [0, 1, 2, 3]
    assert len({choice["message"]["content"] for choice in choices}) == 4


def test_an_answer_beyond_the_token_limit_is_cut_and_says_so() -> None:
    answer = ModelEndpoint(seed=1).handle(CHAT, KEY, body(max_tokens=10))[1]
    assert answer["choices"][0]["finish_reason"] == "length"
    assert len(answer["choices"][0]["message"]["content"]) == 40
    assert answer["usage"]["completion_tokens"] == 10


def test_json_mode_answers_with_json() -> None:
    answer = ModelEndpoint(seed=1).handle(CHAT, KEY, body(response_format={"type": "json_object"}))[1]
    assert set(json.loads(answer["choices"][0]["message"]["content"])) == {"text"}


def test_similar_texts_have_similar_vectors() -> None:
    lamps = embed("Dim the lamps before bed and sleep well")
    assert sum(value * value for value in lamps) == pytest.approx(1)
    near = sum(a * b for a, b in zip(lamps, embed("Dim the lamp before bed to sleep well"), strict=True))
    far = sum(a * b for a, b in zip(lamps, embed("Beans feed microbes in your gut"), strict=True))
    assert near > 0.75
    assert far < 0.4
