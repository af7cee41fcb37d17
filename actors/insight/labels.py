"""Labels of posts of others: the one way from a foreign text to the model, and its answer kept for one consumer."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import pydantic

from actors.domain.budget import MoneyLane
from actors.domain.insight.agreement import Agreement, Standing, agreements
from actors.domain.insight.labels import (
    MOST_PER_CALL,
    Label,
    Reading,
    choices,
    is_asked_twice,
    label_messages,
    label_tokens,
    read_labels,
)
from actors.domain.randomness import keyed
from actors.errors import AppError, CallRefusedError, ModelOutputError
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from actors.job import JobContext

logger = logging.getLogger(__name__)

Post = tuple[str, str, str]
"""A post of somebody else: its tweet id, its author, its text as it was found."""

MOST_TRIES = 3
"""How often a post of which nothing is known is asked about: beside any others, beside its like, alone."""
_ALONE = 20
"""Posts asked about alone in a run: as many as one call that was spoiled may have left."""
_PAIRS = 400
"""The newest posts with two labels that agreement is measured on: older ones speak of a model that may have changed."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """What a run of the labeller came to.

    Args:
        posts: how many have a label now.
        blank: how many of them nothing is known of; they are put off, or refused.
        refused: how many of the blank ones were asked about as often as they may be.
        dropped: words of the answers that are not believed; see `actors.domain.insight.labels.Reading`.
        twice: how many have a second label.
        calls: of the model.
        error: what ended it before all posts were labelled; None if nothing did.
    """

    posts: int = 0
    blank: int = 0
    refused: int = 0
    dropped: int = 0
    twice: int = 0
    calls: int = 0
    error: AppError | None = None


def label(
    ctx: JobContext, consumer: str, posts: Sequence[Post], fields: Mapping[str, Sequence[str]], version: int
) -> Labelled:
    """Have posts labelled and keep the labels as the consumer's own rows of `post_labels`, those of each call at once.

    One post in twenty is asked about twice, in a call of its own, before all are asked about. A call that is refused
    for what it says, and an answer of which nothing can be believed, put their posts off: one of them may have asked
    for that. Those are asked about among themselves the next time, then alone, and after `MOST_TRIES` no more, which is
    told in the log; so is a post of which an answer says nothing. Any other failure of a call ends the run, and what
    was labelled by then is kept.

    Args:
        ctx: of the run; it must use the database and the model. The money is that of the lane for analysis.
        consumer: whose rows they are, and the purpose under which the money is spent.
        posts: no two with one id.
        fields: the closed vocabulary of each field, without a word for none.
        version: of the vocabulary; a row of an older one is replaced.

    Raises:
        ModelOutputError, CallRefusedError: no call brought an answer that could be believed.
        AppError: the first call failed, such as `BudgetExceededError`; nothing is kept.
    """
    desk = _Desk(ctx, consumer, {field: tuple(values) for field, values in fields.items()}, version)
    again = [post for post in posts if is_asked_twice(post[0])]
    desk.ask_again(again[:MOST_PER_CALL])
    for number, batch in enumerate(desk.batches(posts)):
        if number and not ctx.has_time():
            break
        try:
            desk.ask(batch)
        except AppError as error:
            if not desk.done.posts:
                raise
            logger.warning(
                "the labeller stopped early",
                extra={"action": "labelling_cut", "consumer": consumer, "posts": desk.done.posts, "data": str(error)},
            )
            return replace(desk.done, error=error)
    if desk.done.refused:
        logger.warning(
            "%d posts got no label in %d tries and are left alone",
            desk.done.refused,
            MOST_TRIES,
            extra={"action": "labels_refused", "consumer": consumer, "posts": desk.done.refused},
        )
    if posts and not desk.has_read and desk.unread is not None:
        raise desk.unread
    return desk.done


def standings(ctx: JobContext, consumer: str, fields: Mapping[str, Sequence[str]], version: int) -> dict[str, Standing]:
    """Return how far each field of a consumer's labels is to be used; a dropped one is told in the log."""
    rows = ctx.database.all("labels_of_both", consumer=consumer, version=version, limit=_PAIRS)
    found = agreements([(row["label"], row["second"]) for row in rows], fields)
    for field, agreement in found.items():
        if agreement.standing is Standing.DROPPED:
            _tell(consumer, field, agreement)
    return {field: agreement.standing for field, agreement in found.items()}


def _tell(consumer: str, field: str, agreement: Agreement) -> None:
    logger.warning(
        "the labeller does not agree with itself on %s: kappa %.2f over %d pairs; the field is left out",
        field,
        agreement.kappa,
        agreement.pairs,
        extra={"action": "label_dropped", "consumer": consumer, "field": field, "kappa": agreement.kappa},
    )


class _Desk:
    """What one run of the labeller works with."""

    def __init__(self, ctx: JobContext, consumer: str, fields: dict[str, tuple[str, ...]], version: int) -> None:
        self._ctx, self._consumer, self._fields, self._version = ctx, consumer, fields, version
        self._second: dict[str, Label] = {}
        self._tries: dict[str, int] = {}
        self.done = Labelled()
        self.has_read = False
        self.unread: ModelOutputError | CallRefusedError | None = None

    def batches(self, posts: Sequence[Post]) -> list[Sequence[Post]]:
        """Return the posts by call: new ones, then those that were put off once, then each of the others alone.

        Which posts share a call is drawn anew for each run, so that none has chosen its neighbours.
        """
        asked = {"consumer": self._consumer, "version": self._version, "tweet_ids": [each for each, _, _ in posts]}
        self._tries = {row["tweet_id"]: row["tries"] for row in self._ctx.database.all("labels_put_off", **asked)}
        key = ("label_calls", self._ctx.boot_id, self._ctx.run_id)
        shuffled = sorted(posts, key=lambda post: keyed(*key, post[0]).random())
        by_tries = [[post for post in shuffled if min(self._tries.get(post[0], 0), 2) == tries] for tries in range(3)]
        *together, alone = by_tries
        calls = [
            group[start : start + MOST_PER_CALL] for group in together for start in range(0, len(group), MOST_PER_CALL)
        ]
        return [*calls, *([post] for post in alone[:_ALONE])]

    def ask_again(self, posts: Sequence[Post]) -> None:
        """Ask about these on their own, beside other posts than the first time; a failure costs the second labels."""
        if not posts:
            return
        try:
            reading = self._call(posts, "second")
        except AppError as error:
            logger.warning(
                "no post got a second label",
                extra={"action": "second_label_failed", "consumer": self._consumer, "data": str(error)},
            )
            return
        self._second = {posts[number - 1][0]: label for number, label in reading.labels.items()}

    def ask(self, posts: Sequence[Post]) -> None:
        """Ask about these and keep the labels."""
        try:
            reading = self._call(posts, "first")
            self.has_read = True
        except (ModelOutputError, CallRefusedError) as error:
            logger.warning(
                "an answer of the labeller cannot be used; its posts are put off",
                extra={"action": "labels_unread", "consumer": self._consumer, "posts": len(posts), "data": str(error)},
            )
            reading, self.unread = Reading({}, 0), error
        rows = [
            {
                "tweet_id": tweet_id,
                "author": author.casefold(),
                "label": reading.labels.get(number, {}),
                "second": self._second.get(tweet_id) if number in reading.labels else None,
            }
            for number, (tweet_id, author, _) in enumerate(posts, start=1)
        ]
        kept = {"consumer": self._consumer, "version": self._version, "rows": rows, "now": self._ctx.now()}
        self._ctx.database.transact([Statement("keep_labels", kept, len(rows))])
        self.done = replace(
            self.done,
            posts=self.done.posts + len(rows),
            blank=self.done.blank + sum(not row["label"] for row in rows),
            refused=self.done.refused
            + sum(
                not reading.labels.get(number) and self._tries.get(tweet_id, 0) + 1 >= MOST_TRIES
                for number, (tweet_id, _, _) in enumerate(posts, start=1)
            ),
            twice=self.done.twice + sum(row["second"] is not None for row in rows),
        )

    def _call(self, posts: Sequence[Post], turn: str) -> Reading:
        ids = [tweet_id for tweet_id, _, _ in posts]
        nonce = keyed("label_fence", self._ctx.boot_id, self._ctx.run_id, turn, *ids).bytes(8).hex()
        answer = self._ctx.openai.complete(
            label_messages([text for _, _, text in posts], self._fields, nonce),
            _schema(tuple(self._fields.items())),
            lane=MoneyLane.ANALYSIS,
            purpose=self._consumer,
            temperature=0.0,
            max_tokens=label_tokens(len(posts), self._fields),
        )
        said = [(entry.number, entry.model_dump(exclude={"number"})) for entry in answer.labels]
        reading = read_labels(said, len(posts), self._fields)
        self.done = replace(self.done, calls=self.done.calls + 1, dropped=self.done.dropped + reading.dropped)
        if not reading.labels:
            raise ModelOutputError(f"the labeller said nothing of {len(posts)} posts that can be believed")
        return reading


class _Entry(pydantic.BaseModel):
    """The labeller's word on one post."""

    model_config = pydantic.ConfigDict(extra="forbid")

    number: int


@cache
def _schema(fields: tuple[tuple[str, tuple[str, ...]], ...]) -> type[pydantic.BaseModel]:
    """Return the form of an answer. The endpoint is told each vocabulary; whether it kept to it is seen afterwards.

    One word outside of a vocabulary would otherwise cost the whole answer, which other posts are in, too.
    """
    each: dict[str, Any] = {
        field: (Annotated[str, pydantic.WithJsonSchema({"type": "string", "enum": list(choices(values))})], ...)
        for field, values in fields
    }
    entry = pydantic.create_model("Entry", __base__=_Entry, **each)
    labels: dict[str, Any] = {"labels": (list[entry], ...)}  # type: ignore[valid-type]
    return pydantic.create_model("Labels", __config__=pydantic.ConfigDict(extra="forbid"), **labels)
