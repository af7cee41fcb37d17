"""What the platform's state promises after any events in any order."""

from __future__ import annotations

import copy

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from actors.domain.platform_state import Platform, PlatformRules, PlatformState, Sign, Standing, Ticket
from tests.models.traces import compare, each_part

RULES = PlatformRules(cooldown_min=2.0, cooldown_max=9.0, challenge_stop=20.0, probe_limit=1e6)
CLOSED = (PlatformState.COOLING, PlatformState.CHALLENGE)
OPEN = (PlatformState.VALID, PlatformState.SUSPECT)


class AnyErrands(RuleBasedStateMachine):
    """Lets errands in and ends them in any order and way, and holds the machine to its promises."""

    def __init__(self) -> None:
        super().__init__()
        self.platform = Platform(RULES)
        self.now = 0.0
        self.flying: list[Ticket] = []
        self.changes = 0
        self.let_in_at: dict[Ticket, int] = {}
        """How many changes there had been when an errand was let in."""

        self.walls: list[float] = []
        """Length of each cool-down since the site was last open."""

    @property
    def state(self) -> PlatformState:
        return self.platform.standing.state

    @rule(seconds=st.sampled_from([0.5, 2.0, 5.0, 20.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(needs_login=st.booleans())
    def ask(self, needs_login: bool) -> None:
        standing = self.platform.standing
        answer = self.platform.admit(self.now, needs_login=needs_login)
        is_early = self.now < (standing.until or 0.0)
        if standing.state in OPEN:
            assert isinstance(answer, Ticket)
            assert not answer.is_probe
        elif standing.state in CLOSED or needs_login:
            assert isinstance(answer, Standing) or (answer.is_probe and not is_early)
        else:
            assert isinstance(answer, Ticket)
        if isinstance(answer, Ticket):
            self.flying.append(answer)
            self.let_in_at[answer] = self.changes
        else:
            assert is_early or answer != standing or any(ticket.is_probe for ticket in self.flying)

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), sign=st.sampled_from(Sign))
    def end(self, data: st.DataObject, sign: Sign) -> None:
        ticket = data.draw(st.sampled_from(self.flying))
        self.flying.remove(ticket)
        before = self.platform.standing
        news = self.platform.settle(ticket, sign, f"reason {self.changes}", self.now)
        assert (news is None) == (self.platform.standing == before)
        if news is None:
            return
        self.changes += 1
        assert sign is not Sign.NOTHING
        is_late = self.let_in_at[ticket] < self.changes - 1
        if is_late:
            assert not (before.state in CLOSED and news.state not in CLOSED), "a late errand opened the site"
            assert news.state is not PlatformState.VALID, "a late errand proved the login"
        if news.state is PlatformState.COOLING:
            assert news.until is not None
            expected = min(9.0, 2.0 * 2 ** len(self.walls))
            assert news.until - self.now == expected
            self.walls.append(expected)
        elif news.state is not PlatformState.CHALLENGE:
            self.walls.clear()

    @invariant()
    def at_most_one_probe_is_on_its_way(self) -> None:
        assert sum(ticket.is_probe for ticket in self.flying) <= 1

    @invariant()
    def one_success_resets_everything(self) -> None:
        platform, now = copy.deepcopy(self.platform), self.now + 2e6
        answer = platform.admit(now, needs_login=True)
        assert isinstance(answer, Ticket), "it is closed for ever"
        platform.settle(answer, Sign.ANSWERED, "", now)
        assert platform.standing == Standing()
        for sign, length in ((Sign.RATE_LIMITED, 2.0), (Sign.ANSWERED, None)):
            probe = platform.admit(now, needs_login=True)
            assert isinstance(probe, Ticket)
            platform.settle(probe, sign, "", now)
            assert platform.standing.until == (None if length is None else now + length)
            now += 2.0


@each_part
def test_e4_no_order_of_events_lets_two_probes_through_or_closes_the_site_for_ever(seed: int) -> None:
    compare(AnyErrands, seed)
