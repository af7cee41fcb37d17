"""The platform's state: what the site says of our one account, and which errands may go there meanwhile.

Repeated retries made every wall of production worse (the reference's catalogue, E1 and E4), so one machine hears how
each errand ended and refuses the next ones for all jobs at once. What an errand may still do is its own affair: one
that reads a public page goes on while nobody is logged in (E6).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class PlatformState(StrEnum):
    """How the site stands to our account."""

    AWAITED = "awaited"
    """It has not answered since the start, so there is no session to begin with: everything is refused. Known to who
    asks it for one, not to the machine."""

    VALID = "valid"
    SUSPECT = "suspect"
    """One errand met a login wall; nothing is refused yet, and the next one that needs the login decides."""

    INVALID = "invalid"
    """Logged out for sure, or somebody else's session: what needs the login is refused."""

    COOLING = "cooling"
    """The site asked for patience (HTTP 429): everything is refused for a while."""

    CHALLENGE = "challenge"
    """A challenge or a consent page stands before everything: everything is refused, and a person must act."""


class Sign(StrEnum):
    """What the end of an errand says of the platform."""

    ANSWERED = "answered"
    """It did its work; if it needs the login, the login is proven."""

    LOGGED_OUT = "logged_out"
    """It needs the login and met a login wall."""

    FOREIGN = "foreign"
    """The page belongs to another account."""

    RATE_LIMITED = "rate_limited"
    CHALLENGED = "challenged"
    NOTHING = "nothing"
    """It failed of something else: a deleted tweet, a changed page or a dead Chromium says nothing of the platform."""


@dataclass(frozen=True, slots=True)
class PlatformRules:
    """How long to stay away, in real seconds."""

    cooldown_min: float = 120.0
    """After the first 429 in a row, and before the first probe of a lost login; doubled after each failed probe."""

    cooldown_max: float = 7200.0
    challenge_stop: float = 21600.0
    """6 hours: the reference's classification of a suspected challenge (domain 4.3)."""

    probe_limit: float = 120.0
    """A probe that has not ended by then is given up. Errands end by 90 s; only one that was lost with the event loop
    takes longer, and nobody would ever send another."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The state in words: why it is so, and the monotonic time before which nothing changes (None: it is open)."""

    state: PlatformState = PlatformState.VALID
    reason: str = ""
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """One errand that was let through; `number` is its place in the order."""

    number: int
    needs_login: bool
    is_probe: bool


@dataclass(slots=True)
class Platform:
    """The machine. Times are monotonic real seconds; `admit` before an errand, `settle` with its ticket at its end.

    It keeps two things apart, because a cool-down must not make it forget that the login is lost: whether the site is
    closed to everybody, and what is known of the login. The state is the closure if there is one.

    Once the site is closed, or the login in doubt, only errands that were let through after that decide whether it is
    over; what began before can only make things worse. So three slots that meet one wall together count once.
    """

    rules: PlatformRules = field(default_factory=PlatformRules)
    _login: Standing = field(default_factory=Standing)
    _closure: Standing | None = None
    _lost: int = 0
    """Failed proofs of the login since it was last proven."""

    _coolings: int = 0
    """Cool-downs since the site last answered."""

    _next: int = 0
    _login_since: int = 0
    _closure_since: int = 0
    """Number of the first ticket after the last change of the login, and of the closure."""

    _probe: Ticket | None = None
    _probe_until: float = 0.0

    @property
    def standing(self) -> Standing:
        """Return the state with its reason; `until` may have passed, and then the next errand is the probe."""
        return self._closure or self._login

    def admit(self, now: float, *, needs_login: bool, is_urgent: bool = False) -> Ticket | Standing:
        """Return a ticket for an errand, or why it must not go to the site now.

        While the site is closed, or for what needs a lost login, one errand at a time is let through after `until`, and
        an urgent one beside it: P0 does not wait for the end of somebody else's probe.
        """
        if self._probe is not None and now >= self._probe_until:
            self._probe = None
        obstacles = [self._closure]
        if needs_login and self._login.state is PlatformState.INVALID:
            obstacles.append(self._login)
        for obstacle in obstacles:
            if obstacle is not None and (
                now < (obstacle.until or now) or (self._probe is not None and not is_urgent)
            ):
                return obstacle
        ticket = Ticket(self._next, needs_login, is_probe=any(obstacles))
        self._next += 1
        if ticket.is_probe and self._probe is None:
            self._probe, self._probe_until = ticket, now + self.rules.probe_limit
        return ticket

    def lose_probe(self) -> None:
        """The probe under way, if there is one, was lost with the event loop and will never report."""
        self._probe = None

    def settle(self, ticket: Ticket, sign: Sign, reason: str, now: float) -> Standing | None:
        """Hear how an errand ended, and return the new standing if that changed it."""
        before = self.standing
        if self._probe is ticket:
            self._probe = None
        match sign:
            case Sign.RATE_LIMITED | Sign.CHALLENGED:
                self._walled(ticket, sign, reason, now)
            case Sign.ANSWERED | Sign.LOGGED_OUT | Sign.FOREIGN:
                self._answered(ticket)
                self._judge_login(ticket, sign, reason, now)
        return None if self.standing == before else self.standing

    def _walled(self, ticket: Ticket, sign: Sign, reason: str, now: float) -> None:
        decides = ticket.number >= self._closure_since
        if sign is Sign.CHALLENGED:
            if decides or self._closure is None or self._closure.state is PlatformState.COOLING:
                self._close(Standing(PlatformState.CHALLENGE, reason, now + self.rules.challenge_stop))
        elif decides or self._closure is None:
            self._close(Standing(PlatformState.COOLING, reason, now + self._wait(self._coolings)))
            self._coolings += 1

    def _answered(self, ticket: Ticket) -> None:
        """The site showed a page of its own: if that is news, it is open again, be it a login wall."""
        if self._closure is not None and ticket.number >= self._closure_since:
            self._close(None)
            self._coolings = 0

    def _judge_login(self, ticket: Ticket, sign: Sign, reason: str, now: float) -> None:
        known = self._login.state
        decides = ticket.number >= self._login_since
        if sign is Sign.ANSWERED:
            if ticket.needs_login and decides and known is not PlatformState.VALID:
                self._know(Standing())
                self._lost = 0
        elif known is PlatformState.VALID and sign is Sign.LOGGED_OUT:
            self._know(Standing(PlatformState.SUSPECT, reason))
        elif decides or (sign is Sign.FOREIGN and known is not PlatformState.INVALID):
            self._know(Standing(PlatformState.INVALID, reason, now + self._wait(self._lost)))
            self._lost += 1

    def _close(self, closure: Standing | None) -> None:
        self._closure, self._closure_since = closure, self._next

    def _know(self, login: Standing) -> None:
        self._login, self._login_since = login, self._next

    def _wait(self, failures: int) -> float:
        return min(self.rules.cooldown_max, self.rules.cooldown_min * 2.0 ** min(failures, 30))
