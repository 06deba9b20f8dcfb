"""Casting: by code, by proxy, on paper. One ballot for each voice, whoever comes first; the box stays shut until the end.

Of a secret vote the journal tells that a voice has voted, never what; the box tells what, never whose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from yiwang.casework import store as cases
from yiwang.casework.errors import PhotoUnknown
from yiwang.casework.model import PhotoClaim
from yiwang.kernel import journal
from yiwang.kernel.access import ANONYMOUS, Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.errors import FieldError, Forbidden, InvalidInput
from yiwang.kernel.text import clean_line
from yiwang.voting import store
from yiwang.voting.box import Box, fresh_code, last_four, same_code
from yiwang.voting.calling import visible
from yiwang.voting.errors import (
    VoteAlreadyCast,
    VoteCodeWrong,
    VoteEnded,
    VoteNotOpen,
    VotePaperDiffers,
    VotePaperRefused,
    VoteProxyRefused,
    VoteReceiptUnknown,
    VoteTooManyTries,
    VoteUnknown,
    VoteVoiceUnknown,
)
from yiwang.voting.model import KIND, Ballot, CastHow, Choices, Question, Receipt, Voice, Vote

MOST_CODES = 2000
_tries_allowed = 5
_tries_pause = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class CodeGiven:
    """A code, told once: to be printed on the letter to the owners."""

    voice_id: UUID
    title: str
    owner_names: str
    code: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a receipt shows: that the ballot lies in the box of a vote, and whether it was counted."""

    vote: Vote
    counted: bool


class Casting:
    """One per process."""

    def __init__(self, context: Context, box: Box) -> None:
        self._context = context
        self._box = box

    # -- codes and proxies ------------------------------------------------------------------------------------------------

    async def give_codes(self, actor: Actor, vote_id: UUID, voices: Sequence[UUID] | None) -> list[CodeGiven]:
        """New codes for entries of the roll, by default for all that have none; an earlier code of theirs holds no longer.

        Raises:
            VoteUnknown, Forbidden, VoteEnded, VoteVoiceUnknown, VoteAlreadyCast.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            vote = await visible(connection, actor, vote_id, "manage")
            if vote.state != "called":
                raise VoteEnded()
            wanted = list(dict.fromkeys(voices)) if voices is not None else None
            if wanted is None:
                wanted = await store.uncoded(connection, vote_id, MOST_CODES)
            given = []
            for voice_id in wanted:
                voice = await self._voice(connection, vote, voice_id)
                code = fresh_code()
                await store.set_code(connection, voice.id, self._box.digest("code", code), now)
                given.append(CodeGiven(voice.id, voice.title, voice.owner_names, code))
            data: JsonObject = {"title": vote.title, "count": len(given)}
            await journal.append(
                connection, journal.entry(actor, now, "vote.codes_given", "vote", vote.id, area=vote.area, data=data)
            )
        return given

    async def register_proxy(
        self, actor: Actor, vote_id: UUID, voice_id: UUID, name: str, number: str, proof: PhotoClaim
    ) -> Voice:
        """Enter who votes for a voice, with the written proof (授权委托书), which is kept with the case.

        Raises:
            VoteUnknown, Forbidden, VoteEnded, VoteVoiceUnknown, VoteAlreadyCast, VoteProxyRefused, PhotoUnknown.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            vote = await visible(connection, actor, vote_id, "manage", lock="for update")
            if vote.state != "called":
                raise VoteEnded()
            voice = await self._voice(connection, vote, voice_id)
            digest, most = self._box.owner(vote.id, last_four(number)), vote.declared.proxies
            already = await store.houses_of_proxy(connection, vote.id, digest, name, voice.id)
            if already + voice.houses > most:
                zh = f"一人最多代理 {most} 户" if most else "这种表决不接受委托"
                en = f"one person votes for at most {most} houses" if most else "this vote takes no proxies"
                raise VoteProxyRefused(reason_zh=zh, reason_en=en)
            bound = await cases.bind_attachments(connection, [vote.case_id], [proof.id], [proof.claim], "other")
            if bound != 1:
                raise PhotoUnknown()
            await store.set_proxy(connection, voice.id, digest, name, proof.id)
            data: JsonObject = {"title": vote.title, "voice": voice.title, "proxy": name}
            await journal.append(
                connection, journal.entry(actor, now, "vote.proxy_entered", "vote", vote.id, area=vote.area, data=data)
            )
            return await self._read_again(connection, vote, voice.id)

    # -- by code ----------------------------------------------------------------------------------------------------------

    async def enter(self, code: str, number: str) -> tuple[Vote, Voice]:
        """The ballot paper of whoever has the code and is one of the owners, or their proxy.

        Raises:
            VoteCodeWrong, VoteTooManyTries.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            voice = await store.voice_by_code(connection, self._code(code), lock=True)
            if voice is None:
                raise VoteCodeWrong()
            paused = (
                voice.tries >= _tries_allowed and voice.tried_at is not None and now < voice.tried_at + _tries_pause
            )
            right = not paused and self._how(voice, number) is not None
            if not paused:
                # A wrong try is kept: the refusal is raised when this has been committed.
                again = voice.tried_at is not None and now >= voice.tried_at + _tries_pause
                await store.note_try(connection, voice.id, 0 if right else (1 if again else voice.tries + 1), now)
            vote = await store.vote(connection, voice.vote_id)
        if paused:
            raise VoteTooManyTries()
        if not right or vote is None or vote.state == "withdrawn":
            raise VoteCodeWrong()
        return vote, voice

    async def cast(self, code: str, number: str, choices: Choices) -> Receipt:
        """Cast the ballot of a voice.

        Raises:
            As :meth:`enter`; VoteNotOpen, VoteAlreadyCast, InvalidInput.
        """
        entered, voice = await self.enter(code, number)
        how = self._how(voice, number) or "code"
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            vote = await self._open(connection, entered.id, now)
            require_choices(vote.questions, choices)
            return await self._drop_in(connection, ANONYMOUS, vote, voice, choices, how, now)

    def _how(self, voice: Voice, number: str) -> CastHow | None:
        """By which right somebody with these last four signs votes; None: by none."""
        digest = self._box.owner(voice.vote_id, last_four(number))
        if digest in voice.owners:
            return "code"
        return "proxy" if voice.proxy == digest else None

    def _code(self, code: str) -> str:
        return self._box.digest("code", same_code(code))

    async def receipt(self, code: str) -> Found:
        """Whether the ballot of a receipt lies in the box, and was counted.

        Raises:
            VoteReceiptUnknown.
        """
        async with self._context.database.connection() as connection:
            found = await store.by_receipt(connection, self._box.digest("receipt", same_code(code)))
            vote = await store.vote(connection, found[0]) if found is not None else None
        if found is None or vote is None:
            raise VoteReceiptUnknown()
        return Found(vote, found[1])

    # -- on paper ---------------------------------------------------------------------------------------------------------

    async def read_paper(self, actor: Actor, vote_id: UUID, voice_id: UUID, choices: Choices) -> Receipt | None:
        """Enter a ballot on paper as one clerk reads it. The first reading waits (None); the second, by another clerk, must be
        the same, and casts the ballot.

        Raises:
            VoteUnknown, Forbidden, VoteNotOpen, VoteVoiceUnknown, VoteAlreadyCast, VotePaperRefused, VotePaperDiffers,
            InvalidInput.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            await visible(connection, actor, vote_id, "record")
            vote = await self._open(connection, vote_id, now)
            if not vote.declared.paper:
                raise VotePaperRefused(reason_zh="这种表决不接受纸质票", reason_en="this vote takes none")
            if actor.account_id is None:
                raise Forbidden(verb=f"{KIND}:record")
            require_choices(vote.questions, choices)
            voice = await self._voice(connection, vote, voice_id)
            before = await store.paper(connection, voice.id)
            if before is None:
                key, sealed = self._box.seal(Ballot(choices, voice.weight, "paper", voice.id))
                paper = store.Paper(key, sealed, actor.account_id, actor.label)
                await store.add_paper(connection, voice.id, paper, now)
                await self._tell(connection, actor, vote, voice, "vote.paper_read", now)
                return None
            if before.read_by == actor.account_id:
                raise VotePaperRefused(
                    reason_zh="您已录入过这一票,请由另一人复核录入",
                    reason_en="you have read it; another clerk reads it now",
                )
            await store.drop_paper(connection, voice.id)
            same = _same(self._box.open(before.key, before.sealed).choices, choices)
            if same:
                return await self._drop_in(connection, actor, vote, voice, choices, "paper", now)
            await self._tell(connection, actor, vote, voice, "vote.paper_differs", now)
        raise VotePaperDiffers(title=voice.title)

    # -- what all of them share -------------------------------------------------------------------------------------------

    async def _open(self, connection: Connection, vote_id: UUID, now: datetime) -> Vote:
        """The vote, kept from being counted meanwhile.

        Raises:
            VoteUnknown, VoteEnded, VoteNotOpen.
        """
        vote = await store.vote(connection, vote_id, lock="for share")
        if vote is None:
            raise VoteUnknown()
        if vote.state != "called":
            raise VoteEnded()
        if not vote.open_at(now):
            zone = self._context.calendar.hours.timezone
            raise VoteNotOpen(
                opens_at=vote.opens_at.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
                closes_at=vote.closes_at.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
            )
        return vote

    async def _voice(self, connection: Connection, vote: Vote, voice_id: UUID) -> Voice:
        """An entry that has not voted, locked."""
        voice = await self._read_again(connection, vote, voice_id, lock=True)
        if voice.cast_at is not None:
            raise VoteAlreadyCast(title=voice.title)
        return voice

    async def _read_again(self, connection: Connection, vote: Vote, voice_id: UUID, *, lock: bool = False) -> Voice:
        voice = await store.voice(connection, vote.id, voice_id, lock=lock)
        if voice is None:
            raise VoteVoiceUnknown()
        return voice

    async def _drop_in(
        self,
        connection: Connection,
        actor: Actor,
        vote: Vote,
        voice: Voice,
        choices: Choices,
        how: CastHow,
        now: datetime,
    ) -> Receipt:
        if not await store.mark_cast(connection, voice.id, now, how):
            raise VoteAlreadyCast(title=voice.title)
        await store.drop_paper(connection, voice.id)
        receipt = fresh_code()
        key, sealed = self._box.seal(Ballot(choices, voice.weight, how, None if vote.secret else voice.id))
        ballot = store.Sealed(uuid4(), vote.id, self._box.digest("receipt", receipt), key, sealed)
        await store.add_ballot(connection, ballot)
        await self._tell(connection, actor, vote, voice, "vote.cast", now, how)
        return Receipt(receipt, voice.title, now)

    async def _tell(
        self, connection: Connection, actor: Actor, vote: Vote, voice: Voice, verb: str, now: datetime, how: str = ""
    ) -> None:
        data: JsonObject = {"title": vote.title, "voice": voice.title, **({"how": how} if how else {})}
        await journal.append(connection, journal.entry(actor, now, verb, "vote", vote.id, area=vote.area, data=data))


def require_choices(questions: Sequence[Question], choices: Choices) -> None:
    """Whether every question is answered, with options that it has, no more than it allows; nothing chosen is abstaining.

    Raises:
        InvalidInput: with every fault.
    """
    faults = []
    known = {str(nth) for nth in range(1, len(questions) + 1)}
    for name in choices:
        if name not in known:
            faults.append(_fault(name, "表决票上没有这一题", "there is no such question on the ballot"))
    for nth, question in enumerate(questions, start=1):
        chosen = choices.get(str(nth))
        if chosen is None:
            faults.append(_fault(str(nth), "请作出选择,或明确弃权", "choose, or say that you abstain"))
            continue
        ids = {option.id for option in question.offered}
        if not ids.issuperset(chosen) or len(set(chosen)) != len(chosen):
            faults.append(_fault(str(nth), "请从列出的选项中选择", "choose among the options that are listed"))
        elif len(chosen) > question.seats:
            zh, en = f"最多选 {question.seats} 项", f"choose {question.seats} at most"
            faults.append(_fault(str(nth), zh, en))
    if faults:
        raise InvalidInput(errors=faults, count=len(faults))


def _fault(nth: str, zh: str, en: str) -> FieldError:
    return FieldError(where=f"/choices/{clean_line(nth)[:20]}", code="input.field", zh=zh, en=en)


def _same(first: Choices, second: Choices) -> bool:
    return {nth: frozenset(chosen) for nth, chosen in first.items()} == {
        nth: frozenset(chosen) for nth, chosen in second.items()
    }
