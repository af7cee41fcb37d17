"""The model through its front, slots and client, over real HTTP, with the money's ledger on real Postgres."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pydantic
import pytest

from actors.domain.brief import Brief, messages
from actors.domain.budget import Budget, MoneyLane, cost, worst_case
from actors.domain.priority import Priority
from actors.domain.taxonomy import FACTORS, Arm
from actors.errors import (
    BudgetExceededError,
    CallRefusedError,
    CircuitOpenError,
    DeadlineError,
    ModelBusyError,
    ModelOutputError,
    ModelRefusedError,
    ResourceDiedError,
)
from actors.resources.openai import OpenAI, OpenAIClient
from actors.sandbox.model import ModelEndpoint
from tests.fakes import HandClock, LedgerDoor
from tests.resources.scripted_endpoint import ScriptedEndpoint, completion, failure
from tests.stage import PROMISE_S, Outcome, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stage import Stage

KEY = "sk-never-to-be-seen-0123456789"
MODEL = "gpt-4o-mini"
ASKED = [{"role": "user", "content": "Write."}]
SHARES = {MoneyLane.CONTENT: 0.6, MoneyLane.REPLIES: 0.25, MoneyLane.ANALYSIS: 0.15}
CONTENT, REPLIES, ANALYSIS = MoneyLane
WORST = worst_case(MODEL, len("Write."), 600)
REAL = cost(MODEL, 100, 50)


class Post(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")

    text: str


@pytest.fixture
def endpoint() -> Iterator[ScriptedEndpoint]:
    endpoint = ScriptedEndpoint()
    yield endpoint
    endpoint.close()


@pytest.fixture
def ledger(database_url: str) -> Iterator[LedgerDoor]:
    door = LedgerDoor(database_url)
    yield door
    door.close()


def open_front(stage: Stage, url: str, *, money: float = 5.0, timeout: float = 10.0, **policy: Any) -> OpenAI:
    resource = OpenAI(stage.loop, url, lambda: KEY, timeout)
    stage.front(resource, **{"size": 4, "budget": Budget(money, SHARES), **policy})
    return resource


def ask(
    stage: Stage,
    ledger: LedgerDoor,
    lane: MoneyLane = CONTENT,
    *,
    clock: HandClock | None = None,
    limit: float = 10.0,
    asked: list[dict[str, str]] = ASKED,
    **options: Any,
) -> Post:
    client = OpenAIClient(stage.caller("openai", Priority.P1), ledger, MODEL, limit, clock or HandClock())  # type: ignore[arg-type]
    return client.complete(asked, Post, lane=lane, purpose="test", **options)


def spent(ledger: LedgerDoor) -> list[float | None]:
    """Return what each call cost by the ledger, in order; None keeps its reserve."""
    rows = ledger.sql("SELECT cost_usd::float8 AS cost FROM llm_usage ORDER BY called_at, reserved_usd")
    return [row["cost"] for row in rows]


def settled_at(stage: Stage, lane: MoneyLane, amount: float) -> None:
    """Wait until the front reckons that so much was spent."""
    eventually(lambda: stage.state("openai").spent[lane] == pytest.approx(amount, abs=1e-6), f"{lane} at {amount:g}")


def test_an_answer_fits_its_schema_and_asks_for_exactly_that(
    stage: Stage, ledger: LedgerDoor, endpoint: ScriptedEndpoint
) -> None:
    open_front(stage, endpoint.url)

    assert ask(stage, ledger).text == "Good."

    form = endpoint.asked[0]["response_format"]["json_schema"]
    assert (form["strict"], form["schema"]["additionalProperties"]) == (True, False)
    assert (endpoint.asked[0]["model"], endpoint.asked[0]["max_tokens"]) == (MODEL, 600)


def test_the_sandbox_s_model_writes_to_a_brief(stage: Stage, ledger: LedgerDoor, endpoint: ScriptedEndpoint) -> None:
    model = ModelEndpoint(1)

    def answer(body: dict[str, Any]) -> tuple[int, str, bytes]:
        headers = {"authorization": "Bearer any"}
        status, content = model.handle("/v1/chat/completions", headers, json.dumps(body).encode())
        return status, "application/json", json.dumps(content).encode()

    endpoint.answer = answer
    open_front(stage, endpoint.url)
    arm = Arm(**{factor: values[0] for factor, values in FACTORS.items()})

    assert len(ask(stage, ledger, asked=messages(Brief(arm, "angle", "tone", "slot"))).text) > 80


@pytest.mark.parametrize(
    ("status", "expected", "hint"),
    [
        (400, CallRefusedError, ""),
        (422, CallRefusedError, ""),
        (402, ModelRefusedError, ""),
        (401, ModelRefusedError, "OPENAI_API_KEY"),
        (403, ModelRefusedError, "OPENAI_API_KEY"),
        (404, ModelRefusedError, "openai.model"),
        (429, ModelBusyError, ""),
        (500, ModelBusyError, ""),
        (503, ModelBusyError, ""),
    ],
)
def test_an_error_status_is_named_costs_nothing_and_is_not_tried_again(
    stage: Stage, ledger: LedgerDoor, endpoint: ScriptedEndpoint, status: int, expected: type[Exception], hint: str
) -> None:
    endpoint.answer = lambda _: failure(status)
    open_front(stage, endpoint.url)

    with pytest.raises(expected) as raised:
        ask(stage, ledger)

    assert hint in str(raised.value)
    assert len(endpoint.asked) == 1
    assert spent(ledger) == [0.0]
    settled_at(stage, CONTENT, 0.0)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (completion("{", answer=50), "does not fit Post"),
        (completion('{"words": "Good."}'), "does not fit Post"),
        (completion(""), "does not fit Post"),
        (completion('{"text": "cut of', finish="length"), "cut off at 600 tokens"),
    ],
)
def test_an_unfit_answer_is_paid_for_at_its_real_cost(
    stage: Stage, ledger: LedgerDoor, endpoint: ScriptedEndpoint, answer: Any, complaint: str
) -> None:
    endpoint.answer = lambda _: answer
    open_front(stage, endpoint.url)

    with pytest.raises(ModelOutputError, match=complaint):
        ask(stage, ledger)

    assert spent(ledger) == [pytest.approx(REAL, abs=1e-6)]
    settled_at(stage, CONTENT, REAL)


@pytest.mark.parametrize(
    "answer",
    [
        (200, "text/html", b"<h1>A proxy's page</h1>"),
        (200, "application/json", b"no JSON"),
        (200, "application/json", b'{"choices": []}'),
        (200, "application/json", b"[]"),
    ],
)
def test_what_is_no_completion_at_all_is_named_and_keeps_its_reserve(
    stage: Stage, ledger: LedgerDoor, endpoint: ScriptedEndpoint, answer: Any
) -> None:
    endpoint.answer = lambda _: answer
    open_front(stage, endpoint.url, breaker_threshold=1)

    with pytest.raises(ModelOutputError):
        ask(stage, ledger)

    assert spent(ledger) == [None]
    assert stage.state("openai").breaker == "closed"


def test_an_endpoint_that_cannot_be_reached_is_a_dead_resource(stage: Stage, ledger: LedgerDoor) -> None:
    open_front(stage, "http://127.0.0.1:1/v1")

    with pytest.raises(ResourceDiedError, match="OPENAI_BASE_URL"):
        ask(stage, ledger)

    assert spent(ledger) == [None]


@pytest.mark.parametrize(("timeout", "limit"), [(0.3, 5.0), (5.0, 0.3)], ids=["the client's", "the front's"])
def test_a9_a_call_past_its_limit_is_aborted_keeps_its_reserve_and_frees_its_slot(
    stage: Stage, ledger: LedgerDoor, endpoint: ScriptedEndpoint, timeout: float, limit: float
) -> None:
    endpoint.answer = lambda _: None
    open_front(stage, endpoint.url, timeout=timeout, size=1)

    with pytest.raises((ResourceDiedError, DeadlineError)):
        ask(stage, ledger, limit=limit)

    assert spent(ledger) == [None]
    stage.all_free("openai")
    settled_at(stage, CONTENT, WORST)
    endpoint.answer = lambda _: completion('{"text": "Back."}')
    assert ask(stage, ledger).text == "Back."


@pytest.mark.parametrize("drip", [b"", b" "], ids=["then nothing", "then a byte now and then"])
def test_a9_an_answer_that_begins_and_never_ends_is_broken_off_at_the_deadline(
    stage: Stage, ledger: LedgerDoor, endpoint: ScriptedEndpoint, drip: bytes
) -> None:
    open_front(stage, endpoint.url, size=1, timeout=60.0)
    # The first call of a client takes long on a busy machine.
    assert ask(stage, ledger).text == "Good."
    endpoint.drip = drip

    with pytest.raises(DeadlineError):
        ask(stage, ledger, limit=1.0)
    endpoint.drip = None

    assert ask(stage, ledger, limit=PROMISE_S).text == "Good."
    eventually(lambda: endpoint.hung_up == 1, "the call broken off")
    stage.all_free("openai")
    real = pytest.approx(REAL, abs=1e-6)
    assert sorted(spent(ledger), key=str) == [real, real, None]


def test_money_is_reserved_at_its_worst_before_the_call_and_settled_after_it(
    stage: Stage, ledger: LedgerDoor, endpoint: ScriptedEndpoint
) -> None:
    during: list[Any] = []

    def answer(_: Any) -> Any:
        during.extend([spent(ledger), stage.state("openai").spent[CONTENT]])
        return completion('{"text": "Good."}')

    endpoint.answer = answer
    open_front(stage, endpoint.url)

    ask(stage, ledger)

    assert during == [[None], pytest.approx(WORST)]
    assert spent(ledger) == [pytest.approx(REAL, abs=1e-6)]
    settled_at(stage, CONTENT, REAL)


def test_analysis_stops_first_and_content_last(stage: Stage, ledger: LedgerDoor, endpoint: ScriptedEndpoint) -> None:
    endpoint.answer = lambda _: completion('{"text": "Good."}', prompt=6, answer=600)
    open_front(stage, endpoint.url, money=20 * WORST)

    for lane, affordable in ((ANALYSIS, 3), (REPLIES, 5), (CONTENT, 12)):
        for _ in range(affordable):
            ask(stage, ledger, lane)
        with pytest.raises(BudgetExceededError, match=lane):
            ask(stage, ledger, lane)


def test_a_refused_call_costs_nothing_and_asks_nobody(
    stage: Stage, ledger: LedgerDoor, endpoint: ScriptedEndpoint
) -> None:
    open_front(stage, endpoint.url, money=0.0)

    with pytest.raises(BudgetExceededError, match="budget_usd_per_day"):
        ask(stage, ledger)

    assert endpoint.asked == []
    assert spent(ledger) == [0.0]


def test_spent_money_survives_the_resource_by_the_ledger(
    stage: Stage, ledger: LedgerDoor, endpoint: ScriptedEndpoint
) -> None:
    endpoint.answer = lambda _: completion('{"text": "Good."}', prompt=6, answer=600)
    money = 7 * WORST
    open_front(stage, endpoint.url, money=money)
    ask(stage, ledger, ANALYSIS)
    ask(stage, ledger, CONTENT)

    open_front(stage, endpoint.url, money=money)
    ask(stage, ledger, CONTENT)

    settled_at(stage, ANALYSIS, WORST)
    settled_at(stage, CONTENT, 2 * WORST)


def test_a_new_day_has_its_own_money(stage: Stage, ledger: LedgerDoor, endpoint: ScriptedEndpoint) -> None:
    clock = HandClock()
    endpoint.answer = lambda _: completion('{"text": "Good."}', prompt=6, answer=600)
    open_front(stage, endpoint.url, money=1.5 * WORST)
    ask(stage, ledger, clock=clock)
    with pytest.raises(BudgetExceededError):
        ask(stage, ledger, clock=clock)

    clock.moment += timedelta(days=1)

    assert ask(stage, ledger, clock=clock).text == "Good."


def test_two_calls_at_once_cannot_both_spend_the_last_money(
    stage: Stage, ledger: LedgerDoor, endpoint: ScriptedEndpoint
) -> None:
    open_front(stage, endpoint.url, money=1.5 * WORST)
    endpoint.answer = lambda _: completion('{"text": "Good."}', prompt=6, answer=600)
    calls = [Outcome(lambda: ask(stage, ledger)) for _ in range(4)]
    results = []
    for call in calls:
        try:
            results.append(call.get().text)
        except BudgetExceededError:
            results.append("refused")

    assert sorted(results) == ["Good.", "refused", "refused", "refused"]


def test_a_broken_endpoint_opens_the_breaker_and_the_free_probe_closes_it(
    stage: Stage, ledger: LedgerDoor, endpoint: ScriptedEndpoint
) -> None:
    endpoint.answer = lambda _: failure(500)
    # Open for longer than a busy machine takes to ask once more.
    open_front(stage, endpoint.url, breaker_threshold=3, breaker_open_min=2.0, breaker_open_max=2.0)
    for _ in range(3):
        with pytest.raises(ModelBusyError):
            ask(stage, ledger)
    with pytest.raises(CircuitOpenError):
        ask(stage, ledger)
    assert spent(ledger) == [0.0] * 4

    stage.breaker_is("openai", "closed")

    assert endpoint.models == 1
    assert len(endpoint.asked) == 3


def test_k8_the_key_reaches_the_endpoint_and_no_log(
    stage: Stage, ledger: LedgerDoor, endpoint: ScriptedEndpoint, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    open_front(stage, endpoint.url)
    ask(stage, ledger)
    endpoint.answer = lambda _: failure(401, "Incorrect API key provided")

    with pytest.raises(ModelRefusedError) as raised:
        ask(stage, ledger)

    assert endpoint.keys == {f"Bearer {KEY}"}
    assert KEY not in caplog.text
    assert KEY not in str(raised.value)
