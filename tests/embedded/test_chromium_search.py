"""Which Chromium is chosen: the order, on a file system made for the test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from actors.embedded import browser_setup, chromium
from actors.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

STARTS = "#!/bin/sh\nexec /bin/true\n"
LACKS_ITS_LIBRARIES = "#!/bin/sh\nexec /bin/false\n"
STAYS_IN_BETWEEN = '#!/bin/sh -e\n/usr/lib/chromium/chromium-headless-shell "$@"\n'


def program(path: Path, text: str = STARTS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


class Machine:
    """A file system with an environment."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.env = {"HOME": str(root / "home"), "PATH": str(root / "bin")}

    def with_download(self, text: str = STARTS) -> Path:
        """Add the very revision that the installed Playwright wants, where it looks for it."""
        folder = self.root / "home" / ".cache" / "ms-playwright" / f"chromium_headless_shell-{revision()}"
        path = program(folder / "chrome-headless-shell-linux64" / "chrome-headless-shell", text)
        (folder / "INSTALLATION_COMPLETE").touch()
        return path

    def with_debian(self) -> Path:
        return program(self.root / "usr" / "lib" / "chromium" / "chromium-headless-shell")

    def with_on_path(self, name: str, text: str = STARTS) -> Path:
        return program(self.root / "bin" / name, text)

    def find(self) -> chromium.Browser:
        return chromium.find(self.env, self.root)


def revision() -> str:
    import json
    from importlib.resources import files

    listed = json.loads((files("playwright") / "driver" / "package" / "browsers.json").read_text())["browsers"]
    return str(next(entry["revision"] for entry in listed if entry["name"] == "chromium-headless-shell"))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(chromium.sys, "platform", "linux")
    return Machine(tmp_path)


def test_the_order_is_operator_download_debian_path_application(machine: Machine) -> None:
    expected = [
        program(machine.root / "Applications" / "Chromium.app" / "Contents" / "MacOS" / "Chromium"),
        machine.with_on_path("google-chrome"),
        machine.with_on_path("chromium"),
        machine.with_debian(),
        machine.with_download(),
        program(machine.root / "mine" / "chrome"),
    ]
    machine.env["CHROMIUM_PATH"] = str(expected[-1])

    for path in reversed(expected):
        assert machine.find().path == path
        path.unlink()
        machine.env.pop("CHROMIUM_PATH", None)
    with pytest.raises(ConfigError):
        machine.find()


def test_an_unfinished_download_is_passed_over(machine: Machine) -> None:
    download = machine.with_download()
    (download.parent.parent / "INSTALLATION_COMPLETE").unlink()
    debian = machine.with_debian()

    assert machine.find() == chromium.Browser(debian, "Debian's headless shell")


def test_a_download_elsewhere_is_found_by_playwrights_own_variable(machine: Machine) -> None:
    download = machine.with_download()
    machine.env["PLAYWRIGHT_BROWSERS_PATH"] = str(download.parents[2])
    machine.env["HOME"] = "/nowhere"

    assert machine.find().path == download


def test_a_browser_that_does_not_start_is_passed_over_and_named_when_it_is_the_only_one(machine: Machine) -> None:
    broken = machine.with_download(LACKS_ITS_LIBRARIES)

    with pytest.raises(ConfigError, match=f"{broken} does not start"):
        machine.find()

    assert machine.with_debian() == machine.find().path


def test_a_script_that_runs_the_browser_as_its_child_is_never_used(machine: Machine) -> None:
    script = machine.with_on_path("chromium-headless-shell", STAYS_IN_BETWEEN)
    good = machine.with_on_path("chromium")

    assert machine.find().path == good

    machine.env["CHROMIUM_PATH"] = str(script)
    with pytest.raises(ConfigError, match="stays between us and the browser"):
        machine.find()


def test_k8_a_browser_is_asked_for_its_version_without_the_variables_that_we_have(machine: Machine) -> None:
    told = machine.root / "told"
    machine.env |= {"OPENAI_API_KEY": "sk-of-the-operator", "SOMETHING": "else"}
    machine.with_on_path("chromium", f"#!/bin/sh\n/usr/bin/env > {told}\nexec /bin/true\n")

    machine.find()

    variables = dict(line.split("=", 1) for line in told.read_text().splitlines())
    assert variables["HOME"] == machine.env["HOME"]
    assert {"OPENAI_API_KEY", "SOMETHING"} & variables.keys() == set()


def test_an_operators_choice_that_is_missing_is_refused_and_not_replaced(machine: Machine) -> None:
    machine.with_debian()
    machine.env["CHROMIUM_PATH"] = "/no/such/chrome"

    with pytest.raises(ConfigError, match="CHROMIUM_PATH names /no/such/chrome, which is no program"):
        machine.find()


def test_without_any_both_ways_to_install_are_named(machine: Machine) -> None:
    with pytest.raises(ConfigError, match=r"playwright install.*apt-get install chromium-headless-shell"):
        machine.find()


def test_installing_tries_one_way_after_the_other_and_says_which(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.env["PLAYWRIGHT_BROWSERS_PATH"] = str(machine.root)
    monkeypatch.setattr(browser_setup, "find", lambda env: chromium.find(env, machine.root))
    debian = machine.root / "usr" / "lib" / "chromium" / "chromium-headless-shell"
    make = f"mkdir -p {debian.parent} && printf '#!/bin/sh\\nexec /bin/true\\n' > {debian} && chmod +x {debian}"
    ways = [("first", ("/bin/false",), 5.0), ("second", ("/bin/sh", "-c", make), 5.0), ("third", ("/bin/false",), 5.0)]
    monkeypatch.setattr(browser_setup, "_ways", lambda: iter(ways))
    machine.env["PATH"] = "/bin:/usr/bin"
    monkeypatch.setattr(chromium, "NAMES_ON_PATH", ())
    said: list[str] = []

    browser = browser_setup.install(machine.env, said.append)

    assert browser.path == debian
    assert said == ["first", "second"]


def test_when_every_way_fails_the_commands_to_try_are_named(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_setup, "find", lambda env: chromium.find(env, machine.root))
    monkeypatch.setattr(browser_setup, "_ways", lambda: iter([("only", ("/bin/false",), 5.0)]))

    with pytest.raises(ConfigError, match=r"no Chromium could be installed.*playwright install"):
        browser_setup.install(machine.env, lambda _: None)


def test_a_machine_with_a_browser_needs_no_installing(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    debian = machine.with_debian()
    monkeypatch.setattr(browser_setup, "find", lambda env: chromium.find(env, machine.root))

    assert browser_setup.install(machine.env, pytest.fail).path == debian
