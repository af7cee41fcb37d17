"""The operator's actor: authorises control words, has them carried out, answers and writes both down."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from actors.control.answers import sign_answer
from actors.control.channel import BELL, CHANNEL, REPLIES, Channel
from actors.control.claims import claim
from actors.control.inquiries import TOO_OFTEN
from actors.control.keeping import LIMIT_S as KEEPING_S
from actors.control.keeping import SWITCH, Kept
from actors.control.obedience import Obedience
from actors.control.reach import Reach, Voice
from actors.control.records import Heard, Records
from actors.control.signature import FRESH_S, Allowed, Claimed, Elsewhere, fault_of, is_right
from actors.control.standing import Teller
from actors.control.welcome import Welcome
from actors.control.words import Command, Refused, parse
from actors.domain.escaping import LONGEST_TEXT
from actors.domain.priority import Band, Priority
from actors.domain.rate import Rate
from actors.domain.redaction import redacted
from actors.domain.stages import OPERATOR
from actors.errors import AppError, MailboxFullError
from actors.messages import PartDied, RedisCommand, Request, Wake
from actors.runtime.client import request_id
from actors.runtime.reply import Answer, ToldReply

if TYPE_CHECKING:
    from collections.abc import Sequence

    import redis

    from actors.config import Secret
    from actors.control.words import Signed
    from actors.runtime.address import Address
    from actors.runtime.cell import ActorContext

logger = logging.getLogger(__name__)

SEND_S = 5.0
"""How long a front may take for an answer that goes out."""
_REFUSALS = (100, 1.0)
"""How many refusals are answered in how many seconds: of those that hold the key, and of anybody."""


@dataclass(frozen=True, slots=True)
class Rung:
    """Channel to operator: somebody rang."""


@dataclass(frozen=True, slots=True)
class Carried:
    """The tag of Redis's answer: how many hear a word that is for another process, we among them."""

    command: Command


@dataclass(slots=True)
class Operator:
    """Behaviour behind the control channel: hears, authorises and answers. What a word does is `Obedience`'s."""

    context: ActorContext
    reach: Reach
    client: redis.Redis
    is_embedded: bool
    key: Secret | None
    records: Records
    welcome: Welcome = field(default_factory=Welcome)
    carried: Welcome = field(default_factory=Welcome)
    """How many words are carried to other processes."""
    refused: dict[bool, Rate] = field(default_factory=lambda: {is_own: Rate(*_REFUSALS) for is_own in (True, False)})
    """By whether who is refused holds the key."""
    noted: Rate = field(default_factory=lambda: Rate(1, 10.0))
    """How often the log says that words go unanswered."""
    unheard: int = 0
    """How many found no room, since the log said so."""
    channel: Channel = field(init=False)
    obedience: Obedience = field(init=False)
    teller: Teller = field(init=False)

    def __post_init__(self) -> None:
        address, voice = self.context.address, Voice(self._reply, self._refuse, self._request)
        self.obedience = Obedience(self.context, self.reach, voice, self.records.kept.pauses, self.records.kept.switch)
        self.teller = Teller(self.reach.board)
        self._keep_records()
        self.channel = Channel(
            self.client,
            self._listen,
            lambda error: address.tell(PartDied(error), Band.CONTROL),
            lambda: self._tell(Rung(), Band.P0),
        )

    def receive(self, message: Any) -> Any:
        """Serve a word, or the answer to what one asked of somebody."""
        match message:
            case Heard():
                self._hear(message)
            case Rung():
                self.records.kept.rung()
            case PartDied(error):
                raise error
            case Wake():
                self.obedience.woken()
            case Answer(tag, value, error) if isinstance(tag, Kept):
                self.records.kept.answered(tag, value, error, time.monotonic())
                self.obedience.records_answered()
            case Answer(tag, value, error) if self.obedience.settled(tag, value, error):
                pass
            case Answer(Carried(command), hearers, error):
                self._carried(command, hearers, error)
            case Answer("ring", _, error):
                if error is not None:
                    extra = {"action": "control_ring_lost", "data": str(error)}
                    logger.warning("other processes hear of the pauses later", extra=extra)
            case Answer(_, _, error) if error is not None:
                logger.warning("an answer could not be published", extra={"action": "reply_lost", "data": str(error)})
        self._keep_records()
        return None

    def stop(self) -> None:
        """Close the ear."""
        self.channel.stop()

    def _keep_records(self) -> None:
        for heard in self.records.released():
            self._hear(heard)
        now = time.monotonic()
        for tag, work in self.records.kept.due(now):
            priority = Priority.P0 if tag.what == SWITCH else Priority.P1
            self._request(self.reach.database, work, tag, priority, KEEPING_S)
        self.teller.tell(self.records.kept, datetime.now(UTC))
        if self.records.kept.take_news():
            self._request(self.reach.redis, RedisCommand(("PUBLISH", CHANNEL, BELL)), "ring", Priority.P0)
        self.context.wake_at(self.records.kept.wake_at(now))

    def _tell(self, message: Heard | Rung, band: Band) -> None:
        """Tell ourselves what the ear heard; called in its threads. Of what anybody may say only so much waits."""
        try:
            self.context.address.tell(message, band)
        except MailboxFullError:
            self.unheard += 1

    def _listen(self, raw: bytes, age_s: float | None) -> None:
        """Read a message, and claim it if it is signed; called in the ear's threads."""
        said = parse(raw)
        claimed = self._claim(said, raw, is_published=age_s is None)
        proves = isinstance(said, Command) and is_right(said, self.key)
        # What was published is carried to nobody.
        heard = Heard(said, raw if age_s is not None else b"", age_s, claimed, proves)
        # Who holds the key waits behind no flood of others.
        self._tell(heard, Band.CONTROL if proves else Band.P0)

    def _claim(self, said: Command | Refused, raw: bytes, *, is_published: bool) -> Claimed:
        if not isinstance(said, Command) or said.signed is None or not self._is_ours(said):
            return Claimed()
        if self.is_embedded or self.key is None or fault_of(said, key=self.key, now=time.time()):
            return Claimed()
        boot = self.records.boot
        return claim(self.client, said.signed.nonce, boot, raw, key=self.key, is_published=is_published)

    def _is_ours(self, command: Command) -> bool:
        return self.records.kept.audit.boot_id.startswith(command.to)

    def _hear(self, heard: Heard) -> None:
        if self.unheard and self.noted.allows(time.monotonic()):
            self._say_unheard()
        command = heard.said
        if isinstance(command, Refused):
            self._refuse_it(command)
        elif not self._is_ours(command):
            self._carry(command, heard)
        else:
            match self.records.judge(command, heard, embedded=self.is_embedded, key=self.key):
                case Refused() as refused:
                    self._refuse_it(refused)
                case Elsewhere(boot):
                    extra = {"action": "control_elsewhere", "id": command.id}
                    logger.info("obeyed by %s: %s", boot, " ".join([command.word, *command.said]), extra=extra)
                case Allowed(is_signed):
                    self._take(_proven(command, heard), is_signed=is_signed)

    def _say_unheard(self) -> None:
        found, self.unheard = f"{self.unheard} found no room", 0
        logger.warning("control words go unanswered", extra={"action": "control_flood", "data": found})

    def _take(self, command: Command, *, is_signed: bool) -> None:
        is_own = is_signed or self.is_embedded
        if not self.welcome.serves(command, time.monotonic(), is_own=is_own):
            self._refuse_it(Refused(TOO_OFTEN, command.id, command))
            return
        logger.info(
            "operator says: %s",
            " ".join([command.word, *command.said]),
            extra={"action": "control_word", "id": command.id, "signed": is_signed},
        )
        if (again := self.records.spoken.again_or_remember(command)) is not None:
            self._reply(command.id, ok=again.ok, text=again.text, is_first=False, proof=command.signed)
            return
        command = self.records.accepted(command, is_signed=is_signed, is_own=is_own)
        try:
            self.obedience.obey(command)
        except AppError as error:
            self._reply(command.id, ok=False, text=f"not done: {error}")

    def _carry(self, command: Command, heard: Heard) -> None:
        """Publish what is for another process: of those that read the stream one hears each word."""
        if heard.age_s is None:
            # Whom it is for has heard it himself.
            return
        command = _proven(command, heard)
        is_own = self.is_embedded or self.records.is_new(command, self.key)
        if heard.age_s > FRESH_S:
            self._refuse_it(Refused(f"it was said {heard.age_s:.0f} s ago; say it again", command.id, command))
        elif not self.carried.serves(command, time.monotonic(), is_own=is_own):
            self._refuse_it(Refused(TOO_OFTEN, command.id, command))
        else:
            work = RedisCommand(("PUBLISH", CHANNEL, heard.raw))
            self._request(self.reach.redis, work, Carried(command), Priority.P0)

    def _carried(self, command: Command, hearers: Any, error: BaseException | None) -> None:
        if error is not None:
            self._refuse_it(Refused(f"not carried to {command.to}: {error}", command.id, command))
        elif hearers <= 1:
            reason = f"no process {command.to} hears control words; this one is {self.records.boot}"
            self._refuse_it(Refused(reason, command.id, command))

    def _refuse(self, command_id: str, reason: str) -> None:
        self._refuse_it(Refused(reason, command_id))

    def _refuse_it(self, refused: Refused) -> None:
        self.records.refused(refused)
        command_id, reason = self.records.sender_of(refused.id), refused.reason
        proof = refused.command.signed if refused.command else self.records.proof_of(refused.id)
        # Whoever may say anything must not make work by being refused.
        if self.refused[proof is not None].allows(time.monotonic()):
            logger.warning(
                "a control word is refused", extra={"action": "control_refused", "id": command_id, "data": reason}
            )
            self._reply(command_id, ok=False, text=reason, is_first=False, proof=proof)
        elif self.noted.allows(time.monotonic()):
            logger.warning("control words go unanswered", extra={"action": "control_flood", "data": reason})

    def _reply(
        self,
        to: str,
        *,
        ok: bool,
        text: str = "",
        lines: Sequence[str] = (),
        is_first: bool = True,
        proof: Signed | None = None,
        **more: Any,
    ) -> None:
        """Answer with a text, or with lines that become one: what is in them may hold any sign between two lines.

        `is_first`: whether it is a word's own answer, and neither a refusal nor the same once more. `proof`: the
        right signature of a word that has no number.
        """
        if lines:
            text, more = "; ".join(lines), {"lines": list(lines), **more}
        # What a front or a database said stands in an answer, and whoever may read the channel reads it.
        text, more = redacted((text, more), self.records.kept.audit.redact)
        if is_first:
            self.records.answered_word(to, ok=ok, text=text)
        proof = proof or self.records.proof_of(to)
        to, said = self.records.sender_of(to), "done" if ok else "refused"
        if lines and len(text) > LONGEST_TEXT:
            # As one text the log would cut it.
            logger.info("answer: %s", said, extra={"action": "control_answer", "id": to, "lines": more["lines"]})
        else:
            logger.info("answer: %s", said, extra={"action": "control_answer", "id": to, "data": text})
        answer = {"id": to, "ok": ok, "text": text, "boot": self.records.boot, **more}
        if proof is not None and self.key is not None:
            answer = sign_answer(answer, key=self.key, nonce=proof.nonce)
        body = json.dumps(answer, default=str)
        self._request(self.reach.redis, RedisCommand(("PUBLISH", REPLIES, body)), "reply", Priority.P0)

    def _request(self, front: Address, work: Any, tag: Any, priority: Priority, limit_s: float = SEND_S) -> None:
        reply = ToldReply(self.context.address, tag)
        start_by = time.monotonic() + limit_s
        request = Request(request_id(OPERATOR), work, priority, start_by, limit_s, reply, OPERATOR)
        try:
            front.tell(request, Band.CONTROL if priority is Priority.P0 else Band.of(priority))
        except AppError as error:
            reply.fail(error)


def _proven(command: Command, heard: Heard) -> Command:
    """Return the command, without a signature that proves nothing."""
    return command if heard.is_right else replace(command, signed=None)
