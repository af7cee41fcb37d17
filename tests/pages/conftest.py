"""Real Chromium for the whole run, a fresh fixture site and desk for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pages.chromium import Chromium, FakeDesk
from tests.pages.fixture_site import FixtureSite

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    browser = Chromium()
    yield browser
    browser.close()


@pytest.fixture
def site() -> Iterator[FixtureSite]:
    fixture = FixtureSite()
    yield fixture
    fixture.close()


@pytest.fixture
def desk(site: FixtureSite) -> FakeDesk:
    return FakeDesk(site.url)
