"""The format of walk files and of the cast (角色表) that plays in them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, JsonValue, StringConstraints, model_validator

from yiwang.flow.clocks import cached_deadline
from yiwang.kernel.deadlines import DeadlineOutOfRange, DeadlineUnreadable
from yiwang.packs.model.pack import Declaration, Key, Words

Name = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Element = Annotated[str, StringConstraints(min_length=1, max_length=100)]
"""Id of an element of a flow."""


def _limit(text: str) -> str:
    try:
        cached_deadline(text)
    except (DeadlineUnreadable, DeadlineOutOfRange) as error:
        raise ValueError(f"{error.message('zh')} | {error.message('en')}") from error
    return text


Span = Annotated[str, AfterValidator(_limit)]


class CastOrganisation(Declaration):
    """An organisation of the cast."""

    zh: str = Field(min_length=1, description="Its name.")
    en: str = Field("", description="Its English name.")
    within: Key | None = Field(None, description="Code of the organisation above it.")
    serves: list[Key] = Field(default_factory=list, description="Kinds of department that it is.")


class CastPost(Declaration):
    """A post and who holds it."""

    post: Key = Field(description="Its kind.")
    at: Key = Field(description="Code of its organisation.")
    area: str = Field("", description="Area or grid code that it looks after; everywhere when left out.")
    people: list[Name] = Field(default_factory=list, description="Who holds it, the longest-serving first.")


class CastAbsence(Declaration):
    """Somebody is away, and a deputy does their tasks."""

    person: Name
    deputy: Name
    begin: AwareDatetime = Field(alias="from")
    until: AwareDatetime
    kinds: list[str] = Field(default_factory=list, description="Only for business of these definitions; else all.")


class Cast(Declaration):
    """Who plays: organisations, posts, people. Everybody is in the organisation of the first post that they hold."""

    organisations: dict[Key, CastOrganisation]
    posts: list[CastPost] = Field(default_factory=list)
    roles: dict[Key, list[Key]] = Field(default_factory=dict, description="Role → the kinds of post that bring it.")
    people: dict[Name, Key | None] = Field(
        default_factory=dict, description="Further people and their organisation; null for one from outside."
    )
    away: list[CastAbsence] = Field(default_factory=list)


class Begin(Declaration):
    """How an instance begins."""

    flow: Element | None = Field(None, description="Key of the definition; the file's own when left out.")
    as_: Name | None = Field(None, alias="as", description="Who starts it.")
    area: str = Field("", description="Area code of the place.")
    grid: str = Field("", description="Responsibility grid code of the place.")
    node: Element | None = Field(None, description="Id of another start event.")
    set_: dict[str, JsonValue] = Field(
        default_factory=dict, alias="set", description="Variables; `@NAME` is the account of a person of the cast."
    )
    name: Name | None = Field(None, description="What this walk calls the instance.")


class Expect(Declaration):
    """What must then be seen of the instance; every key given must hold."""

    waits: list[str] | None = Field(
        None, description="Ids of all steps and events that wait, `sign*3` for three of them; [] for none."
    )
    who: dict[Element, Name | list[Name] | None] | None = Field(
        None, description="By step: everybody who may take it now, or whose task it is; null for a post that is vacant."
    )
    due: dict[Element, AwareDatetime | None] | None = Field(
        None, description="By step its deadline (of several tasks the first), by timer event when it fires."
    )
    urged: dict[Element, int] | None = Field(None, description="By step: how often it was urged because it is late.")
    status: str | None = Field(None, description="The status word that the subject shows.")
    stage: str | None = Field(None, description="The stage that the subject shows.")
    state: str | None = Field(
        None, pattern="^(active|suspended|completed|cancelled)$", description="State of the instance."
    )
    ended: Element | None = Field(None, description="Id of the end event at which it is over.")
    error: str | None = Field(None, description="Code of the error that nothing caught and that ended it.")
    set_: dict[str, JsonValue] | None = Field(None, alias="set", description="Variables with their values.")
    sent: list[str] | None = Field(None, description="Messages and signals that this step has thrown, in order.")
    unread: list[str] | None = Field(None, description="Messages that nobody expects yet.")


class WalkStep(Declaration):
    """One thing that happens, after some time, and what is then seen. Without a verb only time passes."""

    after: Span | None = Field(None, description="First this much time passes: 2工作日, 4工作时, 36小时.")
    at: AwareDatetime | None = Field(None, description="First it becomes this moment.")
    of: Name | None = Field(None, description="Name of the instance; the one begun first when left out.")
    as_: Name | None = Field(None, alias="as", description="Who does it.")
    do: Element | None = Field(None, description="Id of the step that they finish.")
    outcome: str | None = Field(None, description="With which result; the only one when left out.")
    back: Element | None = Field(None, description="They send it back to this step instead.")
    item: JsonValue = Field(None, description="For which element of a round, where several are with the same person.")
    work: Element | None = Field(None, description="A worker reports: id of the service task, or its topic.")
    error: str | None = Field(None, description="The work ended in this business error.")
    message: str | None = Field(None, description="A message of this name comes in.")
    key: str = Field("", description="The key of the message; `@NAME` for a person's account.")
    area: str = Field("", description="The area code that a message gives for what begins with it.")
    signal: str | None = Field(None, description="A signal of this name is thrown elsewhere.")
    start: Begin | None = Field(None, description="Another instance begins.")
    suspend: bool = Field(False, description="The instance is put on hold (挂账).")
    resume: bool = Field(False, description="It goes on (恢复).")
    cancel: bool = Field(False, description="It is given up (作废).")
    jump: Element | None = Field(None, description="An administrator sets it on this step or end (跳转).")
    set_: dict[str, JsonValue] = Field(default_factory=dict, alias="set", description="Variables that come with it.")
    refused: str | None = Field(None, pattern=r"^[a-z_.]+$", description="The code with which it must be refused.")
    expect: Expect | None = Field(None, description="What must then be seen.")

    @model_validator(mode="after")
    def _one_thing(self) -> WalkStep:
        given = [name for name in _VERBS if getattr(self, name) not in (None, False)]
        if len(given) > 1:
            names = "、".join(given)
            raise ValueError(f"一步只做一件事,这里有 {names} | one thing in a step; here are {', '.join(given)}")
        if self.do is not None and self.as_ is None:
            raise ValueError("do 要写明由谁(as) | do needs as: who does it")
        if self.at is not None and self.after is not None:
            raise ValueError("after 和 at 只能写一个 | give either after or at")
        return self


_VERBS = ("do", "work", "message", "signal", "start", "suspend", "resume", "cancel", "jump")


class Walk(Declaration):
    """One story through the flow."""

    id: Key
    title: Words
    at: AwareDatetime | None = Field(None, description="When it begins; as the file says when left out.")
    start: Begin | None = Field(
        None, description="How the instance begins; without it messages, signals and timers begin the definitions."
    )
    steps: list[WalkStep] = Field(min_length=1, max_length=500)


class WalkFile(Declaration):
    """``<flow>.walk.yaml``: stories through the flow of the same name, played by one cast."""

    flow: str | None = Field(None, description="The flow file; `<flow>.bpmn` beside when left out.")
    flows: list[str] = Field(
        default_factory=list,
        description="Further flow files that take part; those that are called are found by their key.",
    )
    cast: str | Cast = Field(description="Who plays: here, or the name of a file beside.")
    at: AwareDatetime = Field(description="When the stories begin.")
    part: bool = Field(False, description="The stories need not take every sequence flow of the flow.")
    walks: list[Walk] = Field(min_length=1, max_length=100)
