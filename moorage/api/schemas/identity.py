"""Identity providers: a team's own, the way there and back, and the links of a person."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from moorage.api.schemas.accounts import LocaleName, RoleName, SessionView
from moorage.api.schemas.base import Input, Problem, Shape

PurposeName = Literal["sign_in", "link", "test", "prove"]
ProviderStageName = Literal["url", "dns", "address", "tcp", "tls", "discovery", "keys"]


class ProviderOffer(Shape):
    """What a team's sign-in page shows to strangers."""

    name: str
    team_name: str


class ProviderStart(Input):
    """Sign in by an identity provider: the team's, or the deployment's (no team). `next` is a path of the pages."""

    team_id: UUID | None = None
    next: str = Field(default="/", max_length=500)


class IdentityLink(Input):
    """Link one's account to the team's provider, or to the deployment's (no team)."""

    team_id: UUID | None = None


class ProviderProof(Input):
    """Prove who one is by signing in at the provider again."""

    next: str = Field(default="/", max_length=500)


class ProviderBegun(Shape):
    """Where the browser goes now."""

    url: str


class ProviderReturn(Input):
    """What the browser brought back. `provider` is the last part of the page's path: "deployment" or the team's id."""

    provider: str = Field(max_length=40)
    state: str = Field(default="", max_length=200)
    code: str | None = Field(default=None, max_length=5000)
    iss: str | None = Field(default=None, max_length=600)
    error: str | None = Field(default=None, max_length=200)
    locale: LocaleName = "en"


class ProviderFound(Shape):
    """What a test's sign-in found. `role` is what the groups give; null: no entry."""

    role: RoleName | None
    groups: int
    has_mail: bool
    is_mail_verified: bool
    is_linked: bool


class ProviderReturned(Shape):
    """How it ended, and the page to go on with. `found` is there after a test."""

    purpose: PurposeName
    next: str
    session: SessionView
    found: ProviderFound | None = None


class RoleRule(Shape):
    """Whoever is in the group gets the role."""

    group: str
    role: RoleName


class RoleRuleInput(Input):
    """The same as it is typed."""

    group: str = Field(min_length=1, max_length=200)
    role: RoleName


class IdentityProviderView(Shape):
    """The team's identity provider. The secret never comes back.

    `needs_secret`: it was lost with its key, and an owner has to enter it again. `unlinked`: how many members it does
    not know yet.
    """

    id: UUID
    name: str
    issuer: str
    client_id: str
    has_secret: bool
    needs_secret: bool
    scopes: str
    groups_claim: str
    roles: list[RoleRule]
    default_role: RoleName | None
    may_make_owners: bool
    enabled: bool
    only: bool
    tested_at: str | None
    am_linked: bool
    has_break_glass: bool
    unlinked: int


class SignInRulesView(Shape):
    """How people come into the team by an identity provider, and the addresses to enter there."""

    provider: IdentityProviderView | None
    redirect_uri: str
    logout_uri: str
    sign_in_path: str
    may_change: bool


class IdentityProviderInput(Input):
    """A provider as typed. `client_secret` null keeps the stored one; "" means that there is none."""

    name: str = Field(min_length=1, max_length=80)
    issuer: str = Field(min_length=1, max_length=500)
    client_id: str = Field(min_length=1, max_length=255)
    client_secret: str | None = Field(default=None, max_length=2000)
    scopes: str = Field(default="openid profile email", max_length=255)
    groups_claim: str = Field(default="", max_length=100)
    roles: list[RoleRuleInput] = Field(default_factory=list, max_length=100)
    default_role: RoleName | None = None
    may_make_owners: bool = False


class IdentityProviderSwitch(Input):
    """On or off, and whether nobody enters the team by other means."""

    enabled: bool
    only: bool = False


class ProviderStageView(Shape):
    """One stage of a test."""

    stage: ProviderStageName
    state: Literal["running", "passed", "warned", "failed", "skipped"]
    problem: Problem | None = None
    ms: float | None = None


class ProviderTestFinished(Shape):
    """The end of a test."""

    passed: bool


class IdentityView(Shape):
    """One link of a person's account. `team_name` is empty for the deployment's own provider."""

    id: UUID
    provider_name: str
    team_name: str
    linked_at: str
    used_at: str


class LinkableProvider(Shape):
    """A provider that one's account could be linked to, and is not. `team_id` null: the deployment's."""

    team_id: UUID | None
    name: str
    team_name: str


class IdentityList(Shape):
    """A person's links, and what could be linked."""

    identities: list[IdentityView]
    linkable: list[LinkableProvider]
