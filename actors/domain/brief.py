"""The brief: what one post shall be, and how a writer is told so.

A brief holds only words of this program (taxonomy, own openers, own notes), never text that was read elsewhere: that
is what makes it safe to put into a prompt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.taxonomy import FORMATS, GENERATOR_MARKERS, GENERATORS, HOOKS, LENGTHS, TOPICS

if TYPE_CHECKING:
    from actors.domain.taxonomy import Arm

RULES = """\
Voice: follow the voice named in the brief, and let a phrase or two of its typical words show.
Substance: explain why or how something works in the body or in daily life, and tie it to a moment the reader knows. \
Give something to do. Prefer one concrete image to three adjectives.
Truth: write only what is generally accepted. Name no diseases, cures, doses, studies, institutions or products, and \
give no medical advice. Use no digits, percentages or counts: nothing here can be sourced.
Style: complete sentences that end with a full stop. No first person (no I, we, us, our, let's), no hashtags, \
mentions or links, at most one emoji, no markdown, no thread markers, no trailing dots, no clickbait such as \
"did you know", "turns out" or "game changer". Never open with a citation, a label or "Step"."""
"""What holds for every text of the account."""

_SYSTEM = f"""\
You write single posts about everyday wellness for a social account that is run by software and says so.

{RULES}
Answer with JSON only: {{"text": "the post"}}"""


@dataclass(frozen=True, slots=True)
class Brief:
    """One order for a post.

    `avoid_openers` are the first words of recent posts, `notes` why earlier attempts at this brief were refused, and
    `worked` and `fell_flat` what did better and worse than the rest lately (see `effects.told`), and `elsewhere` how
    others make posts of this kind that are liked (see `insight.finding`).
    """

    arm: Arm
    angle: str
    tone: str
    slot: str
    avoid_openers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    worked: tuple[str, ...] = ()
    fell_flat: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


def messages(brief: Brief) -> list[dict[str, str]]:
    """Give the chat messages for the writer: the standing rules, then the brief as `key: value` lines.

    Raises:
        KeyError: the arm has a value that the taxonomy does not know.
    """
    return [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": "\n".join(_lines(brief))}]


def _lines(brief: Brief) -> list[str]:
    """Write the brief, one parameter per line; the first word after the colon is the parameter's value."""
    arm = brief.arm
    least, most = LENGTHS[arm.length]
    markers = ", ".join(GENERATOR_MARKERS[arm.generator])
    lines = [
        "Write one post as JSON.",
        f"voice: {arm.generator} — {GENERATORS[arm.generator]}; typical words: {markers}",
        f"topic: {arm.topic} — {TOPICS[arm.topic]}",
        f"hook: {arm.hook} — {HOOKS[arm.hook]}",
        f"format: {arm.format} — {FORMATS[arm.format]}",
        f"length: {arm.length} — {least} to {most} characters in all",
        f"angle: {brief.angle}",
        f"tone: {brief.tone}",
        f"slot: {brief.slot}",
    ]
    lines += [f"worked lately: {effect}" for effect in brief.worked]
    lines += [f"fell flat lately: {effect}" for effect in brief.fell_flat]
    lines += [f"liked elsewhere: {advice}" for advice in brief.elsewhere]
    lines += [f"avoid opening: {opener}" for opener in brief.avoid_openers]
    lines += [f"note: {note}" for note in brief.notes]
    return lines
