"""No table grows for ever without a reason, and none is cleared without one."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from actors.config.sections import InsightSettings
from actors.domain.retention import KEPT, Expiry, expiries
from actors.sql.queries import load_migrations, load_queries

INSIGHT = InsightSettings()
EXPIRIES = expiries(INSIGHT.text_kept, INSIGHT.post_kept)
CREATED = re.compile(r"^CREATE TABLE (\w+)", re.MULTILINE)
TOUCHED = re.compile(r"\b(?:DELETE FROM|UPDATE|INSERT INTO)\s+(\w+)")


def test_every_table_has_an_expiry_or_a_reason_to_be_kept_and_not_both() -> None:
    tables = {name for _, script in load_migrations() for name in CREATED.findall(script)}
    cleared = {expiry.table for expiry in EXPIRIES}

    assert tables - cleared - KEPT.keys() == set(), "say in actors/domain/retention.py what becomes of its rows"
    assert cleared & KEPT.keys() == set()
    assert (cleared | KEPT.keys()) - tables == set()


def test_nothing_that_says_what_was_published_or_wished_is_ever_cleared() -> None:
    for_ever = {"decisions", "publish_attempts", "receipts", "own_posts", "opt_outs", "metric_snapshots"}

    assert for_ever <= KEPT.keys()


@pytest.mark.parametrize("expiry", EXPIRIES, ids=lambda expiry: expiry.query)
def test_an_expiry_touches_its_own_table_only_and_a_bounded_batch_of_it(expiry: Expiry) -> None:
    query = load_queries()[expiry.query]

    assert TOUCHED.findall(query) == [expiry.table]
    assert "LIMIT %(limit)s" in query
    assert expiry.reason


def test_ages_of_what_was_studied_are_those_of_the_configuration() -> None:
    found = {each.query: each.age for each in expiries(timedelta(days=3), timedelta(days=11))}

    assert found["empty_posts"] == timedelta(days=3)
    assert found["prune_posts"] == timedelta(days=11)


def test_whoever_asked_to_be_left_alone_comes_first() -> None:
    asked = [each.query for each in EXPIRIES if "left alone" in each.reason]

    assert [each.query for each in EXPIRIES][: len(asked)] == asked
    assert {"external_posts", "post_labels", "studied_accounts"} <= {
        each.table for each in EXPIRIES if each.query in asked
    }
