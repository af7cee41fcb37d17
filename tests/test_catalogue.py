"""The failure catalogue is complete: each entry of production's failures is named by a test."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
BROWSER = tuple(f"a{number}" for number in range(1, 17))
"""Section A of the catalogue: pages, slots, breaker, launches, memory and deadlines."""
PUBLISHING = tuple(f"b{number}" for number in range(1, 20))
"""Section B: nothing twice, nothing lost, nothing wrong."""
QUEUE = tuple(f"c{number}" for number in range(1, 10))
"""Section C: caps, lanes, the queue, and silence."""
SUPERVISION = tuple(f"d{number}" for number in range(1, 13))
"""Section D: schedule, single flight, dependencies, crashes and shutdown."""
SESSION = tuple(f"e{number}" for number in range(1, 7))
"""Section E: the login, and the walls of the platform."""
DATA = tuple(f"f{number}" for number in range(1, 11))
"""Section F: schema, writes, pools, outages. F11 is of a helper that called itself; there is no such helper here."""
REDIS = tuple(f"g{number}" for number in range(1, 6))
"""Section G."""
MEASURING = tuple(f"h{number}" for number in range(1, 12))
"""Section H: metrics, followers, and loops of learning that close."""
HARVEST = tuple(f"i{number}" for number in range(1, 6))
"""Section I."""
CONTENT = tuple(f"j{number}" for number in range(1, 7))
"""Section J: what is said, and what never is."""
OPERATION: dict[str, dict[str, tuple[str, ...]]] = {
    "k1": {
        "commands/test_build_check.py": (
            "test_k1_a_deployment_that_still_runs_another_build_than_the_expected_one_fails_the_check",
        ),
        "runtime/test_board_state.py": (
            "test_k1_the_state_names_the_build_that_tells_it",
        ),
        "runtime/test_build_id.py": (
            "test_k1_any_other_line_of_it_makes_another_build_and_what_is_no_part_of_it_does_not",
        ),
    },
    "k2": {
        "dashboard/test_http_routes.py": (
            "test_k2_a_start_that_is_not_complete_keeps_a_deployment_from_going_live_and_what_is_away_later_does_not",
        ),
        "dashboard/test_http_server.py": (
            "test_k2_the_process_is_alive_before_it_knows_anything",
        ),
        "runtime/test_startup_progress.py": (
            "test_k2_every_step_is_one_line_and_is_announced_when_it_is_done",
        ),
    },
    "k3": {
        "dashboard/test_http_routes.py": (
            "test_k3_a_dependency_that_is_down_flips_readiness_and_nothing_else",
            "test_k3_a_silent_lane_flips_freshness_and_nothing_else",
        ),
        "acceptance/test_http_health.py": (
            "test_k2_k3_k5_health_tells_the_truth_while_redis_comes_and_goes",
        ),
    },
    "k4": {
        "jobs/publishing/test_posting.py": (
            "test_k4_the_kill_switch_turned_while_typing_stops_the_click",
        ),
        "sql/test_ledger_rules.py": (
            "test_k4_the_kill_switch_is_read_at_the_commit_point",
        ),
    },
    "k5": {
        "dashboard/test_alert_webhook.py": (
            "test_k5_an_alert_that_is_not_acknowledged_is_kept_until_it_is",
            "test_k5_the_same_matter_is_told_once_and_another_one_at_once",
        ),
        "dashboard/test_dead_mans_ping.py": (
            "test_k5_when_the_work_stands_still_it_hears_nothing_and_the_log_says_why",
        ),
    },
    "k6": {
        "test_log_as_api.py": (
            "test_k6_a_storm_of_50_000_events_a_second_loses_no_error_no_p0_line_and_no_heartbeat_and_the_count_is_exact",
        ),
    },
    "k7": {
        "dashboard/test_http_routes.py": (
            "test_k7_the_table_of_routes_is_this_one_and_strangers_may_ask_for_three_of_them",
            "test_k7_everything_else_needs_the_token_and_there_is_no_default_one",
        ),
    },
    "k8": {
        "test_repository_secrets.py": (
            "test_k8_no_file_of_the_repository_gives_access_to_anything",
        ),
        "test_log.py": (
            "test_k8_a_known_secret_is_blacked_out_wherever_it_appears",
        ),
    },
    "k9": {
        "test_config.py": (
            "test_k9_a_value_of_another_type_or_range_is_refused_with_the_reason",
            "test_k9_a_switch_in_the_environment_is_true_or_false_and_nothing_else",
        ),
    },
    "k10": {
        "test_single_truth.py": (
            "test_k10_no_module_has_a_figure_under_the_name_of_a_limit_that_the_configuration_holds",
        ),
    },
    "k11": {
        "test_config.py": (
            "test_k11_only_the_sandbox_on_loopback_can_be_driven",
        ),
        "test_publishing_rules.py": (
            "test_k11_nothing_is_published_but_what_posting_claimed_and_no_click_is_permitted_but_by_the_ledger",
            "test_k11_no_text_comes_into_the_queue_but_a_planners",
        ),
        "jobs/publishing/test_posting.py": (
            "test_c1_twenty_due_decisions_never_exceed_the_caps_of_any_sliding_hour",
        ),
    },
}
"""Section K: builds, health, flags, alerts, logs, routes, secrets, configuration. A number alone would not do here: it
has another meaning in the field notes.
"""


@cache
def named() -> set[str]:
    """Return every number that a test's name begins with; a name may begin with several.

    A number with a second one behind it (`test_c1_5_...`) is a rule of a protocol and no entry of the catalogue.
    """
    numbers: set[str] = set()
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                found = re.match(r"test((?:_[a-z]\d+)+)_(?!\d)", node.name)
                numbers.update(found[1].split("_")[1:] if found else ())
    return numbers


ENTRIES = (
    *(*BROWSER, *PUBLISHING, *QUEUE, *SUPERVISION, *SESSION, *DATA),
    *(*REDIS, *MEASURING, *HARVEST, *CONTENT),
)


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_of_the_catalogue_is_named_by_a_test(entry: str) -> None:
    assert entry in named()


@pytest.mark.parametrize("entry", OPERATION)
def test_every_entry_of_operation_has_the_tests_that_it_names(entry: str) -> None:
    for file, names in OPERATION[entry].items():
        tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
        assert set(names) - {node.name for node in tree.body if isinstance(node, ast.FunctionDef)} == set(), file


def test_the_entries_of_operation_are_all_those_of_the_catalogue() -> None:
    assert list(OPERATION) == [f"k{number}" for number in range(1, 12)]
