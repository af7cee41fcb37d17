"""What a thread must pass, and how its writer is told."""

from __future__ import annotations

import pytest

from actors.domain.brief import Brief
from actors.domain.gates import judge
from actors.domain.taxonomy import Arm
from actors.domain.threads.brief import thread_messages
from actors.domain.threads.judgement import judge_thread, thread_score
from actors.domain.threads.manner import EMOTIONS, STYLES, Manner

PARTS = (
    "Many people believe a tired body can sleep in any light. It sounds sensible, but it does not hold up, because \
darkness tells the brain that night has come. The real story is quieter.",
    "It is tempting to sit under bright lamps until bedtime, because it feels like rest. Strange, then, that lying \
awake comes back even when the evening was calm.",
    "The lesson fits on a card: dim rooms tell the body to let go. It works quietly rather than at once, and it does \
so even when the day was long and the kitchen still glows.",
    "Start where it is easy: switch off every second lamp an hour ahead. If that feels odd at first, keep it boring, \
because boring is what lasts. Then leave the phone by the door.",
    "Pick an ordinary evening this week and notice whether falling asleep takes less effort. If nothing changes, wake \
at the same hour instead. Curious people rarely lose by looking.",
)
HOLLOW = "Evenings are long."


def codes(*parts: str, said: tuple[str, ...] = (), threads: tuple[str, ...] = ()) -> set[str]:
    return {f"{reason.gate}: {reason.code}" for reason in judge_thread(parts, said, threads).reasons}


def changed(place: int, text: str) -> tuple[str, ...]:
    return (*PARTS[:place], text, *PARTS[place + 1 :])


def test_a_thread_of_five_good_parts_passes_with_a_full_score() -> None:
    verdict = judge_thread(PARTS, [], [])
    assert verdict.passed, verdict.reasons
    assert verdict.scores == {"thread": 100.0}


@pytest.mark.parametrize(
    ("part", "code"),
    [
        (PARTS[2] + " Nine in ten sleepers, 90% of them, agree.", "part 3: grounding_number"),
        ("Dim the lamps.", "part 3: length"),
        (PARTS[2] + " " + PARTS[2].partition(": ")[2], "part 3: length"),
        (PARTS[2] + " It cures insomnia.", "part 3: health_cure"),
        (PARTS[2] + " We know it.", "part 3: style_first_person"),
        (PARTS[2] + " More at https://example.com now.", "part 3: shape_link"),
        (PARTS[1], "part 3: repetition_same_text"),
    ],
)
def test_j6_every_part_must_pass_what_a_post_must_pass(part: str, code: str) -> None:
    assert code in codes(*changed(2, part))


def test_j1_no_part_repeats_a_post_and_no_thread_a_thread() -> None:
    assert "part 4: repetition_same_text" in codes(*PARTS, said=(PARTS[3],))
    assert "thread: same_text" in codes(*PARTS, threads=("\n\n".join(PARTS),))
    assert codes(*PARTS, said=("Beans feed the gut.",), threads=("Something else.",)) == set()


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("Only idiots sleep under lamps.", "insult"),
        ("Wake up, people, the media lied to you.", "insult"),
        ("Bright lamps are deadly.", "threat"),
        ("Act now, until it's too late.", "threat"),
    ],
)
def test_no_emotion_permits_an_enemy_or_a_threat(sentence: str, code: str) -> None:
    assert f"thread: {code}" in codes(*changed(1, f"{PARTS[1][:110]} until late. {sentence}"))


@pytest.mark.parametrize("count", [0, 1, 3, 9])
def test_too_few_or_too_many_parts_are_no_thread(count: int) -> None:
    assert "thread: parts" in codes(*(PARTS * 2)[:count])


@pytest.mark.parametrize(
    ("parts", "score"),
    [
        (PARTS, 100.0),
        ((HOLLOW,) * 5, 60.0),
        ((HOLLOW,) * 4, 50.0),
        ((HOLLOW,) * 3, 40.0),
        ((HOLLOW,) * 9, 40.0),
        ((*PARTS[:4], HOLLOW), 95.0),
        ((*[HOLLOW] * 4, "Pick an evening."), 70.0),
        ((HOLLOW, "Evenings are long, but short enough.", *[HOLLOW] * 3), 80.0),
        (("The quiet evening is long.", *[HOLLOW] * 4), 65.0),
        ((HOLLOW, HOLLOW, *[PARTS[1]] * 3), 85.0),
    ],
)
def test_points_are_given_for_what_parts_say(parts: tuple[str, ...], score: float) -> None:
    assert thread_score(parts) == score


def test_j6_numbers_and_great_names_earn_nothing() -> None:
    boasts = ["Evenings are long: 97% of doctors at Harvard know.", "Evenings are 3x longer, n=5000 at Oxford, proven."]
    assert thread_score((boasts * 3)[:5]) == thread_score([HOLLOW] * 5)


def test_a_thread_that_says_nothing_has_too_low_a_score() -> None:
    assert "thread: low_score" in codes(*[HOLLOW] * 5)


def test_the_writer_is_given_the_brief_of_a_post_and_the_manner() -> None:
    arm = Arm("coach", "sleep", "myth", "plain", "short")
    system, user = thread_messages(
        Brief(arm, "the angle", "warm", "news", ("many people",), ("a note",)), Manner("myth_buster", "fear")
    )
    lines = user["content"].splitlines()
    keys = [line.partition(":")[0] for line in lines]
    assert lines[0] == "task: thread"
    assert keys[1:] == [
        *("voice", "topic", "hook", "format", "length", "angle", "tone", "slot", "avoid opening", "note"),
        *("style", "emotion", "parts"),
    ]
    assert f"style: myth_buster — {STYLES['myth_buster']}" in lines
    assert f"emotion: fear — {EMOTIONS['fear']}" in lines
    for rule in ("No first person", "digits", "no medical advice", "Never frighten", "JSON"):
        assert rule.casefold() in system["content"].casefold()


def test_j6_nothing_that_a_writer_is_told_could_be_published_itself() -> None:
    texts = [*STYLES.values(), *EMOTIONS.values()]
    texts += [
        message["content"]
        for message in thread_messages(
            Brief(Arm("coach", "sleep", "myth", "plain", "short"), "a", "warm", "news"), Manner("contrarian", "hope")
        )
    ]
    assert not [text for text in texts if judge(text, []).passed]
