"""A front under virtual time: the shell of one arbiter, which carries its actions out as the program's does."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from actors.domain.arbiter import PROBE, Grant, Recall, Refuse, Revoke
from actors.domain.breaker import BreakerState
from actors.simulation.agenda import Actor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from actors.domain.arbiter import Action, Arbiter, Ticket
    from actors.simulation.journal import Journal
    from actors.simulation.setting import Setting
    from actors.simulation.tally import Tally

RECALL_S = 0.04
"""How long a page takes to close under an errand (reference: 180 of 180 within 40 ms on Chromium)."""
_PROBE_S = 0.1


@dataclass(frozen=True, slots=True)
class Place:
    """A slot as somebody holds it; one of an earlier life of its front is worth nothing any more."""

    front: Front
    slot: int
    life: int
    request_id: str

    def give_back(self, *, failed: bool = False, answered: bool = True, spent: float | None = None) -> None:
        """Tell the front that the errand is over."""
        self.front.tell(self.front.settle, self, failed, answered, spent)


class Asker(Protocol):
    """Who sent a request; `try_` is the number under which it did, which makes answers to an earlier try stale."""

    def granted(self, place: Place, try_: int) -> None:
        """It has the slot."""

    def refused(self, front: Front, why: str, try_: int) -> None:
        """It gets none, or has lost it."""

    def recalled(self, place: Place) -> int:
        """Its page closes and its request waits again; return the try under which it does."""

    def broken(self, front: Front, try_: int) -> None:
        """Its resource fails it."""


@dataclass(slots=True, eq=False)
class Front(Actor):
    """State of one front. `outages` counts how many outages keep its resource away just now."""

    setting: Setting = field(kw_only=True)
    journal: Journal = field(kw_only=True)
    tally: Tally = field(kw_only=True)
    arbiter: Arbiter = field(init=False)
    life: int = 0
    outages: int = 0
    askers: dict[str, tuple[Asker, int]] = field(default_factory=dict)
    _woken_at: float = math.inf
    _is_touched: bool = False

    def __post_init__(self) -> None:
        self.arbiter = self.setting.arbiter(self.name)

    def request(self, ticket: Ticket, asker: Asker, try_: int) -> None:
        """Serve a request."""
        self.askers[ticket.id] = (asker, try_)
        self._carry_out(self.arbiter.arrived(ticket, self.agenda.now))

    def settle(self, place: Place, failed: bool, answered: bool, spent: float | None) -> None:
        """Serve the news that an errand is over."""
        if place.life != self.life:
            return
        del self.askers[place.request_id]
        self._left(place)
        self._settle(place.slot, failed=failed, answered=answered, spent=spent)

    def expect(self, p0_at: float) -> None:
        """Serve the news of when P0 may come."""
        self._carry_out(self.arbiter.expect(p0_at, self.agenda.now))

    def crash(self) -> None:
        """Die with all that waits and runs; what runs in a run slot goes on, and answers to nobody."""
        running = {place.request_id for place in self.tally.places(self.name)}
        self.die()
        self.life += 1
        askers, self.askers = self.askers, {}
        self.tally.front_died(self.name)
        for request_id, (asker, try_) in askers.items():
            if self.name != "runs" or request_id not in running:
                asker.refused(self, f"{self.name} died", try_)
        self.arbiter = self.setting.arbiter(self.name)

    def tell_whether_up(self) -> None:
        """Let the tally know whether requests can be served now."""
        if self.is_down or self.outages or self.arbiter.breaker.state is not BreakerState.CLOSED:
            self.tally.down(self.name)
        else:
            self.tally.up(self.name)

    def break_all(self) -> None:
        """Its resource is away: what works in a slot fails; what hangs goes on hanging."""
        for place in self.tally.places(self.name):
            asker, try_ = self.askers[place.request_id]
            asker.broken(self, try_)

    def plan_wake(self) -> None:
        """Note when the arbiter wants its next tick."""
        self._is_touched = False
        wake = self.arbiter.next_wake()
        if wake is not None and wake < self._woken_at:
            self._woken_at = wake
            self.agenda.at(wake, self._wake, wake)

    def _wake(self, at: float) -> None:
        if at != self._woken_at:
            return
        self._woken_at = math.inf
        if not self.is_down:
            before = self.arbiter.breaker.state
            actions = self.arbiter.tick(self.agenda.now)
            self._note_breaker(before)
            self._carry_out(actions)

    def _settle(self, slot: int, *, failed: bool, answered: bool, spent: float | None = None) -> None:
        before = self.arbiter.breaker.state
        actions = self.arbiter.settled(
            slot, self.agenda.now, infrastructure_failed=failed, answered=answered, spent=spent
        )
        self._note_breaker(before)
        self._carry_out(actions)

    def _carry_out(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case Grant(request_id, slot):
                    self._grant(request_id, slot)
                case Refuse(request_id, refusal, _):
                    asker, try_ = self.askers.pop(request_id)
                    self.tally.count(f"refused_{refusal}")
                    self.journal.note("request_refused", f"front={self.name} request={request_id} why={refusal}")
                    asker.refused(self, f"{self.name}: {refusal}", try_)
                case Recall(request_id, slot):
                    self._recall(request_id, slot)
                case Revoke(request_id, slot):
                    self._revoke(request_id, slot)
        if not self._is_touched:
            self._is_touched = True
            self.agenda.touched.append(self)

    def _grant(self, request_id: str, slot: int) -> None:
        if request_id == PROBE:
            self.journal.note("probe_sent", f"front={self.name} slot={slot}")
            self.agenda.at(self.agenda.now + _PROBE_S, self._probed, slot, self.life)
            return
        self.journal.note("slot_granted", f"front={self.name} slot={slot} request={request_id}")
        place = Place(self, slot, self.life, request_id)
        self.tally.took(self.name, place, self.arbiter.running[slot].ticket, self.agenda.now)
        asker, try_ = self.askers[request_id]
        asker.granted(place, try_)

    def _recall(self, request_id: str, slot: int) -> None:
        self.tally.count("recalls")
        self.journal.note("errand_recalled", f"front={self.name} slot={slot} request={request_id}")
        place = Place(self, slot, self.life, request_id)
        self.agenda.at(self.agenda.now + RECALL_S, self._recalled, place)
        asker, _ = self.askers[request_id]
        self.askers[request_id] = (asker, asker.recalled(place))

    def _recalled(self, place: Place) -> None:
        # Its time may have been up before its page was closed, and its slot be another's by now.
        if place not in self.tally.places(self.name):
            return
        self._left(place)
        self._carry_out(
            self.arbiter.settled(place.slot, self.agenda.now, infrastructure_failed=False, answered=True, recalled=True)
        )

    def _revoke(self, request_id: str, slot: int) -> None:
        asker, try_ = self.askers.pop(request_id)
        self.tally.count("revocations")
        self.journal.note("slot_revoked", f"front={self.name} slot={slot} request={request_id}")
        self._left(Place(self, slot, self.life, request_id))
        asker.refused(self, f"{self.name}: revoked", try_)
        self.tell(self._replaced, slot, self.life)

    def _replaced(self, slot: int, life: int) -> None:
        if life == self.life:
            before = self.arbiter.breaker.state
            actions = self.arbiter.replaced(slot, self.agenda.now)
            self._note_breaker(before)
            self._carry_out(actions)

    def _probed(self, slot: int, life: int) -> None:
        if life == self.life:
            self.journal.note("probe_ended", f"front={self.name} ok={int(not self.outages)}")
            self._settle(slot, failed=self.outages > 0, answered=not self.outages)

    def _left(self, place: Place) -> None:
        self.tally.left(self.name, place, self.agenda.now)

    def _note_breaker(self, before: BreakerState) -> None:
        after = self.arbiter.breaker.state
        if after is not before:
            # For those who ask, a resource is away until the breaker has found that it is back.
            self.tell_whether_up()
            self.tally.count(f"breaker_{after}")
            self.journal.note(f"breaker_{after}", f"front={self.name}")
