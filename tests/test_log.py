"""One line per record, which no text from outside can forge, and no secret survives."""

from __future__ import annotations

import gc
import io
import logging
import sys
import threading
import warnings
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.config import LogSettings, Secret
from actors.domain.escaping import Cleaner, escape
from actors.domain.governor import Kept
from actors.domain.priority import Priority
from actors.domain.redaction import Redaction, redact_shapes
from actors.errors import DeadlineError
from actors.log import LogWriter, finish, set_level, set_levels, setup
from tests.log_lines import lines_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger("actors.test_log")

pytestmark = pytest.mark.usefixtures("logging_as_before")


@pytest.fixture(autouse=True, scope="module")
def no_garbage_of_other_tests() -> None:
    """Have it found before: what it says at its end, caught by nobody, would be a line of the test that finds it."""
    gc.collect()


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def start(stream: io.StringIO | None = None, *secrets: str, **settings: Any) -> io.StringIO:
    """Set the log up on a stream that can be read back."""
    stream = stream or io.StringIO()
    redact = Redaction(part for each in secrets for part in Secret(each).parts())
    setup(LogSettings(**settings), stream, redact, boot="b00t")
    return stream


def test_a_record_is_one_json_line_with_its_action_and_ids() -> None:
    stream = start()
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    logger.info("run settled", extra={"action": "run_settled", "job": "posting", "took_ms": 12})
    (line,) = lines_of(stream)
    assert before <= datetime.fromisoformat(line.pop("time")) <= datetime.now(UTC)
    assert line == {
        "level": "info", "message": "run settled", "action": "run_settled", "job": "posting", "took_ms": 12,
        "boot": "b00t", "seq": 1,
    }


def test_levels_are_those_the_platform_knows() -> None:
    stream = start(level="debug")
    for write in (logger.debug, logger.info, logger.warning, logger.error, logger.critical):
        write("x")
    assert [line["level"] for line in lines_of(stream)] == ["debug", "info", "warn", "error", "error"]


def test_lines_are_numbered_so_that_a_gap_shows() -> None:
    stream = start()
    for _ in range(3):
        logger.info("x")
    assert [line["seq"] for line in lines_of(stream)] == [1, 2, 3]


def test_our_loggers_obey_the_level_and_libraries_speak_from_warnings_on() -> None:
    stream = start(level="info")
    logger.debug("hidden")
    logging.getLogger("httpx").info("hidden")
    logging.getLogger("httpx").warning("shown")
    logger.info("shown")
    assert [line["message"] for line in lines_of(stream)] == ["shown", "shown"]
    quiet = start(level="error")
    logging.getLogger("httpx").warning("hidden")
    assert lines_of(quiet) == []


def test_a_verbose_logger_is_heard_whatever_the_level() -> None:
    stream = start(level="error", verbose=("actors.test_log",))
    logger.debug("shown")
    assert [line["message"] for line in lines_of(stream)] == ["shown"]


def test_f10_a_pool_s_warning_at_every_attempt_is_not_written_unless_it_is_asked_for() -> None:
    pool, stream = logging.getLogger("psycopg.pool"), start()
    pool.warning("error connecting")
    pool.error("it is broken")
    assert [line["message"] for line in lines_of(stream)] == ["it is broken"]

    stream = start(verbose=("psycopg.pool",))
    pool.warning("error connecting")
    assert [line["message"] for line in lines_of(stream)] == ["error connecting"]


def say_everything() -> list[str]:
    """Log a line of each kind, and return the sentences of those that no level silences."""
    spoken = {
        "actors.runtime.board": {"action": "heartbeat", "state": {}},
        "actors.runtime.family": {"action": "run_done", "job": "posting"},
        "actors.ledger.receipt": {"action": "posted"},
        "actors.control.operator": {"action": "control_answer"},
        "actors.control.keeping": {"action": "audit_written"},
        "actors.supervisor": {"action": "stopped"},
    }
    for name, extra in spoken.items():
        logging.getLogger(name).info(extra["action"], extra=extra)
    logger.warning("a warning")
    logging.getLogger("actors.runtime.family").warning("another", extra={"action": "run_failed", "job": "learn"})
    for name in ("actors.ledger.receipt", "actors.control.operator"):
        logging.getLogger(name).debug("a detail")
    return [str(extra["action"]) for extra in spoken.values()]


@pytest.mark.parametrize("how", ["at the start", "of all", "of each"])
def test_k6_no_level_silences_the_state_p0_an_answer_the_audits_end_or_the_end_of_the_process(how: str) -> None:
    stream, kept = io.StringIO(), Kept(frozenset({"posting"}), frozenset({"actors.ledger"}))
    setup(LogSettings(level="error" if how == "at the start" else "info"), stream, boot="b00t", kept=kept)
    if how == "of all":
        set_levels(LogSettings(level="error"))
    elif how == "of each":
        for name in ("actors", "actors.runtime.board", "actors.runtime.family", "actors.ledger", "actors.control"):
            set_level(name, "error")

    expected = say_everything()
    assert [line["message"] for line in lines_of(stream)] == expected


def test_a_second_setup_replaces_the_first() -> None:
    first, second = start(), start()
    logger.info("x")
    assert (len(lines_of(first)), len(lines_of(second))) == (0, 1)


HOSTILE = [
    'x\n{"level":"info","message":"heartbeat","action":"heartbeat"}',
    "x\r\u2028\u2029\x85\x0b\x0cy",
    "\x1b[2J\x1b]0;title\x07\x9b31m",
    "\u202egnp.exe\u2066\u200b\u200d\ufeff\u061c",
    "\ud800 lone \udfff",
    "\x00\x08\x7f",
]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
@pytest.mark.parametrize("form", ["json", "pretty"])
def test_a_text_from_outside_cannot_forge_a_line_or_steer_a_terminal(form: str, text: str) -> None:
    stream = start(format=form)
    try:
        raise ValueError(text)
    except ValueError:
        logger.exception(
            "read %s", text, extra={"action": text, "id": text, text: 1, "data": {text: [text, {"deep": text}]}}
        )
    written = text_of(stream)
    assert len(written.splitlines()) == 1
    assert written.endswith("\n")
    assert written[:-1].isprintable()
    if form == "json":
        (line,) = lines_of(stream)
        assert line["level"] == "error"
        assert written.isascii()
        # Not even a reader that decodes the JSON prints a raw control.
        assert all(part.isprintable() for part in _texts(line))


def test_an_extra_field_cannot_take_the_place_of_a_fixed_one() -> None:
    stream = start()
    logger.info("x", extra={"action": "a", "time": "never", "level": "error", "boot": "other", "seq": 0})
    (line,) = lines_of(stream)
    assert (line["level"], line["boot"], line["seq"]) == ("info", "b00t", 1)
    assert line["extra_time"] == "never"


def test_a_value_with_spaces_cannot_look_like_a_field_on_a_terminal() -> None:
    stream = start(format="pretty")
    logger.info("x", extra={"action": "a", "handle": "me job=posting"})
    assert 'handle="me job=posting"' in text_of(stream)


def test_k8_a_known_secret_is_blacked_out_wherever_it_appears() -> None:
    url = "postgresql://growth:correct-horse@db.internal/app"
    stream = start(None, url, "kontrolle-1234567")
    try:
        raise ValueError("cannot connect with correct-horse")
    except ValueError:
        logger.exception("using %s", url, extra={"action": "kontrolle-1234567", "data": [{"correct-horse": url}]})
    written = text_of(stream)
    assert "correct-horse" not in written
    assert "kontrolle" not in written
    assert "ValueError: cannot connect with ***" in written


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:pa55word@h:6379/0", "redis://:***@h:6379/0"),
        ("to postgresql+psycopg://u:p%40w@h/d now", "to postgresql+psycopg://u:***@h/d now"),
        ("key sk-proj-abcDEF_123456", "key sk-***"),
        ("Authorization: Bearer eyJhbGciOi.abc-123", "Authorization: Bearer ***"),
        ("{'password': 'hunter22', 'x': 1}", "{'password': '***', 'x': 1}"),
        ("api_key=abcdef&x=1", "api_key=***&x=1"),
        ("https://x.com/a:b task-list risk-averse", "https://x.com/a:b task-list risk-averse"),
        ("DB_PASSWORD=hunter22 PGPASSWORD=hunter22", "DB_PASSWORD=*** PGPASSWORD=***"),
        ("client_secret=abcdefgh&CONTROL_KEY=abcdefgh", "client_secret=***&CONTROL_KEY=***"),
        (r'{\"password\": \"correct horse\", \"a\": 1}', r'{\"password\": \"***\", \"a\": 1}'),
        ("'password': b'hunter22'", "'password': b'***'"),
        ('"api_key": "a\\"b c", "x": 1', '"api_key": "***", "x": 1'),
        ("refresh_token: 'abc def' token=abcd ct0=abcd", "refresh_token: '***' token=*** ct0=***"),
        ("Set-Cookie: sid=abc; Path=/", "Set-Cookie: ***"),
        ("Authorization: Token abcdefgh", "Authorization: Token ***"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def_gh", "***"),
        ("by ghp_0123456789abcdefABCDEF0123456789abcd", "by ***"),
        ("AKIAIOSFODNN7EXAMPLE", "***"),
        ("redis://:p@ssw0rd@host:6379/0", "redis://:***@host:6379/0"),
        ("-----BEGIN PRIVATE KEY-----\nMII\n-----END", "-----BEGIN PRIVATE KEY-----***-----END"),
        ("key: breaker.open_min, total_tokens=4096, primary_key=12345, cookies: 12, author: somebody",
         "key: breaker.open_min, total_tokens=4096, primary_key=12345, cookies: 12, author: somebody"),
        ("http://host:80/a@b and http://host:80 or a@b", "http://host:80/a@b and http://host:80 or a@b"),
    ],
)
def test_k8_what_is_shaped_like_a_secret_is_blacked_out(text: str, shown: str) -> None:
    assert redact_shapes(text) == shown


def test_k8_a_text_under_a_name_that_promises_a_secret_is_blacked_out() -> None:
    stream = start()
    data = {
        "api_key": ["plain"], "tokens": 3, "password": b"plain", "clientSecret": {"a": "plain"}, "PIN_PASSWORD": 123456,
        "session": [{"name": "auth_token", "value": "plain"}, {"name": "lang", "value": "en"}], "token": None,
    }  # fmt: skip
    logger.info("x", extra={"action": "a", "data": data, "cookies": [{"name": "id", "value": "plain"}]})
    logger.info("x", extra={"action": "a", "cookies": 2})
    line, counted = lines_of(stream)
    assert line["data"] == {
        "api_key": "***", "tokens": 3, "password": "***", "clientSecret": "***", "PIN_PASSWORD": "***",
        "session": [{"name": "auth_token", "value": "***"}, {"name": "lang", "value": "en"}], "token": None,
    }  # fmt: skip
    assert (line["cookies"], counted["cookies"]) == ("***", 2)


def test_k8_a_secret_across_the_cut_of_a_long_text_is_not_half_shown() -> None:
    text = Cleaner(Redaction(["s3cret-s3cret"])).text("x" * 1995 + "s3cret-s3cret" + "y" * 5000)
    assert "s3c" not in text
    assert text.endswith("... (7008 characters)")


@pytest.mark.parametrize("secret", ["s3cret-s3cret!", "".join(f"{number:x}" for number in range(4000))], ids=len)
def test_k8_a_secret_that_the_cut_of_what_is_read_goes_through_is_not_half_shown(secret: str) -> None:
    redaction = Redaction([secret])
    for before in range(0, 40, 7):
        text = Cleaner(redaction).text("x" * before + f"{secret} " * (1 + 40_000 // len(secret)))
        assert set(text.partition("... (")[0]) <= set("x* ")


def test_k8_what_is_not_a_secret_is_shown_up_to_the_cut() -> None:
    assert Cleaner(redact_shapes).text("word " * 10_000) == f"{'word ' * 400}... (50000 characters)"


def test_an_error_is_told_in_one_line_with_its_cause_and_its_frames() -> None:
    stream = start()

    def inner() -> None:
        try:
            raise TimeoutError("late")
        except TimeoutError as error:
            raise DeadlineError("the errand\nwas cut", hint="wait") from error

    try:
        inner()
    except DeadlineError:
        logger.exception("errand failed", extra={"action": "errand_failed"})
    (line,) = lines_of(stream)
    assert line["error"] == "DeadlineError: the errand\\nwas cut (wait) <- TimeoutError: late"
    assert line["traceback"][-1].endswith(".inner")
    assert all("test_log.py:" in frame for frame in line["traceback"])


def test_an_endless_recursion_gives_a_bounded_line() -> None:
    stream = start()

    def fall() -> None:
        fall()

    try:
        fall()
    except RecursionError:
        logger.exception("x")
    (line,) = lines_of(stream)
    assert len(line["traceback"]) == 30


class _Broken:
    def __str__(self) -> str:
        raise RuntimeError("no")


class _Colour(Enum):
    RED = 1


def test_every_kind_of_value_becomes_valid_json() -> None:
    stream = start()
    values = {
        "float": float("nan"), "priority": Priority.P0, "colour": _Colour.RED, "took": timedelta(seconds=1.5),
        "at": datetime(2025, 1, 2, 3, tzinfo=UTC), "raw": b"\x00", "secret": Secret("x"), "broken": _Broken(),
        "error": ValueError("v"), "deep": [[[[[[["too deep"]]]]]]], "none": None, "yes": True, "set": {1},
    }
    logger.info("x", extra={"action": "a", "data": values})
    (line,) = lines_of(stream)
    data = line["data"]
    assert data.pop("broken") == "<_Broken that cannot be shown: RuntimeError>"
    assert isinstance(data.pop("deep"), list)
    assert data == {
        "float": "nan", "priority": "P0", "colour": "RED", "took": 1.5, "at": "2025-01-02T03:00:00.000Z",
        "raw": "b'\\x00'", "secret": "***", "error": "ValueError: v", "none": None,
        "yes": True, "set": [1],
    }


def test_a_huge_value_gives_a_bounded_line() -> None:
    stream = start()
    logger.info("x", extra={"action": "a", "data": {"text": "y" * 1_000_000, "list": list(range(10_000))}})
    (line,) = lines_of(stream)
    assert len(line["data"]["text"]) < 2100
    assert line["data"]["list"][-1] == "..."
    assert len(line["data"]["list"]) == 201


def test_arguments_that_do_not_fit_the_sentence_do_not_reach_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = start()
    root = logging.getLogger()
    # pytest's own handlers raise here, to point at the fault.
    monkeypatch.setattr(root, "handlers", [each for each in root.handlers if isinstance(each, LogWriter)])
    sentence = "%s and %d"
    logger.info(sentence, "a")
    logger.info("%s", _Broken())
    first, second = lines_of(stream)
    assert first["message"] == "%s and %d (its arguments do not fit: TypeError)"
    assert second["message"] == "%s (its arguments do not fit: RuntimeError)"


def test_a_stream_that_fails_does_not_reach_the_caller_and_what_is_lost_is_counted() -> None:
    class Fickle(io.StringIO):
        is_full = True

        def write(self, text: str) -> int:
            if self.is_full:
                raise OSError(28, "No space left on device")
            return super().write(text)

    stream = Fickle()
    start(stream)
    logger.info("lost")
    logger.info("lost")
    finish(10.0)
    stream.is_full = False
    logger.info("written")
    logger.info("written")
    first, second = lines_of(stream)
    assert (first["lost"], first["seq"]) == (2, 3)
    assert "lost" not in second


def test_a_terminal_that_knows_only_ascii_is_served() -> None:
    raw = io.BytesIO()
    setup(LogSettings(format="pretty"), io.TextIOWrapper(raw, encoding="ascii"), boot="b")
    logger.info("posted %s", "caf\xe9")
    finish(10.0)
    assert b"posted caf\\xe9 " in raw.getvalue()


def test_lines_of_many_threads_do_not_mix() -> None:
    stream = start()
    ready = threading.Barrier(4)

    def write(name: str) -> None:
        ready.wait(timeout=10)
        for number in range(30):
            logger.info("x", extra={"action": "a", "who": name, "number": number})

    threads = [threading.Thread(target=write, args=(str(index),)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    written = lines_of(stream)
    assert [line["seq"] for line in written] == list(range(1, 121))
    for index in range(4):
        assert [line["number"] for line in written if line["who"] == str(index)] == list(range(30))


def test_the_format_follows_the_stream() -> None:
    piped, screen = start(), start(Screen())
    logger.info("x", extra={"action": "a"})
    assert lines_of(piped) == []
    assert "\x1b[" in text_of(screen)
    forced = start(Screen(), format="json")
    logger.info("x", extra={"action": "a"})
    assert lines_of(forced)[0]["message"] == "x"


def test_a_person_sees_aligned_colours_and_the_ids_dimmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = start(Screen())
    logger.warning("breaker opened", extra={"action": "breaker_opened", "resource": "browser"})
    written = text_of(screen)
    assert "\x1b[33mwarn \x1b[0m" in written
    assert "\x1b[36mbreaker_opened      \x1b[0m" in written
    assert "\x1b[2mresource=browser\x1b[0m" in written
    assert "b00t" not in written


def test_no_colour_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    screen = start(Screen())
    logger.warning("breaker opened", extra={"action": "breaker_opened"})
    assert "\x1b" not in text_of(screen)


def test_python_s_warnings_are_lines_too() -> None:
    stream = start()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning("two\nlines", UserWarning, "f.py", 3)
    (line,) = lines_of(stream)
    assert (line["level"], line["logger"]) == ("warn", "py.warnings")
    assert "two\\nlines" in line["message"]


def test_an_error_nobody_caught_in_a_thread_is_a_line() -> None:
    stream = start()
    thread = threading.Thread(target=lambda: 1 / 0, name="slot-1")
    thread.start()
    thread.join(timeout=10)
    (line,) = lines_of(stream)
    assert (line["action"], line["thread_name"]) == ("error_uncaught", "slot-1")
    assert line["error"].startswith("ZeroDivisionError")


def test_an_error_nobody_caught_in_the_main_thread_is_a_line_and_an_interrupt_is_not() -> None:
    stream = start()
    for error in (ValueError("v"), KeyboardInterrupt()):
        sys.excepthook(type(error), error, None)
    (line,) = lines_of(stream)
    assert line["error"] == "ValueError: v"


@given(st.text())
def test_an_escaped_text_is_printable_and_a_printable_one_is_left_alone(text: str) -> None:
    assert escape(text).isprintable()
    assert not text.isprintable() or escape(text) == text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
