"""The model endpoint advises from a table: the best values and those beside them, cited, with a slip now and then."""

from __future__ import annotations

from collections import Counter

from actors.domain.insight.effects_table import EffectRow, advise_messages, table_of
from actors.domain.insight.hypotheses import Claim, sift
from actors.domain.taxonomy import FACTORS
from actors.jobs.insight.expert_analysis_pipeline import Insights
from actors.sandbox.model_advise import MOST, NOISE, rows_of
from tests.jobs.writer import Writer

OURS = {
    (row.factor, row.value): row
    for row in (
        EffectRow("hook", "question", 0.2, -0.05, 0.4, 14),
        EffectRow("hook", "story", 0.1, -0.2, 0.4, 9),
        EffectRow("hook", "contrast", -0.1, -0.2, 0.4, 7),
        EffectRow("length", "long", -0.3, -0.5, 0.1, 20),
        EffectRow("length", "short", -0.1, -0.5, 0.1, 20),
        EffectRow("topic", "focus", 0.3, -0.5, 0.6, 20),
        EffectRow("format", "list", -0.4, -0.5, 0.6, 20),
    )
}
TABLE = table_of(OURS, [])


def advised(number: int = 0) -> list[Claim]:
    messages = advise_messages(TABLE)
    # Another standing order is another request, and so another answer.
    messages[0]["content"] += "\n" * number
    answer: Insights = Writer().complete(messages, Insights)
    return [Claim(each.factor, each.value, tuple(each.cites), each.mean) for each in answer.insights]


def test_the_expert_reads_the_table_as_it_is_written() -> None:
    rows = rows_of(advise_messages(TABLE)[-1]["content"])
    assert [(row.id, row.factor, row.value, row.mean, row.posts) for row in rows] == [
        (row.id, row.factor, row.value, row.mean, row.posts) for row in TABLE
    ]


def test_the_best_value_of_three_factors_is_named_and_for_each_one_beside_it_that_was_posted_least() -> None:
    said = [(each.factor, each.value) for each in advised()]
    assert said[::2] == [("topic", "focus"), ("hook", "question"), ("length", "short")]
    assert len(said) == 2 * MOST
    posts = Counter({(row.factor, row.value): row.posts for row in TABLE})
    for factor, value in said[1::2]:
        assert posts[factor, value] == min(posts[factor, other] for other in FACTORS[factor])


def test_most_of_what_the_expert_says_rests_on_the_table_and_a_little_does_not() -> None:
    dropped: Counter[str] = Counter()
    total = 0
    for number in range(100):
        claims = advised(number)
        total += len(claims)
        dropped += sift(claims, TABLE, OURS)[1]
    assert 0.4 * NOISE < dropped.total() / total < 1.6 * NOISE
    assert set(dropped) == {"uncited", "unknown_id", "no_such_number"}


def test_an_empty_table_is_no_reason_to_say_anything() -> None:
    assert Writer().complete(advise_messages([]), Insights).insights == []
