"""The model endpoint: coroutine slots around the async client, JSON-schema answers, and what each call costs."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pydantic

from actors.domain.budget import Charge, MoneyLane, cost, worst_case
from actors.errors import (
    AppError,
    CallRefusedError,
    ModelBusyError,
    ModelOutputError,
    ModelRefusedError,
    ResourceDiedError,
)
from actors.messages import Demand
from actors.runtime.resource import Resource
from actors.runtime.slot import CoroutineSlot, Place
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletion

    from actors.messages import Request
    from actors.resources.database import DatabaseClient
    from actors.runtime.client import Caller
    from actors.runtime.loop import LoopThread
    from actors.runtime.slot import Slot

Answer = TypeVar("Answer", bound=pydantic.BaseModel)


@dataclass(frozen=True, slots=True)
class Complete:
    """Work: one chat completion in the form of `schema`. `reserve` is the most that it can cost."""

    messages: tuple[dict[str, str], ...]
    schema: type[pydantic.BaseModel]
    model: str
    temperature: float
    max_tokens: int
    reserve: float


@dataclass(frozen=True, slots=True)
class Completed:
    """What came back, unread: reading it is the run's business, whose money is settled by then."""

    content: str
    is_cut: bool
    cost_usd: float


@dataclass(frozen=True, slots=True)
class ListModels:
    """Work: the breaker's probe, a free call."""


class OpenAI(Resource):
    """The resource: one async client, imported and made when first needed (40 MB).

    It spends no money that the front did not set aside before.
    """

    name = "openai"
    probe = ListModels()

    def __init__(self, loop: LoopThread, base_url: str, api_key: Callable[[], str], timeout_s: float) -> None:
        self._loop, self._base_url, self._api_key, self._timeout_s = loop, base_url, api_key, timeout_s
        self._client: AsyncOpenAI | None = None
        self._making = asyncio.Lock()

    async def client(self) -> AsyncOpenAI:
        """Return the client, made at the first call. Its own retries are off: they live in the run.

        Made in a thread: the import alone takes half a second, in which the loop would stand still for everybody.
        """
        async with self._making:
            if self._client is None:
                self._client = await asyncio.to_thread(self._make)
            return self._client

    def _make(self) -> AsyncOpenAI:
        from openai import AsyncOpenAI

        client = AsyncOpenAI(base_url=self._base_url, api_key=self._api_key(), timeout=self._timeout_s, max_retries=0)
        # Parts of the library that it loads by itself when they are first looked at.
        _ = client.chat.completions, client.models
        return client

    def make_slot(self, place: Place) -> Slot:
        """Return a slot on the loop."""
        return CoroutineSlot(place, OpenAIWorker(self), self._loop)

    def close(self) -> None:
        """Close the client's connections."""
        client, self._client = self._client, None
        if client is not None:
            self._loop.call(client.close(), timeout=2.0)


class OpenAIWorker:
    """One call at a time on the loop. A deadline cancels the task, which aborts the HTTP request."""

    def __init__(self, resource: OpenAI) -> None:
        self._resource = resource

    async def perform(self, request: Request) -> Completed | None:
        """Return the answer with its cost; raise in the words of `actors.errors`."""
        client = await self._resource.client()
        import openai

        try:
            if isinstance(request.work, ListModels):
                await client.models.list()
                return None
            return await self._complete(request.work)
        except openai.OpenAIError as error:
            raise translate(error) from error

    async def _complete(self, work: Complete) -> Completed:
        response = await self._ask(work)
        usage, choice = response.usage, response.choices[0]
        spent = work.reserve if usage is None else cost(work.model, usage.prompt_tokens, usage.completion_tokens)
        return Completed(choice.message.content or "", choice.finish_reason == "length", spent)

    async def _ask(self, work: Complete) -> ChatCompletion:
        try:
            client = await self._resource.client()
            response: Any = await client.chat.completions.create(
                model=work.model,
                messages=cast("Any", list(work.messages)),
                temperature=work.temperature,
                max_tokens=work.max_tokens,
                response_format={
                    "type": "json_schema",
                    "json_schema": {
                        "name": work.schema.__name__,
                        "schema": work.schema.model_json_schema(),
                        "strict": True,
                    },
                },
            )
        except ValueError as error:
            raise _no_completion(str(error)) from error
        # The client hands on whatever the endpoint sent, such as a proxy's page.
        if not getattr(response, "choices", None):
            raise _no_completion("it has no choices")
        completion: ChatCompletion = response
        return completion

    async def recall(self) -> None:
        """Never asked: what a call costs is spent, so it is not done twice."""

    async def destroy(self) -> None:
        """Nothing to break: the slot cancels the task."""

    async def close(self) -> None:
        """Nothing is held between calls."""


def _no_completion(why: str) -> ModelOutputError:
    return ModelOutputError(f"the model endpoint's answer is no chat completion: {why}", "check OPENAI_BASE_URL")


def translate(error: Exception) -> AppError:
    """Return our word for the client library's error."""
    import openai

    match error:
        case openai.RateLimitError() | openai.InternalServerError():
            return ModelBusyError(f"the model endpoint is busy or broken: {error}")
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return ModelRefusedError(f"the model endpoint refused the key: {error}", "check OPENAI_API_KEY")
        case openai.NotFoundError():
            return ModelRefusedError(
                f"the model endpoint knows no such model or path: {error}", "check OPENAI_BASE_URL and openai.model"
            )
        case openai.APIConnectionError():
            return ResourceDiedError(f"the model endpoint cannot be reached: {error}", "check OPENAI_BASE_URL")
        case openai.BadRequestError() | openai.UnprocessableEntityError():
            return CallRefusedError(f"the model endpoint refused the call: {error}")
        case openai.APIStatusError():
            return ModelRefusedError(f"the model endpoint refused the call: {error}")
        case _:
            return ModelOutputError(f"the model client failed: {type(error).__name__}: {error}")


@dataclass(frozen=True, slots=True)
class OpenAIClient:
    """What a job holds of the model: typed answers whose money is on record before the call is made."""

    caller: Caller
    database: DatabaseClient
    model: str
    limit_s: float
    now: Callable[[], datetime]

    def complete(
        self,
        messages: Sequence[dict[str, str]],
        schema: type[Answer],
        *,
        lane: MoneyLane,
        purpose: str,
        temperature: float = 0.8,
        max_tokens: int = 600,
    ) -> Answer:
        """Return an answer that fits `schema`.

        The reservation is written to the ledger first and settled afterwards; a call whose cost is unknown (it died
        on the way) keeps its reservation.

        Raises:
            BudgetExceededError: the lane's money is spent. ModelRefusedError: key, model or request is wrong.
            ModelOutputError: the answer does not fit. ModelBusyError, ResourceDiedError: the endpoint is in trouble.
        """
        call_id, now = uuid.uuid4(), self.now()
        reserve = worst_case(self.model, sum(len(m["content"]) for m in messages), max_tokens)
        usage, _ = self.database.transact(
            [
                Statement("usage_today", {"day": now.date()}),
                Statement(
                    "reserve_usage",
                    {
                        "call_id": call_id,
                        "day": now.date(),
                        "lane": lane.value,
                        "purpose": purpose,
                        "model": self.model,
                        "reserved_usd": reserve,
                        "now": now,
                    },
                ),
            ]
        )
        ledger = {row["lane"]: row["spent"] for row in usage}
        demand = Demand(charge=Charge(lane, reserve, now.date(), ledger))
        work = Complete(tuple(messages), schema, self.model, temperature, max_tokens, reserve)
        try:
            completed: Completed = self.caller.call(work, self.limit_s, demand=demand)
        except AppError as error:
            if error.spent is not None:
                self.database.run("settle_usage", call_id=call_id, cost_usd=error.spent)
            raise
        self.database.run("settle_usage", call_id=call_id, cost_usd=completed.cost_usd, expect=1)
        if completed.is_cut:
            raise ModelOutputError(f"the model's answer was cut off at {max_tokens} tokens")
        try:
            return schema.model_validate_json(completed.content)
        except pydantic.ValidationError as error:
            raise ModelOutputError(f"the model's answer does not fit {schema.__name__}: {error}") from error
