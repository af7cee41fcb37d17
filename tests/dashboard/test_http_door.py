"""The door: what is served, alerted and pinged is what the operator configured, and nothing by default."""

from __future__ import annotations

import io
import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from actors.config import Config, LogSettings, Secret, load
from actors.dashboard.alerts import Alerts
from actors.dashboard.door import Door
from actors.errors import ConfigError
from actors.health.tally import listening
from actors.log import setup
from tests.dashboard.conftest import NOON, TOKEN, code, get, said, talk, with_token
from tests.log_lines import text_of

if TYPE_CHECKING:
    from pathlib import Path

    from actors.dashboard.published import Published
    from tests.dashboard.conftest import Receiver


def configured(folder: Path, text: str = "", **environ: str) -> Config:
    (folder / "config.toml").write_text(text)
    return load(folder / "config.toml", environ)


@pytest.mark.parametrize(("text", "environ"), [("", {}), ("[http]\nenabled = false\n", {"PORT": "0"})])
def test_without_a_port_or_switched_off_nothing_is_served(tmp_path: Path, text: str, environ: dict[str, str]) -> None:
    before = set(threading.enumerate())
    with Door(configured(tmp_path, text, **environ)) as door:
        door.announce("boot-1")
        assert door._server is None
        # Those of earlier tests may end meanwhile.
        assert set(threading.enumerate()) <= before


def test_k7_it_is_asked_by_the_names_that_the_platform_and_the_operator_gave_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    environ = {"PORT": "0", "HTTP_TOKEN": TOKEN, "RAILWAY_PUBLIC_DOMAIN": "Engine.up.example"}
    with Door(configured(tmp_path, '[http]\nhosts = ["grafana.example"]\n', **environ)) as door:
        server = door._server
        assert server is not None
        hosts = ["engine.up.example", "grafana.example", "healthcheck.railway.app", "other.example"]
        assert [code(talk(server, get("/livez", host=host))) for host in hosts] == [200, 200, 200, 421]
        assert code(talk(server, with_token("/metrics"))) == 200
        door.announce("boot-1")
    assert [(line["action"], line["port"]) for line in said(caplog)] == [("http_ready", server.port)]
    assert TOKEN not in caplog.text


def test_k8_what_is_learnt_after_the_start_is_hidden_by_everything_that_leaves_the_process(
    tmp_path: Path, receiver: Receiver, published: Published, logging_as_before: None
) -> None:
    learnt, stream = "value-of-a-cookie", io.StringIO()
    environ = {"PORT": "0", "HTTP_TOKEN": TOKEN, "ALERT_WEBHOOK_URL": receiver.url.reveal()}
    with Door(configured(tmp_path, **environ)) as door, listening(lambda: NOON, door.redaction) as tally:
        setup(LogSettings(format="json"), stream, door.redaction)
        door.announce("boot-1")
        door.redaction.learn([learnt])
        assert published.view is not None
        door.published.view = replace(published.view, status={"text": f"it said {learnt}"})
        extra = {"action": "root_failed"}
        logging.getLogger("actors").error("it said %s", learnt, extra=extra, exc_info=ValueError(learnt))
        assert door._server is not None
        page = talk(door._server, with_token("/status"))
        alert = receiver.wait(1)[0][2]
        told = (page.decode(), alert.decode(), text_of(stream), str(tally.sightings()))
    for text in told:
        assert learnt not in text
        assert "***" in text


@pytest.mark.parametrize("url", [
    "http://localhost", "https://hooks.example.org/services/T0/B0/x?y=z&q=%C3%A9", "http://[::1]:65535/?key=abc",
    "http://10.0.0.1:8080/", "https://hc_ping.example.com./a@b",
])  # fmt: skip
def test_k5_a_url_that_can_be_asked_for_is_taken(tmp_path: Path, url: str) -> None:
    config = configured(tmp_path, ALERT_WEBHOOK_URL=url, PING_URL=url)
    assert config.alerts.webhook == config.alerts.ping == Secret(url)


def test_k5_alerts_and_pings_go_where_the_operator_wants_them(tmp_path: Path, receiver: Receiver) -> None:
    url = receiver.url.reveal()
    with Door(configured(tmp_path, ALERT_WEBHOOK_URL=url, PING_URL=url)) as door:
        door.announce("boot-1")
        logging.getLogger("actors").error("over", extra={"action": "root_failed"})
        assert receiver.wait(1)[0][0] == "POST"
    assert [each for each in logging.getLogger().handlers if isinstance(each, Alerts)] == []


@pytest.mark.parametrize(
    "environ",
    [
        {"PORT": "http"},
        {"PORT": "70000"},
        {"HTTP_TOKEN": "short"},
        {"HTTP_TOKEN": "ü" * 40},
        {"ALERT_WEBHOOK_URL": "ftp://x"},
        {"PING_URL": "https://user:pass@x/"},
        {"PING_URL": "http://127.0.0.1:65536/x"},
        {"PING_URL": "http://127.0.0.1:0/x"},
        {"ALERT_WEBHOOK_URL": "https://hooks.example.org/hé"},
        {"ALERT_WEBHOOK_URL": "http://a..b/x"},
        {"ALERT_WEBHOOK_URL": f"http://{'a' * 64}.example/x"},
    ],
)
def test_k7_what_could_not_be_meant_is_refused_without_showing_a_secret(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, **environ)
    (name, text), shown = next(iter(environ.items())), str(caught.value)
    assert name in shown
    assert name == "PORT" or text not in shown
