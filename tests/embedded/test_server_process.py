"""One server per folder, whatever happens to its launchers: real processes, killed for real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from actors.embedded import process as process_module
from actors.embedded.deadline import Deadline
from actors.embedded.process import Endpoint, Launch, ServerProcess
from actors.errors import DeadlineError, ResourceDiedError

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVE = "import signal; print('up', flush=True); signal.pause()"
LAUNCH_AND_DIE = """
import os, signal, sys
from pathlib import Path
from actors.embedded.process import Launch, ServerProcess
command = (sys.executable, "-c", sys.argv[2])
ServerProcess("toy", Path(sys.argv[1])).ensure(lambda _: Launch(command, "toy://"), lambda _: True, 20)
os.kill(os.getpid(), signal.SIGKILL)
"""


def toy(code: str = SERVE) -> Launch:
    return Launch((sys.executable, "-c", code), "toy://here")


def ensure(server: ServerProcess, code: str = SERVE, timeout: float = 20) -> Endpoint:
    return server.ensure(lambda _: toy(code), lambda _: "up" in server.log_path.read_text(), timeout)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "toy"
    ServerProcess("toy", tmp_path / "toy").stop(5)


def test_a_second_launcher_finds_the_running_server(folder: Path) -> None:
    first = ensure(ServerProcess("toy", folder))

    second = ensure(ServerProcess("toy", folder))

    assert not first.was_running
    assert second == Endpoint("toy://here", first.pid, was_running=True)


def test_launchers_at_the_same_instant_start_one_server(folder: Path) -> None:
    barrier = threading.Barrier(5)
    found: list[Endpoint] = []

    def launch() -> None:
        barrier.wait(10)
        found.append(ensure(ServerProcess("toy", folder)))

    threads = [threading.Thread(target=launch) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len({endpoint.pid for endpoint in found}) == 1
    assert sorted(endpoint.was_running for endpoint in found) == [False, True, True, True, True]


def test_a_server_outlives_its_killed_launcher_and_is_found_again(folder: Path) -> None:
    done = subprocess.run((sys.executable, "-c", LAUNCH_AND_DIE, str(folder), SERVE), check=False, timeout=30)
    assert done.returncode == -signal.SIGKILL

    found = ensure(ServerProcess("toy", folder))

    assert found.was_running
    assert psutil.pid_exists(found.pid)


def test_a_killed_server_is_dead_even_as_an_unreaped_zombie(folder: Path) -> None:
    launcher = ServerProcess("toy", folder)
    pid = ensure(launcher).pid
    bystander = ServerProcess("toy", folder)
    os.kill(pid, signal.SIGKILL)
    assert Deadline(10).wait_until(lambda: psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)

    assert not bystander.is_alive()
    assert ensure(bystander).pid != pid
    assert launcher.is_alive(), "the launcher of the dead one sees the new one"


def test_a_pid_that_now_belongs_to_somebody_else_is_no_server(folder: Path) -> None:
    server = ServerProcess("toy", folder)
    folder.mkdir()
    (folder / "server.lock").write_text(f"toy://there\n{os.getpid()}\n")

    assert not server.is_alive()
    assert not ensure(server).was_running


def test_leftovers_of_a_killed_server_are_gone_before_the_next_starts(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "LEFTOVER_SECONDS", 0.1)
    forking = f"import os\nif os.fork(): print(os.getpid())\n{SERVE}"
    server = ServerProcess("toy", folder)
    first = ensure(server, forking)
    assert Deadline(10).wait_until(lambda: bool(psutil.Process(first.pid).children()))
    (orphan,) = psutil.Process(first.pid).children()
    os.kill(first.pid, signal.SIGKILL)
    assert Deadline(10).wait_until(lambda: not server.is_alive())

    second = ensure(server)

    assert not second.was_running
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE


def test_the_launch_learns_the_last_url(folder: Path) -> None:
    server = ServerProcess("toy", folder)
    ensure(server)
    server.stop(5)
    last: list[str | None] = []

    def launch(url: str | None) -> Launch:
        last.append(url)
        return toy()

    server.ensure(launch, lambda _: True, 20)

    assert last == ["toy://here"]


def test_a_server_says_itself_where_it_listens(folder: Path) -> None:
    announce = f"from actors.embedded.lock import announce_url; announce_url(0, 'toy://elsewhere')\n{SERVE}"
    server = ServerProcess("toy", folder)
    launch = Launch(
        (sys.executable, "-c", announce), "toy://a.longer.address", environment={"PYTHONPATH": str(Path.cwd())}
    )

    endpoint = server.ensure(lambda _: launch, lambda url: url == "toy://elsewhere", 20)

    assert endpoint == Endpoint("toy://elsewhere", server.pid() or 0, was_running=False)
    assert server.running_url() == "toy://elsewhere"
    assert (folder / "server.lock").read_text() == f"toy://elsewhere\n{endpoint.pid}\n"


def test_a_server_that_ends_while_starting_is_reported_with_its_last_word(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ResourceDiedError, match=r"toy ended while it was starting \(see .*server.log\)"):
        ServerProcess("toy", folder).ensure(lambda _: toy("raise SystemExit('no disk')"), lambda _: False, 20)

    (record,) = [record for record in caplog.records if getattr(record, "action", "") == "server_start_failed"]
    assert vars(record)["last_line"] == "no disk"


def test_a_launch_that_raises_leaves_the_folder_free(folder: Path) -> None:
    server = ServerProcess("toy", folder)

    def refuse(_: str | None) -> Launch:
        raise ResourceDiedError("initdb failed")

    with pytest.raises(ResourceDiedError, match="initdb failed"):
        server.ensure(refuse, lambda _: True, 20)

    assert not ensure(server).was_running


def test_a_server_that_never_answers_is_a_deadline_error_and_can_be_stopped(folder: Path) -> None:
    server = ServerProcess("toy", folder)

    with pytest.raises(DeadlineError, match="did not answer"):
        server.ensure(lambda _: toy(), lambda _: False, 0.2)

    assert server.is_alive()
    server.stop(5)
    assert not server.is_alive()


def test_a_server_deaf_to_its_stop_signal_is_killed(folder: Path) -> None:
    server = ServerProcess("toy", folder)
    pid = ensure(server, f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SERVE}").pid

    server.stop(0.2)

    assert not psutil.pid_exists(pid)


def test_stopping_what_does_not_run_is_no_error(folder: Path) -> None:
    ServerProcess("toy", folder).stop(5)


def test_a_server_gets_none_of_our_variables(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    server = ServerProcess("toy", folder)

    pid = ensure(server).pid

    assert set(psutil.Process(pid).environ()) - {"PWD", "SHLVL", "_", "OLDPWD"} == {"PATH", "LANG", "LC_ALL", "TZ"}


def test_a_server_is_out_of_reach_of_the_terminals_ctrl_c(folder: Path) -> None:
    pid = ensure(ServerProcess("toy", folder)).pid

    assert os.getsid(pid) == pid
    assert os.getpgid(pid) == pid


def test_a_long_log_is_set_aside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_module, "LOG_LIMIT_BYTES", 1)
    server = ServerProcess("toy", folder)
    server.ensure(lambda _: toy(), lambda _: "up" in server.log_path.read_text(), 20)

    server.ensure(lambda _: toy(), lambda _: True, 20)

    assert server.log_path.read_text() == ""
    assert (folder / "server.log.1").read_text() == "up\n"
