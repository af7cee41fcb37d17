"""Control words over the real channel, to an engine at work."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import redis

from actors.control.channel import CHANNEL, REPLIES
from actors.embedded.valkey import EmbeddedValkey
from tests.acceptance.engine import ROOT, Engine
from tests.stage import PATIENCE_S, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def engine(engine_in: Callable[..., Engine], tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Return one engine for all words."""
    engine = engine_in(tmp_path_factory.mktemp("control") / "data")
    engine.ready()
    engine.wait_for("control_ready", 30)
    engine.wait_for("posted", 60)
    return engine


@pytest.fixture(scope="module")
def client(engine: Engine) -> Iterator[redis.Redis]:
    """Return a Redis client such as an operator has."""
    url = EmbeddedValkey(engine.data).running_url()
    assert url is not None
    with redis.Redis.from_url(url, decode_responses=True) as client:
        yield client


def ask(client: redis.Redis, message: str) -> dict[str, Any]:
    """Publish a message as it is and return the next answer."""
    with client.pubsub() as pubsub:
        pubsub.subscribe(REPLIES)
        assert pubsub.get_message(timeout=PATIENCE_S) is not None
        assert client.publish(CHANNEL, message) == 1
        answer = pubsub.get_message(timeout=PATIENCE_S)
    assert answer is not None, f"no answer to {message}"
    document: dict[str, Any] = json.loads(answer["data"])
    return document


def test_status_typed_by_hand_tells_the_fronts(client: redis.Redis) -> None:
    answer = ask(client, "status")
    assert answer["ok"]
    assert "/10" in answer["text"]
    assert set(answer["status"]["fronts"]) == {"browser", "database", "openai", "redis", "runs"}


def test_json_is_answered_under_its_own_id(client: redis.Redis) -> None:
    answer = ask(client, '{"id": "abc-1", "word": "jobs"}')
    assert (answer["id"], answer["ok"]) == ("abc-1", True)
    assert set(answer["jobs"]["next_due"]) == {"posting", "plan", "metrics_scraper", "learn", "job_watchdog"}


def test_a_paused_job_misses_its_slots_with_the_reason_until_it_is_resumed(engine: Engine, client: redis.Redis) -> None:
    assert ask(client, "pause posting")["ok"]
    missed = engine.wait_for("slot_missed", 30, message="posting missed a slot: paused")
    assert ask(client, "resume posting")["ok"]
    engine.wait_for("run_admitted", 30, since=engine.lines.index(missed), job="posting")


def test_a_family_is_paused_as_a_whole(engine: Engine, client: redis.Redis) -> None:
    assert ask(client, "pause health")["ok"]
    engine.wait_for("slot_missed", 30, since=len(engine.lines), job="job_watchdog")
    assert ask(client, "resume all")["ok"]


def test_d3_a_job_can_be_run_at_once(engine: Engine, client: redis.Redis) -> None:
    seen = len(engine.lines)
    assert ask(client, "run learn")["ok"]
    engine.wait_for("run_admitted", 30, since=seen, job="learn", trigger="operator")


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("pause postnig", "posting"),
        ("dance", "known"),
        ("run", "run JOB"),
        ("{not json", "JSON"),
        ('{"word": "status", "extra": 1}', "extra"),
    ],
)
def test_what_is_not_understood_is_refused_with_what_would_be(client: redis.Redis, message: str, hint: str) -> None:
    answer = ask(client, message)
    assert not answer["ok"]
    assert hint in answer["text"]


def test_k4_the_kill_switch_stops_publishing_and_lets_it_go_again(engine: Engine, client: redis.Redis) -> None:
    answer = ask(client, "kill-switch on")
    assert answer["ok"], answer
    seen = len(engine.lines)
    blocked = engine.wait_for("run_blocked", 60, since=seen, job="posting")
    assert "kill switch" in blocked["data"]
    assert ask(client, "kill-switch off")["ok"]
    engine.wait_for("posted", 60, since=engine.lines.index(blocked))


def test_k4_a_kill_switch_that_the_database_does_not_take_stops_this_publisher_all_the_same(
    engine: Engine, client: redis.Redis
) -> None:
    refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'full'; END $$"
    with psycopg.connect(engine.database_url, autocommit=True) as connection:
        connection.execute(refuse)
        connection.execute("CREATE TRIGGER refuses BEFORE INSERT OR UPDATE ON flags EXECUTE FUNCTION refuse()")
        seen = len(engine.lines)
        answer = ask(client, "kill-switch on")
        assert "in force in this process, and not stored yet" in answer["text"]
        blocked = engine.wait_for("run_blocked", 60, since=seen, job="posting")
        assert "kill switch" in blocked["data"]
        assert connection.execute("SELECT is_on FROM flags WHERE name = 'kill_switch'").fetchall() in ([], [(False,)])
        connection.execute("DROP FUNCTION refuse CASCADE")
    assert ask(client, "kill-switch off")["ok"]
    engine.wait_for("posted", 60, since=engine.lines.index(blocked))


def why(engine: Engine, *job: str) -> dict[str, Any]:
    """Return an explanation to which all have said their part: whoever was kept waiting by the machine is a reason."""
    found: dict[str, Any] = eventually(lambda: explained(engine, *job), "an explanation by all")
    return found


def explained(engine: Engine, *job: str) -> dict[str, Any] | None:
    words = [sys.executable, "supervisor.py", "why", *job, "--json", "--data", str(engine.data)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    explanation: dict[str, Any] = json.loads(done.stdout)
    is_whole = not {"actor_away", "ledger_unknown"} & {reason["kind"] for reason in explanation["reasons"]}
    return explanation if is_whole else None


def ends_by_hand(explanation: dict[str, Any]) -> list[str]:
    """Return what only somebody can end; what the hour brings comes and goes."""
    return [reason["kind"] for reason in explanation["reasons"] if reason["until"] is None]


def test_why_names_the_pause_and_then_the_kill_switch_and_nothing_else_that_somebody_must_end(
    engine: Engine, client: redis.Redis
) -> None:
    assert ends_by_hand(why(engine)) == []
    assert ask(client, "pause posting")["ok"]
    paused = why(engine, "posting")
    assert ends_by_hand(paused) == ["paused"]
    assert (paused["job"], paused["earliest"]) == ("posting", None)
    assert ask(client, "kill-switch on")["ok"]
    assert ends_by_hand(why(engine)) == ["paused", "kill_switch"]
    assert ends_by_hand(why(engine, "posting")) == ["paused", "kill_switch"]
    assert ask(client, "resume posting")["ok"]
    assert ends_by_hand(why(engine)) == ["kill_switch"]
    assert ask(client, "kill-switch off")["ok"]
    free = why(engine)
    assert ends_by_hand(free) == []
    assert free["earliest"] is not None


def test_why_about_a_job_nobody_knows_lists_those_there_are(client: redis.Redis) -> None:
    assert "jobs: " in ask(client, "why nothing_of_that_name")["text"]


def test_send_prints_the_answer_and_knows_a_refusal(engine: Engine) -> None:
    words = [sys.executable, "supervisor.py", "send", "--json", "--data", str(engine.data)]
    done = subprocess.run([*words, "status"], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0
    assert json.loads(done.stdout)["ok"] is True
    assert engine.send("pause", "nothing_of_that_name") == 1


def test_k3_a_new_life_of_board_and_clock_knows_what_the_last_one_knew_and_that_nothing_begins(
    engine: Engine, client: redis.Redis
) -> None:
    assert ask(client, "drain")["ok"]
    before = ask(client, "status")["status"]
    for name in ("clock", "board"):
        seen = len(engine.lines)
        assert ask(client, f"restart {name}")["ok"]
        engine.wait_for("actor_restarted", 30, since=seen, actor=name)

    after = ask(client, "status")["status"]
    for section in ("actors", "fronts", "families", "jobs", "next_due"):
        assert before[section].keys() <= after[section].keys(), section
    assert (after["draining"], after["uptime_s"] >= before["uptime_s"]) == (True, True)
    assert "the supervisor drains" in ask(client, "run learn")["text"]


def test_shutdown_ends_the_engine_cleanly(engine: Engine, client: redis.Redis) -> None:
    assert ask(client, "shutdown")["ok"]
    assert engine.wait(60) == 0
    assert engine.processes() == []
    assert engine.send("status") == 1
