"""What an address promises when nobody will ever serve it again."""

from __future__ import annotations

import pytest

from actors.errors import ActorUnavailableError
from actors.runtime.address import Address
from tests.runtime.stage import WAIT
from tests.stage import Outcome, eventually


def test_whoever_still_waits_when_an_address_closes_hears_so_and_so_does_who_comes_later() -> None:
    address = Address("gone")
    asked = Outcome(lambda: address.ask("anybody there?", WAIT))
    eventually(lambda: len(address.mailbox), "the question lies there")
    address.close()
    with pytest.raises(ActorUnavailableError, match="gone has stopped"):
        asked.get()
    with pytest.raises(ActorUnavailableError, match="gone has stopped"):
        address.tell("too late")
