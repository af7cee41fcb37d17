"""The breaker against a model that keeps no state but the history, and reads from it what the breaker must be."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from actors.domain.breaker import Breaker, BreakerState
from tests.models.traces import compare, each_part

Event = tuple[str, float]


def since_success(history: tuple[Event, ...]) -> tuple[Event, ...]:
    """Return what happened after the last success: the rest is forgotten."""
    successes = [place for place, (kind, _) in enumerate(history) if kind == "success"]
    return history[successes[-1] + 1 :] if successes else history


def openings(history: tuple[Event, ...], threshold: int, shortest: float, longest: float) -> list[tuple[float, float]]:
    """Return (opened at, open until) of each opening since the last success.

    The `threshold`-th failure opens, and so does every failure after it: a probe's, or one that came late.
    """
    failures = [at for kind, at in since_success(history) if kind == "failure"]
    return [(at, at + min(longest, shortest * 2.0**number)) for number, at in enumerate(failures[threshold - 1 :])]


def has_probed(history: tuple[Event, ...], opened_at: float, until: float) -> bool:
    """Return whether somebody looked after the last opening had passed."""
    last = max(place for place, (kind, _) in enumerate(history) if kind == "failure")
    return any(kind == "look" and at >= until for kind, at in history[last + 1 :])


class BreakerAndHistory(RuleBasedStateMachine):
    """Tells the breaker and the history the same."""

    @initialize(threshold=st.integers(1, 4), shortest=st.sampled_from([0.5, 2.0]), longest=st.sampled_from([2.0, 9.0]))
    def begin(self, threshold: int, shortest: float, longest: float) -> None:
        self.rules = (threshold, shortest, longest)
        self.breaker = Breaker(threshold, shortest, longest)
        self.history: tuple[Event, ...] = ()
        self.now = 0.0

    @rule()
    def success(self) -> None:
        self.breaker.success()
        self.history += (("success", self.now),)

    @rule()
    def failure(self) -> None:
        self.breaker.failure(self.now)
        self.history += (("failure", self.now),)

    @rule(pause=st.sampled_from([0.0, 0.5, 1.0, 2.0, 5.0]))
    def look(self, pause: float) -> None:
        self.now += pause
        opened = openings(self.history, *self.rules)
        wanted = bool(opened) and self.now >= opened[-1][1] and not has_probed(self.history, *opened[-1])
        assert self.breaker.wants_probe(self.now) is wanted
        self.history += (("look", self.now),)

    @invariant()
    def is_what_its_history_says(self) -> None:
        if not hasattr(self, "breaker"):
            return
        opened = openings(self.history, *self.rules)
        if not opened:
            assert (self.breaker.state, self.breaker.retry_after(self.now)) == (BreakerState.CLOSED, 0.0)
            return
        state = BreakerState.HALF_OPEN if has_probed(self.history, *opened[-1]) else BreakerState.OPEN
        assert (self.breaker.state, self.breaker.open_until) == (state, opened[-1][1])
        assert self.breaker.retry_after(self.now) == max(0.1, opened[-1][1] - self.now)


@each_part
def test_the_breaker_is_what_its_history_says_after_every_event(seed: int) -> None:
    compare(BreakerAndHistory, seed)
