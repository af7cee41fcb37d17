"""Rules about what this program can do on the site at all."""

from __future__ import annotations

import ast
import re

from tests.test_house_rules import ROOT, SOURCES, calls_in, name_of, tree_of

OURS = [path for path in SOURCES if not name_of(path).startswith("actors/sandbox/")]
PAGES = [path for path in OURS if name_of(path).startswith("actors/pages/")]
SCRIPTS = sorted((ROOT / "actors/pages/scripts").glob("*.js"))
TOUCHES = {"click", "dblclick", "tap", "check", "press", "fill", "type", "dispatch_event", "select_option", "drag_to"}
TAKES_BACK = re.compile(r"delet|unlike|unfollow|unretweet|unrepost|undo|caret|sheetconfirm|trash", re.IGNORECASE)


def test_b17_nothing_on_the_site_is_touched_but_what_writes_and_the_refusal_of_cookies() -> None:
    touched = {
        f"{name_of(path)}: {name}({', '.join(ast.unparse(each) for each in call.args)})"
        for path in OURS
        for name, call in calls_in(path)
        if name.rpartition(".")[2] in TOUCHES and "." in name
    }
    by_script = {
        f"{path.name}: {line.strip()}"
        for path in SCRIPTS
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"\.(click|submit|dispatchEvent)\(|\bfetch\(|XMLHttpRequest|sendBeacon", line)
    }

    assert touched == {
        "actors/pages/composer.py: page.keyboard.press('Enter')",
        "actors/pages/composer.py: self._visit.page.locator(self._textbox).first.click()",
        "actors/pages/composer.py: self._visit.page.keyboard.press('Control+A')",
        "actors/pages/composer.py: self._visit.page.keyboard.press('Delete')",
        "actors/pages/visit.py: button.click()",
    }
    assert by_script == {"cards.js: control.click();", "composer.js: element.click();"}


def test_b17_no_word_of_the_pages_names_a_way_to_take_a_post_back() -> None:
    named = [
        f"{name_of(path)}: {node.value}"
        for path in PAGES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and TAKES_BACK.search(node.value)
        # A docstring may say that a post is deleted; so may the reason of an error.
        if " " not in node.value
    ]

    assert named == [
        # The key that empties the composer, and the reason of a reply whose target somebody deleted.
        "actors/pages/composer.py: Delete",
        "actors/pages/reply.py: deleted",
    ]
    for path in SCRIPTS:
        assert TAKES_BACK.search(path.read_text(encoding="utf-8")) is None


def test_b17_the_site_is_reached_through_its_pages_only() -> None:
    asked = [
        f"{name_of(path)}:{node.lineno}"
        for path in PAGES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr == "request" and ast.unparse(node.value) != "response"
    ]

    assert asked == []


def test_k11_nothing_is_published_but_what_posting_claimed_and_no_click_is_permitted_but_by_the_ledger() -> None:
    makers = {name_of(path) for path in OURS for name, _ in calls_in(path) if name in ("PublishPost", "PublishReply")}
    callers = {name_of(path) for path in OURS for name, _ in calls_in(path) if name == "publish"}
    permits = {
        f"{name_of(path)}: {', '.join(ast.unparse(each) for each in [*call.args[1:], *call.keywords])}"
        for path in OURS
        for name, call in calls_in(path)
        if name.endswith("browser.visit") and len(call.args) + len(call.keywords) > 1
    }

    assert makers == {"actors/ledger/publication.py"}
    assert callers == {"actors/jobs/publishing/posting.py"}
    assert permits == {"actors/ledger/publication.py: attempt.commit"}


def test_k11_no_text_comes_into_the_queue_but_a_planners() -> None:
    queues = {
        name_of(path)
        for path in OURS
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and node.value == "insert_decision"
    }
    planners = {name_of(path) for path in OURS for name, _ in calls_in(path) if name == "enqueue"}
    queries = (ROOT / "actors/sql").glob("*.sql")
    inserts = [name for path in queries for name in re.findall(r"INSERT INTO decisions\b", path.read_text("utf-8"))]

    assert (queues, len(inserts)) == ({"actors/ledger/queue.py"}, 1)
    assert planners == {
        "actors/jobs/content/plan.py",
        "actors/jobs/content/viral_thread.py",
        "actors/jobs/replies/reply_posting.py",
    }
