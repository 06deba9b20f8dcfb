"""Bodies that routes of identity take and give, and how records become them. Every field is bounded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr

from yiwang.identity.declarations import Area, Code, Login, RoleClass, Word
from yiwang.identity.directory import Directory
from yiwang.identity.model import (
    AccountDetail,
    AccountRow,
    AccountState,
    OrganisationRow,
    PostRow,
    RoleRow,
    TokenGrant,
    TokenRow,
)
from yiwang.identity.service import IdentityService
from yiwang.kernel.access import Actor
from yiwang.kernel.text import CleanLine

Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
RowId = Annotated[int, Field(ge=1, le=2**31 - 1)]
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2100, 1, 1, tzinfo=UTC))]
Reason = Annotated[CleanLine, Field(max_length=200)]


def service_of(request: Request) -> IdentityService:
    """The identity service of this process."""
    service: IdentityService = request.app.state.identity
    return service


class Body(BaseModel):
    """What a client sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class SignInBody(Body):
    login: str = Field(min_length=1, max_length=100)
    password: SecretStr = Field(min_length=1, max_length=512)


class PasswordBody(Body):
    present: SecretStr = Field(min_length=1, max_length=512)
    new: SecretStr = Field(min_length=1, max_length=512)


class GrantBody(Body):
    kind: Word
    verbs: list[Word] = Field(min_length=1, max_length=60)
    area: Area = ""

    def limit(self) -> TokenGrant:
        return TokenGrant(self.kind, frozenset(self.verbs), self.area)


class TokenBody(Body):
    name: CleanLine = Field(min_length=1, max_length=60, description="What it is for.")
    grants: list[GrantBody] = Field(min_length=1, max_length=100, description="What it may do, within what you may.")
    days: int = Field(90, ge=1, le=366, description="Days until it expires.")
    in_posts: bool = Field(False, description="Whether it may also take the tasks of your posts.")


class AccountBody(Body):
    login: Login
    name: CleanLine = Field(min_length=1, max_length=60)
    organisation: RowId | None = Field(None, description="Id of the organisation that the person belongs to.")


class AccountChangeBody(Body):
    name: CleanLine | None = Field(None, min_length=1, max_length=60)
    organisation: RowId | None = None


class ReasonBody(Body):
    reason: Reason = ""


class AppointmentBody(Body):
    post: RowId
    starts_at: Moment | None = Field(None, description="City time; default: now.")
    ends_at: Moment | None = Field(None, description="City time, exclusive; default: until dismissed.")


class RoleGrantBody(Body):
    role: Code
    area: Area = Field("", description="Only within this area; default: as the role says.")
    organisation: RowId | None = Field(None, description="Only within this organisation and those below it.")


class NamesView(BaseModel):
    zh: str
    en: str


class OrganisationView(BaseModel):
    id: int
    code: str
    parent: int | None
    level: int
    names: NamesView
    kind: str
    area: str
    serves: list[str]
    active: bool

    @classmethod
    def of(cls, row: OrganisationRow) -> OrganisationView:
        return cls(
            id=row.id,
            code=row.code,
            parent=row.parent_id,
            level=len(row.path),
            names=NamesView(zh=row.name_zh, en=row.name_en),
            kind=row.kind,
            area=row.area,
            serves=list(row.serves),
            active=row.active,
        )


class PersonView(BaseModel):
    id: UUID
    name: str


class PostView(BaseModel):
    id: int
    code: str
    names: NamesView
    organisation: int
    area: str
    holders: list[PersonView] | None = Field(None, description="Who holds it; absent where you may not see them.")

    @classmethod
    def of(cls, row: PostRow, holders: list[PersonView] | None = None) -> PostView:
        return cls(
            id=row.id,
            code=row.code,
            names=NamesView(zh=row.name_zh, en=row.name_en),
            organisation=row.organisation_id,
            area=row.area,
            holders=holders,
        )


class OwnPostView(BaseModel):
    """A post whose tasks one has: one's own, or that of somebody for whom one acts (代)."""

    id: int
    code: str
    names: NamesView
    organisation: int
    area: str
    standing_in_for: list[PersonView] = Field(description="Whose deputy one is there; empty for a post of one's own.")

    @classmethod
    def of(cls, row: PostRow, absent: list[PersonView]) -> OwnPostView:
        return cls(
            id=row.id,
            code=row.code,
            names=NamesView(zh=row.name_zh, en=row.name_en),
            organisation=row.organisation_id,
            area=row.area,
            standing_in_for=absent,
        )


class OrganisationPage(BaseModel):
    items: list[OrganisationView]
    next: int | None = Field(description="Give it as `after` for the next page; null at the end.")


class PostPage(BaseModel):
    items: list[PostView]
    next: int | None


class GrantView(BaseModel):
    kind: str
    verbs: list[str]
    area: str = Field(description="Area code prefix or responsibility grid; empty: the whole city.")
    organisations: list[int] | None = Field(description="Ids; null: any organisation.")


class RoleNameView(BaseModel):
    code: str
    names: NamesView


class SessionView(BaseModel):
    kind: Literal["person", "token"]
    account: UUID
    login: str
    name: str
    organisation: OrganisationView | None
    posts: list[OwnPostView]
    roles: list[RoleNameView]
    grants: list[GrantView]
    must_change_password: bool = Field(description="Nothing is granted until the one-time password is changed.")
    expires_at: datetime | None = Field(description="When the sign-in ends if it is not used; machine time.")


def grant_views(actor: Actor) -> list[GrantView]:
    """The grants of an actor."""
    return [
        GrantView(
            kind=grant.kind,
            verbs=sorted(grant.verbs),
            area=grant.area,
            organisations=None if grant.organisations is None else sorted(grant.organisations),
        )
        for grant in actor.grants
    ]


class TokenView(BaseModel):
    id: UUID
    name: str
    grants: list[GrantBody]
    in_posts: bool
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, row: TokenRow) -> TokenView:
        return cls(
            id=row.id,
            name=row.name,
            grants=[GrantBody(kind=item.kind, verbs=sorted(item.verbs), area=item.area) for item in row.grants],
            in_posts=row.in_posts,
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
        )


class TokenPage(BaseModel):
    items: list[TokenView]
    next: UUID | None


class NewTokenView(BaseModel):
    token: str = Field(description="Shown this once.")
    details: TokenView


class AccountView(BaseModel):
    id: UUID
    login: str
    name: str
    organisation: int | None
    state: AccountState
    must_change_password: bool
    created_at: datetime

    @classmethod
    def of(cls, row: AccountRow) -> AccountView:
        return cls(
            id=row.id,
            login=row.login,
            name=row.name,
            organisation=row.organisation_id,
            state=row.state,
            must_change_password=row.must_change,
            created_at=row.created_at,
        )


class AccountPage(BaseModel):
    items: list[AccountView]
    next: UUID | None


class NewAccountView(BaseModel):
    account: AccountView
    password: str = Field(description="One-time password; shown this once.")


class AppointmentView(BaseModel):
    post: PostView | None
    post_id: int
    starts_at: datetime
    ends_at: datetime | None


class RoleGrantView(BaseModel):
    id: UUID
    role: str
    area: str
    organisation: int | None
    granted_at: datetime


class AccountDetailView(BaseModel):
    account: AccountView
    appointments: list[AppointmentView]
    roles: list[RoleGrantView]
    administrator: RoleClass | None = Field(description="Which of the three administrators this is, if any.")

    @classmethod
    def of(cls, detail: AccountDetail, directory: Directory) -> AccountDetailView:
        return cls(
            account=AccountView.of(detail.account),
            appointments=[
                AppointmentView(
                    post=PostView.of(post) if (post := directory.post(item.post_id)) is not None else None,
                    post_id=item.post_id,
                    starts_at=item.starts_at,
                    ends_at=item.ends_at,
                )
                for item in detail.appointments
            ],
            roles=[
                RoleGrantView(
                    id=item.id,
                    role=item.role_code,
                    area=item.area,
                    organisation=item.organisation_id,
                    granted_at=item.granted_at,
                )
                for item in detail.roles
            ],
            administrator=next(iter(detail.classes), None),
        )


class RoleGrantWords(BaseModel):
    kind: str
    verbs: list[str]
    area: Literal["any", "post"]
    organisation: Literal["any", "own", "subtree"]


class RoleView(BaseModel):
    code: str
    names: NamesView
    role_class: RoleClass | None = Field(serialization_alias="class")
    grants: list[RoleGrantWords]
    source: str
    active: bool

    @classmethod
    def of(cls, row: RoleRow) -> RoleView:
        return cls(
            code=row.code,
            names=NamesView(zh=row.name_zh, en=row.name_en),
            role_class=row.role_class,
            grants=[
                RoleGrantWords(kind=item.kind, verbs=sorted(item.verbs), area=item.area, organisation=item.organisation)
                for item in row.grants
            ],
            source=row.source,
            active=row.active,
        )


class RolePage(BaseModel):
    items: list[RoleView]
