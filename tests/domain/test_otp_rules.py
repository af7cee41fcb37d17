"""The rules of OTP's supervisor (C1) and of Akka's back-off (C2), one table each, named by its number.

Each script is a line of events; what the machine answered stands beside it. C2.5 (the mailbox is kept, the message that
killed is not served again) is the kernel's: `tests/runtime/test_supervisor.py`.
"""

from __future__ import annotations

import pytest

from actors.domain.backoff import Backoff
from actors.domain.supervision import (
    Action,
    AutoShutdown,
    ChildPolicy,
    Escalate,
    Policy,
    Restart,
    Standing,
    StartChild,
    StopChild,
    Strategy,
    Supervision,
    is_normal,
)
from actors.errors import PermanentError

ONE, ALL, REST = Strategy.ONE_FOR_ONE, Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE
PERMANENT, TRANSIENT, TEMPORARY = Restart.PERMANENT, Restart.TRANSIENT, Restart.TEMPORARY
ANY, LAST = AutoShutdown.ANY_SIGNIFICANT, AutoShutdown.ALL_SIGNIFICANT


class Script:
    """A supervisor of `a`, `b` and `c`, or of the given children, at a time that the test sets."""

    def __init__(self, *children: ChildPolicy, **policy: object) -> None:
        rules = Policy(**{"intensity": 99, **policy})  # type: ignore[arg-type]
        self.machine = Supervision.of(rules, list(children) or [ChildPolicy(name) for name in "abc"])
        self.broken: dict[str, bool] = {}
        """Whose starts fail, and whether of an outage."""
        self.now = 0.0
        self.first = self.play(self.machine.start())

    def play(self, actions: list[Action]) -> list[str]:
        todo, seen = list(actions), []
        while todo:
            match todo.pop(0):
                case StartChild(name) if name in self.broken:
                    seen.append(f"fail {name}")
                    todo += self.machine.start_failed(name, "no", self.now, 0.0, outage=self.broken[name])
                case StartChild(name):
                    seen.append(f"start {name}")
                    todo += self.machine.started(name, self.now)
                case StopChild(name, _):
                    seen.append(f"stop {name}")
                case Escalate(reason):
                    seen.append(f"end {reason}")
        return seen

    def crash(self, name: str, at: float | None = None, reason: str = "boom", *, outage: bool = False) -> list[str]:
        self.now = self.now if at is None else at
        return self.play(self.machine.exited(name, reason, self.now, 0.0, outage=outage))

    def tick(self, at: float | None = None) -> list[str]:
        self.now = self.now if at is None else at
        return self.play(self.machine.tick(self.now))

    def terminate(self, name: str) -> list[str]:
        return self.play(self.machine.terminate_child(name))

    def restart(self, name: str) -> list[str]:
        return self.play(self.machine.restart_child(name))

    def wait(self) -> float:
        due = self.machine.next_wake()
        assert due is not None
        return due - self.now


@pytest.mark.parametrize(
    ("intensity", "period", "times", "survives"),
    [
        (1, 5, [0.0, 5.0], False),
        (1, 5, [0.0, 6.0], True),
        (1, 5, [0.0, 5.99], False),
        (1, 5, [0.99, 6.0], True),
        (0, 5, [0.0], False),
        (2, 5, [0.0, 1.0, 5.0], False),
        (2, 5, [0.0, 1.0, 6.0, 7.0], True),
        (2, 5, [0.0, 1.0, 6.0, 6.0], False),
    ],
)
def test_c1_1_more_restarts_than_the_intensity_within_the_inclusive_window_of_whole_seconds_end_it(
    intensity: int, period: int, times: list[float], survives: bool
) -> None:
    script = Script(intensity=intensity, period_s=period)
    answers = [script.crash("a", at) for at in times]
    for answer in answers[:-1]:
        assert answer == ["start a"]
    reason = f"more than {intensity} restarts in {period} s; a ended: boom"
    assert answers[-1] == (["start a"] if survives else ["stop c", "stop b", f"end {reason}"])
    assert script.machine.ended is not survives


def test_c1_1_the_defaults_are_those_of_otp() -> None:
    assert (Policy().intensity, Policy().period_s, Policy().strategy) == (1, 5, ONE)
    assert (ChildPolicy("a").restart, ChildPolicy("a").shutdown_s, ChildPolicy("a").significant) == (
        PERMANENT,
        5.0,
        False,
    )


def test_c1_2_the_counter_belongs_to_the_supervisor_and_all_children_share_it() -> None:
    script = Script(intensity=2)
    assert [script.crash(name) for name in "ab"] == [["start a"], ["start b"]]
    assert script.crash("c")[-1] == "end more than 2 restarts in 5 s; c ended: boom"


def test_c1_3_a_restart_that_fails_is_tried_by_the_next_tick_each_try_counts_and_there_is_no_delay() -> None:
    script = Script(intensity=2)
    script.broken = {"a": False}
    assert script.crash("a", 7.0) == ["fail a"]
    assert script.machine.next_wake() == 7.0
    assert script.machine.standing("a") is Standing.RESTARTING
    assert script.tick() == ["fail a", "stop c", "stop b", "end more than 2 restarts in 5 s; a did not restart: no"]


def test_c1_3_a_stop_that_comes_between_two_tries_is_obeyed() -> None:
    script = Script()
    script.broken = {"a": False}
    script.crash("a")
    assert script.terminate("a") == []
    assert script.tick(99.0) == []
    assert script.machine.standing("a") is Standing.STOPPED


def test_c1_3_who_fails_again_and_again_keeps_no_other_waiting() -> None:
    script = Script()
    script.broken = {"a": False, "b": False}
    script.crash("a")
    script.crash("b")
    assert [script.tick() for _ in range(4)] == [["fail a"], ["fail b"], ["fail a"], ["fail b"]]


def test_c1_3_of_a_group_whose_restart_fails_those_that_run_are_stopped_by_the_next_try() -> None:
    script = Script(strategy=ALL)
    script.broken = {"b": False}
    assert script.crash("c") == ["stop b", "stop a", "start a", "fail b"]
    script.broken = {}
    assert script.tick() == ["stop a", "start a", "start b", "start c"]


@pytest.mark.parametrize(
    ("restart", "reason", "comes_back", "is_known"),
    [
        (PERMANENT, "boom", True, True),
        (PERMANENT, "normal", True, True),
        (PERMANENT, "shutdown", True, True),
        (TRANSIENT, "boom", True, True),
        (TRANSIENT, "normal", False, True),
        (TRANSIENT, "shutdown", False, True),
        (TRANSIENT, "shutdown: idle", False, True),
        (TRANSIENT, "shutdownless", True, True),
        (TEMPORARY, "boom", False, False),
        (TEMPORARY, "normal", False, False),
    ],
)
def test_c1_4_who_comes_back_after_which_end(restart: Restart, reason: str, comes_back: bool, is_known: bool) -> None:
    script = Script(ChildPolicy("a", restart), ChildPolicy("b"))
    assert script.crash("a", reason=reason) == (["start a"] if comes_back else [])
    standing = {(True, True): "running", (False, True): "stopped", (False, False): "not_found"}[comes_back, is_known]
    assert script.machine.standing("a") == standing
    assert len(script.machine.restarts) == comes_back


def test_c1_4_three_reasons_are_normal_and_no_other() -> None:
    assert all(is_normal(reason) for reason in ("normal", "shutdown", "shutdown: idle"))
    assert not any(is_normal(reason) for reason in ("", "boom", "normally", "Shutdown", "ValueError: shutdown: no"))


def test_c1_5_a_deliberate_stop_never_leads_to_a_restart() -> None:
    script = Script(intensity=0)
    assert script.terminate("b") == ["stop b"]
    assert script.crash("b") == [], "news of its end comes late"
    assert script.tick(99.0) == []
    assert script.restart("b") == ["start b"]
    assert script.machine.restarts == []


def test_c1_6_children_start_from_left_to_right_and_stop_from_right_to_left() -> None:
    script = Script()
    assert script.first == ["start a", "start b", "start c"]
    assert script.play(script.machine.stop()) == ["stop c", "stop b", "stop a"]


@pytest.mark.parametrize("outage", [False, True])
def test_c1_6_a_first_start_that_fails_stops_those_before_it_and_is_final(outage: bool) -> None:
    machine = Supervision.of(Policy(intensity=99), [ChildPolicy(name) for name in "abc"])
    assert machine.start() == [StartChild("a")]
    assert machine.started("a", 0.0) == [StartChild("b")]
    failed = machine.start_failed("b", "no", 0.0, 0.0, outage=outage)
    assert failed == [StopChild("a", 5.0), Escalate("b did not start: no", outage)]
    assert (machine.ended, machine.next_wake(), machine.tick(99.0)) == (True, None, [])


@pytest.mark.parametrize("shutdown_s", [0.0, 0.5, 90.0])
def test_c1_7_a_stop_carries_the_childs_own_shutdown_time(shutdown_s: float) -> None:
    machine = Supervision.of(Policy(), [ChildPolicy("a", shutdown_s=shutdown_s)])
    machine.start()
    machine.started("a", 0.0)
    assert machine.terminate_child("a") == [StopChild("a", shutdown_s)]


@pytest.mark.parametrize(
    ("strategy", "answer"),
    [
        (ONE, ["start b"]),
        (ALL, ["stop d", "stop t", "stop a", "start a", "start b", "start d"]),
        (REST, ["stop d", "stop t", "start b", "start d"]),
    ],
)
def test_c1_8_who_restarts_with_whom_and_in_which_order(strategy: Strategy, answer: list[str]) -> None:
    children = [ChildPolicy("a"), ChildPolicy("b"), ChildPolicy("t", TEMPORARY), ChildPolicy("d")]
    script = Script(*children, strategy=strategy)
    assert script.crash("b") == answer
    assert (script.machine.standing("t") is Standing.NOT_FOUND) is (strategy is not ONE)


def significant(name: str, restart: Restart = TRANSIENT) -> ChildPolicy:
    return ChildPolicy(name, restart, significant=True)


@pytest.mark.parametrize(
    ("mode", "ends", "answers"),
    [
        (ANY, ["x"], [[]]),
        (ANY, ["s"], [["stop x", "stop t", "stop a", "end shutdown"]]),
        (ANY, ["t"], [["stop x", "stop s", "stop a", "end shutdown"]]),
        (LAST, ["s", "x"], [[], []]),
        (LAST, ["s", "t"], [[], ["stop x", "stop a", "end shutdown"]]),
        (LAST, ["t", "x", "s"], [[], [], ["stop a", "end shutdown"]]),
    ],
)
def test_c1_9_the_supervisor_ends_as_shutdown_with_its_first_or_its_last_significant_child(
    mode: AutoShutdown, ends: list[str], answers: list[list[str]]
) -> None:
    children = [ChildPolicy("a"), significant("s"), significant("t", TEMPORARY), ChildPolicy("x", TRANSIENT)]
    script = Script(*children, auto_shutdown=mode)
    assert [script.crash(name, reason="normal") for name in ends] == answers


def test_c1_9_without_auto_shutdown_nobody_takes_the_supervisor_along() -> None:
    script = Script(ChildPolicy("a", TRANSIENT), ChildPolicy("b", TEMPORARY))
    assert [script.crash(name, reason="normal") for name in "ab"] == [[], []]
    assert not script.machine.ended


@pytest.mark.parametrize("mode", [ANY, LAST])
def test_c1_9_a_restart_a_deliberate_stop_and_a_siblings_restart_do_not_end_it(mode: AutoShutdown) -> None:
    script = Script(ChildPolicy("a"), significant("s"), auto_shutdown=mode, strategy=ALL)
    assert script.crash("s") == ["stop a", "start a", "start s"]
    assert script.crash("a") == ["stop s", "start a", "start s"]
    assert script.terminate("s") == ["stop s"]
    assert not script.machine.ended


def test_c1_9_a_significant_child_that_is_about_to_restart_has_not_ended() -> None:
    script = Script(significant("s"), significant("t"), auto_shutdown=LAST)
    script.broken = {"s": False}
    assert script.crash("s") == ["fail s"]
    assert script.crash("t", reason="normal") == []
    script.broken = {}
    assert script.tick() == ["start s"]
    assert script.crash("s", reason="shutdown") == ["end shutdown"]


@pytest.mark.parametrize(
    ("mode", "children", "complaint"),
    [
        (ANY, [significant("s", PERMANENT)], "child s is significant, so it may not be permanent"),
        (AutoShutdown.NEVER, [significant("s")], "child s is significant, but its supervisor never shuts down"),
        (ANY, [ChildPolicy("a"), significant("a")], "two children are named a"),
    ],
)
def test_c1_9_what_otp_refuses_is_refused_by_name(
    mode: AutoShutdown, children: list[ChildPolicy], complaint: str
) -> None:
    with pytest.raises(PermanentError, match=complaint):
        Supervision.of(Policy(auto_shutdown=mode), children)


SLOW = Backoff(1.0, 8.0, 0.0)


def test_c2_1_the_wait_doubles_with_each_failure_in_a_row_and_is_capped_last() -> None:
    assert [Backoff(1.0, 5.0, 0.5).delay(n, 0.5) for n in range(4)] == [1.25, 2.5, 5.0, 5.0]
    script, waits = Script(backoff=SLOW, period_s=1), []
    script.broken = {"a": False}
    script.crash("a")
    for _ in range(5):
        waits.append(script.wait())
        script.tick(script.now + waits[-1])
    assert waits == [1.0, 2.0, 4.0, 8.0, 8.0]


@pytest.mark.parametrize(("quiet", "wait"), [(9.9, 2.0), (10.0, 1.0), (11.0, 1.0)])
def test_c2_2_the_count_starts_anew_if_nothing_failed_for_a_while_after_a_restart(quiet: float, wait: float) -> None:
    script = Script(backoff=SLOW, reset_after_s=10.0)
    script.crash("a")
    script.tick(1.0)
    script.crash("a", 1.0 + quiet)
    assert script.wait() == pytest.approx(wait)


def test_c2_2_a_child_that_crashes_each_second_is_slowed_down_by_default() -> None:
    assert (Policy().reset_after_s, Backoff(1.0, 8.0).jitter) == (10.0, 0.2)


def test_c2_2_time_spent_waiting_or_failing_to_start_is_not_quiet() -> None:
    script = Script(backoff=SLOW, reset_after_s=3.0, period_s=1)
    script.broken = {"a": False}
    script.crash("a", 0.0)
    for at in (1.0, 3.0, 7.0):
        script.tick(at)
    script.broken = {}
    assert script.tick(15.0) == ["start a"]
    script.crash("a", 15.1)
    assert script.wait() == pytest.approx(8.0)


def test_c2_2_a_restart_with_its_group_does_not_start_a_childs_quiet_time_anew() -> None:
    script = Script(backoff=SLOW, reset_after_s=10.0, strategy=ALL)
    script.crash("a", 0.0)
    assert script.tick(1.0) == ["start a", "start b", "start c"]
    script.crash("b", 5.0)
    assert script.tick(6.0) == ["start a", "start b", "start c"]
    script.crash("a", 11.0)
    assert script.wait() == 1.0


def test_c2_3_there_is_no_limit_on_failures_in_a_row_but_the_intensity() -> None:
    script = Script(backoff=Backoff(10.0, 10.0, 0.0), intensity=1, period_s=5)
    script.broken = {"a": False}
    script.crash("a", 0.0)
    for number in range(1, 500):
        assert script.tick(10.0 * number) == ["fail a"]
    assert script.tick(script.now) == []


@pytest.mark.parametrize("backoff", [SLOW, Backoff(0.0, 0.0, 0.0)], ids=["back-off", "none"])
def test_c2_4_a_start_that_fails_is_never_tried_again_within_the_same_call(backoff: Backoff) -> None:
    script = Script(backoff=backoff)
    script.broken = {"a": False}
    script.crash("a")
    for _ in range(5):
        due = script.machine.next_wake()
        assert due is not None
        assert script.tick(due) == ["fail a"]


def test_c2_5_during_the_back_off_nothing_is_done_to_the_childs_place() -> None:
    script = Script(backoff=SLOW)
    assert script.crash("a") == []
    assert script.tick(0.9) == []
    assert script.machine.standing("a") is Standing.RESTARTING
    assert script.tick(1.0) == ["start a"]


@pytest.mark.parametrize("how", ["crash", "start"])
def test_an_outage_is_backed_off_like_any_failure_and_not_counted(how: str) -> None:
    script = Script(backoff=SLOW, intensity=0)
    assert script.crash("a", 0.0, outage=True) == []
    if how == "start":
        script.broken = {"a": True}
        assert script.tick(1.0) == ["fail a"]
    else:
        script.tick(1.0)
        script.crash("a", outage=True)
    assert script.wait() == 2.0
    assert script.machine.restarts == []
    script.broken = {}
    script.tick(3.0)
    assert script.crash("a")[-1] == "end more than 0 restarts in 5 s; a ended: boom"


def test_an_outage_counts_where_no_back_off_keeps_it_from_a_hot_loop() -> None:
    assert Script(intensity=0).crash("a", outage=True)[-1].startswith("end more than 0 restarts")


def test_an_end_by_intensity_is_no_outage_to_the_supervisor_above() -> None:
    script = Script(intensity=0)
    assert script.machine.exited("a", "boom", 0.0, 0.0, outage=True)[-1] == Escalate(
        "more than 0 restarts in 5 s; a ended: boom", outage=False
    )


def test_a_supervisor_that_ended_knows_no_child() -> None:
    script = Script()
    script.machine.stop()
    assert script.machine.standing("a") is Standing.NOT_FOUND
    assert script.restart("a") == []
