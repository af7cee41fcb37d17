"""`loglevel` and `reload`, behind the real channel: what is in force afterwards, and what is said to need a restart."""

from __future__ import annotations

import io
import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from actors import log
from actors.config import Config, JobSettings, LogSettings, RedisSettings, Secret, differences, load, secrets_of
from actors.errors import ConfigError
from tests.log_lines import lines_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.control.room import ControlRoom

LIBRARY = "asyncio"


pytestmark = pytest.mark.usefixtures("logging_as_before")


@pytest.fixture
def stream() -> io.StringIO:
    """Return where the real log writes to."""
    stream = io.StringIO()
    log.setup(LogSettings(), stream)
    return stream


def spoken(stream: io.StringIO, name: str = "actors.runtime.front") -> list[str]:
    """Return at which levels a logger is heard."""
    seen = len(lines_of(stream))
    for level in log.LEVELS.values():
        logging.getLogger(name).log(level, "a line of the test", extra={"action": "spoken"})
    return [line["level"] for line in lines_of(stream)[seen:] if line["action"] == "spoken"]


def test_loglevel_is_in_force_for_all_our_loggers_until_it_is_said_otherwise(
    room: ControlRoom, stream: io.StringIO
) -> None:
    assert room.say("loglevel debug")["ok"]
    assert spoken(stream) == ["debug", "info", "warn", "error"]
    assert room.config.log.level == "debug"

    assert room.say("loglevel error")["ok"]
    assert spoken(stream) == ["error"]


@pytest.mark.usefixtures("silence_is_an_answer")
@pytest.mark.parametrize("word", ["loglevel error", "loglevel error actors.control"])
def test_a_word_and_its_answer_are_in_the_log_at_every_level_and_loglevel_says_so(
    room: ControlRoom, stream: io.StringIO, word: str
) -> None:
    assert "the state, P0, words and answers are written all the same" in room.say(word)["text"]
    seen = len(lines_of(stream))

    answer = room.say("why plan")["text"]

    lines = {line["action"]: line for line in lines_of(stream)[seen:]}
    assert lines["control_word"]["message"] == "operator says: why plan"
    assert answer in (lines["control_answer"].get("data"), "; ".join(lines["control_answer"].get("lines", ())))
    assert "all the same" not in room.say("loglevel info")["text"]


def test_one_logger_is_heard_more_of_until_the_level_of_all_is_said(room: ControlRoom) -> None:
    assert room.say(f"loglevel debug {LIBRARY}")["text"].startswith("asyncio writes from debug on")
    assert logging.getLogger(LIBRARY).level == logging.DEBUG

    room.say("loglevel info")

    assert logging.getLogger(LIBRARY).level == logging.NOTSET


def test_a_logger_that_nobody_has_is_refused_with_the_nearest(room: ControlRoom) -> None:
    answer = room.say("loglevel debug asynci")

    assert (answer["ok"], answer["text"]) == (False, "no logger 'asynci'; nearest known: asyncio")


def test_reload_takes_up_what_it_can_and_names_what_needs_a_restart(room: ControlRoom, stream: io.StringIO) -> None:
    room.written = replace(
        room.config,
        log=LogSettings(level="warn", verbose=(LIBRARY,)),
        replies=replace(room.config.replies, queue_depth=9),
        browser=replace(room.config.browser, contexts=5),
    )

    assert room.say("reload")["lines"] == [
        "3 of 4 differences are in force, the others need a restart",
        "browser.contexts: 3 -> 5 (needs a restart)",
        "replies.queue_depth: 2 -> 9 (in force for runs that begin from now on)",
        'log.level: "info" -> "warn" (in force)',
        'log.verbose: [] -> ["asyncio"] (in force)',
    ]
    assert (room.config.replies.queue_depth, room.config.browser.contexts) == (9, 3)
    assert (spoken(stream), spoken(stream, LIBRARY)) == (["warn", "error"], ["debug", "info", "warn", "error"])
    assert room.say("reload")["lines"][1:] == ["browser.contexts: 3 -> 5 (needs a restart)"]


def test_a_configuration_that_is_as_it_was_is_said_to_be_so(room: ControlRoom) -> None:
    assert room.say("reload")["text"] == "the configuration is as it was"


def test_a_configuration_that_is_refused_changes_nothing_and_its_faults_are_answered(
    room: ControlRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> Config:
        raise ConfigError("replies.queue_depth = 0 (config.toml): must be from 1 to 100")

    monkeypatch.setattr(room.operator.reach.settings, "read_again", refuse)
    before = room.config

    answer = room.say("reload")

    assert (answer["ok"], "must be from 1 to 100" in answer["text"]) == (False, True)
    assert room.config is before


def test_keys_that_contradict_what_waits_for_a_restart_are_not_taken_up(room: ControlRoom) -> None:
    held = replace(room.config.publishing, replies_per_hour=61)
    room.config = replace(room.config, publishing=held)
    room.written = replace(Config(), replies=replace(Config().replies, queue_depth=9))

    answer = room.say("reload")

    assert answer["lines"][0].startswith("nothing is taken up without a restart: publishing.replies_per_hour: must be")
    assert "replies.queue_depth: 2 -> 9 (waits)" in answer["lines"]
    assert room.config.replies.queue_depth == 2


def test_e3_a_secret_is_told_to_differ_and_never_shown() -> None:
    old = Config(redis=RedisSettings(url=Secret("redis://:old-word@host")))
    (found,) = differences(old, replace(old, redis=RedisSettings(url=Secret("redis://:new-word@host"))))

    assert (found.key, found.before, found.after) == ("redis.url", "***", "***")
    (gone,) = differences(old, Config())
    assert (gone.before, gone.after) == ("***", "null")


def test_jobs_that_come_and_go_and_change_are_differences_of_their_keys() -> None:
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    job = JobSettings(every=hour, deadline=minute)
    found = differences(Config(jobs={"plan": job}), Config(jobs={"plan": replace(job, every=2 * hour), "learn": job}))

    assert ("jobs.plan.every", '"1h"', '"2h"') in [(each.key, each.before, each.after) for each in found]
    assert ("jobs.learn.deadline", '"none"', '"1m"') in [(each.key, each.before, each.after) for each in found]
    assert not any(each.is_live for each in found)


def test_what_was_taken_out_of_the_environment_is_there_when_it_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("", encoding="utf-8")
    environ = {"DATABASE_URL": "postgresql://u:p@host/db", "CONTROL_KEY": "k" * 40}
    config = load(file, environ)

    again = load(file, secrets_of(config))

    assert secrets_of(config) == environ
    assert differences(config, again) == ()


def test_levels_that_are_put_in_force_leave_no_logger_behind() -> None:
    log.set_levels(LogSettings(verbose=(LIBRARY,)))
    assert logging.getLogger(LIBRARY).level == logging.DEBUG

    log.set_levels(LogSettings(), before=(LIBRARY,))

    assert logging.getLogger(LIBRARY).level == logging.NOTSET
