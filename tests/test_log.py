"""One line per record, which no text from outside can forge, and no secret survives."""

from __future__ import annotations

import io
import json
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
from actors.domain.priority import Priority
from actors.domain.redaction import Redaction, redact_shapes
from actors.errors import DeadlineError
from actors.log import LogWriter, setup

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger("actors.test_log")

NAMES = ("", "actors", "supervisor", "__main__", "httpx", "py.warnings")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Give logging, warnings and the hooks back as they were."""
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    levels = {name: logging.getLogger(name).level for name in NAMES}
    yield
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    logging.captureWarnings(False)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    root = logging.getLogger()
    root.handlers = [each for each in root.handlers if not isinstance(each, LogWriter)]


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def start(stream: io.StringIO | None = None, *secrets: str, **settings: Any) -> io.StringIO:
    """Set the log up on a stream that can be read back."""
    stream = stream or io.StringIO()
    setup(LogSettings(**settings), stream, [Secret(each) for each in secrets], boot="b00t")
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Read back what was written as JSON."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_record_is_one_json_line_with_its_action_and_ids() -> None:
    stream = start()
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    logger.info("run settled", extra={"action": "run_settled", "job": "posting", "took_ms": 12})
    (line,) = lines(stream)
    assert before <= datetime.fromisoformat(line.pop("time")) <= datetime.now(UTC)
    assert line == {
        "level": "info", "message": "run settled", "action": "run_settled", "job": "posting", "took_ms": 12,
        "boot": "b00t", "seq": 1,
    }


def test_levels_are_those_the_platform_knows() -> None:
    stream = start(level="debug")
    for write in (logger.debug, logger.info, logger.warning, logger.error, logger.critical):
        write("x")
    assert [line["level"] for line in lines(stream)] == ["debug", "info", "warn", "error", "error"]


def test_lines_are_numbered_so_that_a_gap_shows() -> None:
    stream = start()
    for _ in range(3):
        logger.info("x")
    assert [line["seq"] for line in lines(stream)] == [1, 2, 3]


def test_our_loggers_obey_the_level_and_libraries_speak_from_warnings_on() -> None:
    stream = start(level="info")
    logger.debug("hidden")
    logging.getLogger("httpx").info("hidden")
    logging.getLogger("httpx").warning("shown")
    logger.info("shown")
    assert [line["message"] for line in lines(stream)] == ["shown", "shown"]
    quiet = start(level="error")
    logging.getLogger("httpx").warning("hidden")
    assert lines(quiet) == []


def test_a_verbose_logger_is_heard_whatever_the_level() -> None:
    stream = start(level="error", verbose=("actors.test_log",))
    logger.debug("shown")
    assert [line["message"] for line in lines(stream)] == ["shown"]
    logger.setLevel(logging.NOTSET)


def test_f10_a_pool_s_warning_at_every_attempt_is_not_written_unless_it_is_asked_for() -> None:
    pool, stream = logging.getLogger("psycopg.pool"), start()
    pool.warning("error connecting")
    pool.error("it is broken")
    assert [line["message"] for line in lines(stream)] == ["it is broken"]

    stream = start(verbose=("psycopg.pool",))
    pool.warning("error connecting")
    assert [line["message"] for line in lines(stream)] == ["error connecting"]
    pool.setLevel(logging.NOTSET)


def test_a_second_setup_replaces_the_first() -> None:
    first, second = start(), start()
    logger.info("x")
    assert (len(lines(first)), len(lines(second))) == (0, 1)


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
    written = stream.getvalue()
    assert len(written.splitlines()) == 1
    assert written.endswith("\n")
    assert written[:-1].isprintable()
    if form == "json":
        (line,) = lines(stream)
        assert line["level"] == "error"
        assert written.isascii()
        # Not even a reader that decodes the JSON prints a raw control.
        assert all(part.isprintable() for part in _texts(line))


def test_an_extra_field_cannot_take_the_place_of_a_fixed_one() -> None:
    stream = start()
    logger.info("x", extra={"action": "a", "time": "never", "level": "error", "boot": "other", "seq": 0})
    (line,) = lines(stream)
    assert (line["level"], line["boot"], line["seq"]) == ("info", "b00t", 1)
    assert line["extra_time"] == "never"


def test_a_value_with_spaces_cannot_look_like_a_field_on_a_terminal() -> None:
    stream = start(format="pretty")
    logger.info("x", extra={"action": "a", "handle": "me job=posting"})
    assert 'handle="me job=posting"' in stream.getvalue()


def test_k8_a_known_secret_is_blacked_out_wherever_it_appears() -> None:
    url = "postgresql://growth:correct-horse@db.internal/app"
    stream = start(None, url, "kontrolle-1234567")
    try:
        raise ValueError("cannot connect with correct-horse")
    except ValueError:
        logger.exception("using %s", url, extra={"action": "kontrolle-1234567", "data": [{"correct-horse": url}]})
    written = stream.getvalue()
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
    ],
)
def test_k8_what_is_shaped_like_a_secret_is_blacked_out(text: str, shown: str) -> None:
    assert redact_shapes(text) == shown


def test_k8_a_text_under_a_name_that_promises_a_secret_is_blacked_out() -> None:
    stream = start()
    logger.info("x", extra={"action": "a", "data": {"api_key": "plain", "tokens": 3, "password": "plain"}})
    (line,) = lines(stream)
    assert line["data"] == {"api_key": "***", "tokens": 3, "password": "***"}


def test_k8_a_secret_across_the_cut_of_a_long_text_is_not_half_shown() -> None:
    text = Cleaner(Redaction(["s3cret-s3cret"])).text("x" * 1995 + "s3cret-s3cret" + "y" * 5000)
    assert "s3c" not in text
    assert text.endswith("... (7008 characters)")


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
    (line,) = lines(stream)
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
    (line,) = lines(stream)
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
    (line,) = lines(stream)
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
    (line,) = lines(stream)
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
    first, second = lines(stream)
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
    stream.is_full = False
    logger.info("written")
    logger.info("written")
    first, second = lines(stream)
    assert (first["lost"], first["seq"]) == (2, 3)
    assert "lost" not in second


def test_a_terminal_that_knows_only_ascii_is_served() -> None:
    raw = io.BytesIO()
    setup(LogSettings(format="pretty"), io.TextIOWrapper(raw, encoding="ascii"), boot="b")
    logger.info("posted %s", "caf\xe9")
    assert b"posted caf\\xe9 " in raw.getvalue()


def test_lines_of_many_threads_do_not_mix() -> None:
    stream = start()
    ready = threading.Barrier(4)

    def write(name: str) -> None:
        ready.wait(timeout=10)
        for number in range(50):
            logger.info("x", extra={"action": "a", "who": name, "number": number})

    threads = [threading.Thread(target=write, args=(str(index),)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    written = lines(stream)
    assert [line["seq"] for line in written] == list(range(1, 201))
    for index in range(4):
        assert [line["number"] for line in written if line["who"] == str(index)] == list(range(50))


def test_the_format_follows_the_stream() -> None:
    piped, screen = start(), start(Screen())
    logger.info("x", extra={"action": "a"})
    assert lines(piped) == []
    assert "\x1b[" in screen.getvalue()
    forced = start(Screen(), format="json")
    logger.info("x", extra={"action": "a"})
    assert lines(forced)[0]["message"] == "x"


def test_a_person_sees_aligned_colours_and_the_ids_dimmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = start(Screen())
    logger.warning("breaker opened", extra={"action": "breaker_opened", "resource": "browser"})
    written = screen.getvalue()
    assert "\x1b[33mwarn \x1b[0m" in written
    assert "\x1b[36mbreaker_opened      \x1b[0m" in written
    assert "\x1b[2mresource=browser\x1b[0m" in written
    assert "b00t" not in written


def test_no_colour_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    screen = start(Screen())
    logger.warning("breaker opened", extra={"action": "breaker_opened"})
    assert "\x1b" not in screen.getvalue()


def test_python_s_warnings_are_lines_too() -> None:
    stream = start()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning("two\nlines", UserWarning, "f.py", 3)
    (line,) = lines(stream)
    assert (line["level"], line["logger"]) == ("warn", "py.warnings")
    assert "two\\nlines" in line["message"]


def test_an_error_nobody_caught_in_a_thread_is_a_line() -> None:
    stream = start()
    thread = threading.Thread(target=lambda: 1 / 0, name="slot-1")
    thread.start()
    thread.join(timeout=10)
    (line,) = lines(stream)
    assert (line["action"], line["thread_name"]) == ("error_uncaught", "slot-1")
    assert line["error"].startswith("ZeroDivisionError")


def test_an_error_nobody_caught_in_the_main_thread_is_a_line_and_an_interrupt_is_not() -> None:
    stream = start()
    for error in (ValueError("v"), KeyboardInterrupt()):
        sys.excepthook(type(error), error, None)
    (line,) = lines(stream)
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
