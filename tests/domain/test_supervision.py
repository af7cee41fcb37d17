"""The supervision machine: what OTP counts, and what OTP does not know (back-off, shutdown times)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.backoff import Backoff
from actors.domain.supervision import (
    Action,
    ChildPolicy,
    Escalate,
    Policy,
    Restart,
    Standing,
    StartChild,
    StopChild,
    Strategy,
    Supervision,
)
from actors.errors import ActorUnavailableError

SLOW = Backoff(1.0, 8.0, 0.0)


class Shell:
    """Carries actions out at once; starts of the children in `broken` fail."""

    def __init__(self, policy: Policy, *children: ChildPolicy) -> None:
        self.machine = Supervision.of(policy, list(children or [ChildPolicy(name) for name in "abc"]))
        self.broken: set[str] = set()
        self.running: set[str] = set()
        self.log: list[str] = []
        self.now = 0.0
        self.carry_out(self.machine.start())
        self.log.clear()

    def carry_out(self, actions: list[Action]) -> list[str]:
        todo, seen = list(actions), len(self.log)
        while todo:
            match todo.pop(0):
                case StartChild(name) if name in self.broken:
                    self.log.append(f"fail {name}")
                    todo += self.machine.start_failed(name, "no", self.now, 0.0)
                case StartChild(name):
                    assert name not in self.running, "a child is never started twice"
                    self.running.add(name)
                    self.log.append(f"start {name}")
                    todo += self.machine.started(name, self.now)
                case StopChild(name, _):
                    self.running.remove(name)
                    self.log.append(f"stop {name}")
                case Escalate(reason):
                    assert not self.running, "children are stopped before it gives up"
                    self.log.append(f"escalate {reason}")
        return self.log[seen:]

    def crash(self, name: str, reason: str = "boom") -> list[str]:
        self.running.discard(name)
        return self.carry_out(self.machine.exited(name, reason, self.now, 0.0))

    def tick(self, now: float) -> list[str]:
        self.now = now
        return self.carry_out(self.machine.tick(now))


def policy(intensity: int = 100, period: int = 5, strategy: Strategy = Strategy.ONE_FOR_ONE, **more: object) -> Policy:
    return Policy(strategy, intensity, period, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("intensity", "times", "survives"),
    [(0, [0.0], False), (1, [0.0, 5.9], False), (1, [0.0, 6.0], True), (1, [0.9, 6.0], True), (2, [0, 1, 5], False)],
    ids=["none allowed", "same window", "next window", "seconds are cut off", "the window is inclusive"],
)
def test_intensity_is_counted_in_whole_seconds_with_an_inclusive_window(
    intensity: int, times: list[float], survives: bool
) -> None:
    shell = Shell(policy(intensity))
    for now in times:
        shell.now = now
        shell.crash("a")
    assert (shell.running == {"a", "b", "c"}) is survives
    assert shell.machine.ended is not survives


def test_a_child_that_is_renewed_stops_and_starts_and_no_restart_is_counted() -> None:
    machine = Supervision.of(Policy(intensity=0), [ChildPolicy("a", shutdown_s=3.0), ChildPolicy("b")])
    assert machine.start() == [StartChild("a")]
    assert machine.started("a", 0.0) == [StartChild("b")]
    machine.started("b", 0.0)

    assert machine.renew_child("a") == [StopChild("a", 3.0), StartChild("a")]
    assert machine.started("a", 1.0) == []
    assert (machine.standing("a"), machine.restarts) == (Standing.RUNNING, [])


def test_a_renewed_child_that_does_not_start_is_tried_again_after_its_back_off() -> None:
    machine = Supervision.of(Policy(intensity=1, backoff=Backoff(1.0, 8.0, 0.0)), [ChildPolicy("a")])
    machine.start()
    machine.started("a", 0.0)
    machine.renew_child("a")

    assert machine.start_failed("a", "no luck", 2.0, 0.0) == []
    assert machine.standing("a") is Standing.RESTARTING
    assert machine.tick(machine.next_wake() or 0.0) == [StartChild("a")]


def test_all_children_share_one_counter() -> None:
    shell = Shell(policy(2))
    shell.crash("a")
    shell.crash("b")
    assert shell.crash("c")[-1].startswith("escalate more than 2 restarts in 5 s; c ended: boom")


def test_a_child_in_back_off_is_restarted_when_its_time_has_come_and_not_before() -> None:
    shell = Shell(policy(backoff=SLOW))
    assert shell.crash("b") == []
    assert shell.machine.next_wake() == 1.0
    assert shell.tick(0.9) == []
    assert shell.tick(1.0) == ["start b"]


def test_the_back_off_doubles_while_crashes_follow_each_other_and_starts_anew_after_a_quiet_period() -> None:
    shell, waits = Shell(policy(backoff=SLOW, reset_after_s=10.0)), []
    for uptime in (0.0, 9.0, 9.0, 10.0, 0.0):
        shell.now += uptime
        shell.crash("a")
        due = shell.machine.next_wake()
        assert due is not None
        waits.append(due - shell.now)
        shell.tick(due)
    assert waits == [1.0, 2.0, 4.0, 1.0, 2.0]


def test_two_children_due_at_once_both_come_back_even_if_the_first_fails_again() -> None:
    shell = Shell(policy(backoff=SLOW))
    shell.crash("a")
    shell.crash("b")
    shell.broken = {"a"}
    assert shell.tick(1.0) == ["fail a"]
    assert shell.tick(1.0) == ["start b"]
    shell.broken = set()
    assert shell.tick(3.0) == ["start a"]


def test_each_failed_restart_counts_and_backs_off_further() -> None:
    shell = Shell(policy(3, period=60, backoff=SLOW))
    shell.broken = {"a"}
    shell.crash("a")
    assert shell.tick(1.0) == ["fail a"]
    assert shell.machine.next_wake() == 3.0
    assert shell.tick(3.0) == ["fail a"]
    assert "escalate" in shell.tick(7.0)[-1]


def test_a_group_stops_at_once_and_starts_in_order_after_the_back_off() -> None:
    shell = Shell(policy(strategy=Strategy.REST_FOR_ONE, backoff=SLOW))
    assert shell.crash("b") == ["stop c"]
    assert shell.tick(1.0) == ["start b", "start c"]


def test_a_child_in_back_off_is_not_started_before_the_one_it_stands_on() -> None:
    shell = Shell(policy(strategy=Strategy.REST_FOR_ONE, backoff=SLOW))
    shell.crash("b")
    shell.now = 0.5
    shell.crash("a")
    assert shell.tick(1.0) == []
    assert shell.tick(1.5) == ["start a", "start b", "start c"]


def test_a_failed_start_in_a_group_backs_off_before_the_group_is_tried_again() -> None:
    shell = Shell(policy(strategy=Strategy.ONE_FOR_ALL, backoff=SLOW))
    shell.broken = {"a"}
    shell.crash("c")
    assert shell.tick(1.0) == ["fail a"]
    assert shell.machine.next_wake() == 2.0


def test_a_member_that_was_asked_for_during_the_back_off_restarts_with_its_group() -> None:
    shell = Shell(policy(strategy=Strategy.ONE_FOR_ALL, backoff=SLOW))
    shell.crash("a")
    assert shell.carry_out(shell.machine.restart_child("c")) == ["start c"]
    assert shell.tick(1.0) == ["stop c", "start a", "start b", "start c"]


def test_news_of_a_child_that_was_stopped_or_forgotten_changes_nothing() -> None:
    children = (ChildPolicy("a"), ChildPolicy("t", Restart.TEMPORARY))
    shell = Shell(policy(0, strategy=Strategy.ONE_FOR_ALL), *children)
    shell.crash("t")
    assert shell.crash("t") == []
    shell.carry_out(shell.machine.terminate_child("a"))
    assert shell.crash("a") == []
    assert shell.machine.restarts == []


def test_a_child_stopped_deliberately_in_its_back_off_stays_stopped() -> None:
    shell = Shell(policy(backoff=SLOW))
    shell.crash("a")
    assert shell.carry_out(shell.machine.terminate_child("a")) == []
    assert shell.tick(99.0) == []
    assert shell.carry_out(shell.machine.restart_child("a")) == ["start a"]


def test_a_start_that_somebody_asked_for_and_that_fails_neither_counts_nor_is_tried_again() -> None:
    shell = Shell(policy(0))
    shell.carry_out(shell.machine.terminate_child("a"))
    shell.broken = {"a"}
    assert shell.carry_out(shell.machine.restart_child("a")) == ["fail a"]
    assert shell.tick(99.0) == []
    assert shell.running == {"b", "c"}


def test_a_child_nobody_knows_is_refused_by_name() -> None:
    machine = Supervision.of(policy(), [])
    with pytest.raises(ActorUnavailableError, match="no child x"):
        machine.restart_child("x")


def test_after_a_stop_nothing_restarts() -> None:
    shell = Shell(policy(backoff=SLOW))
    shell.crash("b")
    assert shell.carry_out(shell.machine.stop()) == ["stop c", "stop a"]
    assert shell.tick(99.0) == []
    assert shell.machine.next_wake() is None
    assert shell.carry_out(shell.machine.restart_child("a")) == []


def test_a_stop_carries_the_childs_own_shutdown_time() -> None:
    machine = Supervision.of(policy(), [ChildPolicy("a", shutdown_s=0.5)])
    machine.start()
    machine.started("a", 0.0)
    assert machine.stop() == [StopChild("a", 0.5)]


STEPS = st.tuples(st.sampled_from(["crash", "tick", "break", "mend"]), st.sampled_from("abcd"), st.integers(0, 3))


@given(strategy=st.sampled_from(list(Strategy)), wait=st.sampled_from([0.0, 1.0]), steps=st.lists(STEPS, max_size=60))
def test_d10_once_what_was_broken_is_mended_every_permanent_child_runs_again(
    strategy: Strategy, wait: float, steps: list[tuple[str, str, int]]
) -> None:
    children = [ChildPolicy(name) for name in "abcd"]
    shell = Shell(policy(10_000, strategy=strategy, backoff=Backoff(wait, 4.0, 0.0)), *children)
    for kind, name, pause in steps:
        match kind:
            case "crash" if name in shell.running:
                shell.crash(name)
            case "tick":
                shell.tick(shell.now + pause)
            case "break":
                shell.broken.add(name)
            case "mend":
                shell.broken.discard(name)
    shell.broken.clear()
    for _ in range(10):
        shell.tick(shell.now + 5.0)
    assert shell.running == set("abcd")
    assert shell.machine.next_wake() is None


def test_when_a_restart_is_due_is_told_of_the_child_that_waits_for_it() -> None:
    shell = Shell(Policy(backoff=SLOW))
    shell.running.discard("b")
    shell.machine.exited("b", "crash", 5.0, 0.0)
    assert [shell.machine.retry_at(name) for name in ("a", "b", "unknown")] == [None, 6.0, None]
