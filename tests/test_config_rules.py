"""The rules of the configured platform are held against the configuration: every conflict is named with its source."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from actors.config import Config, PublishingSettings, load
from actors.config.checks import _PRACTISED, practice_of
from actors.domain.rules import PLATFORMS, Driver, Practice
from actors.errors import ConfigError

KEPT = "content_per_hour = 2\ncontent_per_day = 8\n"


def problems(directory: Path, text: str) -> list[str]:
    """Return what is wrong with a configuration whose ledger is safe, a line each."""
    path = directory / "config.toml"
    path.write_text(f"[data]\nvolume = true\n{text}")
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    return str(caught.value).split("\n  ")[1:]


def test_on_x_the_browser_the_missing_approval_and_each_cap_are_named_with_source_and_date(tmp_path: Path) -> None:
    caps = 'content_per_hour = 4\nspacing = "20m"\nreplies_per_hour = 0\n'
    _, *found = problems(tmp_path, f'[platform]\nname = "x"\n[publishing]\n{caps}')

    ours = "(this program's own limits for live platforms, README.md#responsible-automation, as of 2026-11-26)"
    guide = "(X Developer Guidelines, https://docs.x.com/developer-guidelines, as of 2026-08-22)"
    platform = 'platform.name = "x" (config.toml): '
    keys = ("publishing.content_per_hour = 4 (config.toml), publishing.content_per_day = 48 (default), "
            'publishing.spacing = "20m" (config.toml): ')
    assert found == [
        f"{platform}x may not be driven by a browser, only by its API {guide}",
        f"publishing.approval = false (default): on x nothing may be published that no person has approved {ours}",
        f"{keys}on x at most 2 posts in 1h are allowed, 3 are configured {ours}",
        f"{keys}on x at most 8 posts in 1d are allowed, 48 are configured {ours}",
    ]


@pytest.mark.parametrize("name", ["x", "bluesky", "mastodon"])
def test_a_platform_without_an_adapter_is_refused_even_if_its_caps_are_kept(tmp_path: Path, name: str) -> None:
    found = problems(tmp_path, f'[platform]\nname = "{name}"\n[publishing]\nreplies_per_hour = 0\n{KEPT}')

    assert ["no adapter" in found[0], "by a browser" in found[1], "approved" in found[2]] == [True] * 3
    assert len(found) == 3


def test_a_platform_whose_rules_are_not_known_is_refused_with_those_that_are(tmp_path: Path) -> None:
    found = problems(tmp_path, '[platform]\nname = "blusky"\n')
    assert found[1].endswith("the rules of this platform are not known; nearest known: bluesky")
    found = problems(tmp_path, '[platform]\nname = "qq"\n')
    assert found[1].endswith("the rules of this platform are not known; known: bluesky, mastodon, sandbox, x")


def test_a_conflict_about_a_value_that_could_not_be_read_is_not_reported(tmp_path: Path) -> None:
    found = problems(tmp_path, '[platform]\nname = "x"\n[publishing]\ncontent_per_hour = "many"\n')
    assert not any("posts in" in problem for problem in found)


def test_the_practice_is_what_is_configured() -> None:
    publishing = PublishingSettings(content_per_hour=3, content_per_day=9, replies_per_hour=2, approval=True)
    practice = practice_of(Config(publishing=publishing))
    assert (practice.content_per_hour, practice.content_per_day, practice.spacing) == (3, 9, publishing.spacing)
    assert (practice.driver, practice.approval, practice.replies_per_hour) == (Driver.BROWSER, True, 2)


def test_every_key_named_in_a_conflict_exists_and_stands_for_a_field_of_the_practice() -> None:
    names = {field.name for field in fields(Practice)}
    for name, key in _PRACTISED.items():
        section, _, own = key.partition(".")
        assert name in names
        assert hasattr(getattr(Config(), section), own)


def test_the_default_platform_has_rules_and_the_default_configuration_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    assert load(tmp_path / "config.toml", {}).platform.name in PLATFORMS
