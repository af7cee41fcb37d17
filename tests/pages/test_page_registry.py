"""The registry of selectors and the scripts that use it."""

from __future__ import annotations

import pickle
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from actors.errors import DeadlineError
from actors.pages import script, selectors
from actors.pages.compose import PublishPost
from actors.pages.followers import ReadFollowers
from actors.pages.profile import ReadProfile
from actors.pages.reply import PublishReply, Target
from actors.pages.search import SearchPosts
from actors.pages.session import ProbeSession
from actors.pages.status import ReadPost
from actors.pages.timeline import ReadOwnTimeline

if TYPE_CHECKING:
    from playwright.async_api import Page

    from tests.pages.chromium import Chromium

_PAGES = Path(script.__file__).parent


def test_every_selector_is_valid_css(chromium: Chromium) -> None:
    async def refused(page: Page) -> list[str]:
        return await page.evaluate(
            "all => all.filter((css) => { try { document.querySelector(css); } catch { return true; } })",
            [option for selector in selectors.REGISTRY.values() for option in selector.options],
        )

    assert chromium.on_page(refused) == []


def test_every_selector_is_in_the_registry_under_its_own_name() -> None:
    defined = [value for value in vars(selectors).values() if isinstance(value, selectors.Selector)]
    assert {selector.name: selector for selector in defined} == selectors.REGISTRY
    assert len(defined) == len(selectors.REGISTRY)


def test_no_test_id_is_spelled_outside_of_the_registry() -> None:
    sources = [path for path in _PAGES.rglob("*") if path.suffix in (".py", ".js") and path.name != "selectors.py"]
    assert [path.name for path in sources if re.search(r"data-testid\W?=|tweetTextarea", path.read_text())] == []


@pytest.mark.parametrize(
    "errand",
    [
        PublishPost("text", "decision"),
        PublishReply("text", "decision", Target("1234567890123456789", "them", True, timedelta(hours=24))),
        ReadPost("1234567890123456789", "us"),
        ReadOwnTimeline("us", datetime(2026, 3, 1, tzinfo=UTC)),
        ProbeSession(),
        ReadProfile("us"),
        ReadFollowers("us"),
        SearchPosts("sleep", latest=True, account="us"),
    ],
)
def test_an_errand_is_a_value_within_the_hard_limit(errand: object) -> None:
    assert pickle.loads(pickle.dumps(errand)) == errand
    assert 0 < type(errand).expected_s < type(errand).deadline_s <= 90


def test_i2_every_script_is_one_expression_that_the_browser_takes(chromium: Chromium) -> None:
    names = [path.stem for path in (_PAGES / "scripts").glob("*.js")]

    async def kinds(page: Page) -> dict[str, str]:
        return {name: await page.evaluate(f"typeof ({script.load(name)}\n)") for name in names}

    expected = dict.fromkeys(names, "function") | {"reading": "object"}
    assert chromium.on_page(kinds) == expected


def test_a_page_that_spins_does_not_hold_a_script_for_ever(chromium: Chromium, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.pages.script._GRACE_S", 0.3)

    async def spin(page: Page) -> None:
        await page.evaluate("setTimeout(() => { for (;;); }, 0)")
        await script.run(page, "landmarks", {"selectors": {}, "phrases": [], "written": "p"})

    with pytest.raises(DeadlineError):
        chromium.on_page(spin)
