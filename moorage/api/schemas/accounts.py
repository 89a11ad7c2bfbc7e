"""Session, people, team and invitations."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from moorage.api.schemas.base import Input, Password, Problem, Shape
from moorage.api.schemas.factors import SecondStepView
from moorage.api.schemas.plans import PlanTerms

RoleName = Literal["owner", "admin", "member"]
LocaleName = Literal["en", "de"]


class Me(Shape):
    """The signed-in person. `must_add_factor`: the team asks for a second factor before anything else opens.

    `is_bound`: the team's identity provider vouched, so that this sign-in is good for that team alone.
    """

    id: UUID
    name: str
    email: str
    locale: LocaleName
    is_operator: bool
    must_add_factor: bool
    is_bound: bool


class MyTeam(Shape):
    """The team the person works in now. `refusal` says why own models are closed, if they are (P14)."""

    id: UUID
    name: str
    plan: str
    standing: str
    role: RoleName
    refusal: Problem | None = None


class TeamChoice(Shape):
    """Another team the person belongs to."""

    id: UUID
    name: str


class ProviderButton(Shape):
    """The deployment's identity provider. `only`: nobody signs in by other means."""

    name: str
    only: bool


class SessionView(Shape):
    """Who is here. `me` and `team` are null before sign-in; `setup_needed` is true until the first account exists.

    `can_mail`: this deployment sends mails, so a forgotten password can be set anew by one.
    `second_step` is what is still asked after a right password. `passkeys_work`: browsers allow them at this address.
    `recovery_left`: a recovery code was just used, and so many are left.
    """

    me: Me | None = None
    team: MyTeam | None = None
    teams: list[TeamChoice] = Field(default_factory=list)
    csrf_token: str | None = None
    second_step: SecondStepView | None = None
    passkeys_work: bool
    recovery_left: int | None = None
    setup_needed: bool
    sign_up_open: bool
    can_mail: bool
    provider: ProviderButton | None = None
    demo: bool
    version: str | None = None


class SignUp(Input):
    """A new person with a new team on the Free plan (P4). The first one becomes operator."""

    name: str = Field(min_length=1, max_length=120)
    email: str = Field(min_length=3, max_length=254)
    password: Password
    team_name: str = Field(min_length=1, max_length=120)
    locale: LocaleName = "en"


class SignIn(Input):
    """Sign-in by mail address and password."""

    email: str = Field(min_length=3, max_length=254)
    password: Password


class ProfileChange(Input):
    """What a person may change of themselves."""

    name: str | None = Field(default=None, min_length=1, max_length=120)
    locale: LocaleName | None = None


class TeamSwitch(Input):
    """Work in another team from now on."""

    team_id: UUID


class MemberView(Shape):
    """One member of the team. `has_second_factor` is told to owners and admins."""

    user_id: UUID
    name: str
    email: str
    role: RoleName
    joined_at: str
    is_me: bool
    has_second_factor: bool | None = None


class InvitationView(Shape):
    """An open invitation. The link itself is shown once, when it is made."""

    id: UUID
    role: RoleName
    note: str
    created_at: str
    expires_at: str
    invited_by: str


class TeamView(Shape):
    """The team with its members and open invitations (the latter for owners and admins), and what its plan includes."""

    id: UUID
    name: str
    plan: str
    standing: str
    includes: PlanTerms
    members: list[MemberView]
    invitations: list[InvitationView]


class TeamChange(Input):
    """Rename the team."""

    name: str = Field(min_length=1, max_length=120)


class RoleChange(Input):
    """Give a member another role."""

    role: RoleName


class InvitationMake(Input):
    """Invite somebody by link. `note` helps to tell links apart ("for Jana"); to `email` the link is sent, if given."""

    role: RoleName = "member"
    note: str = Field(default="", max_length=120)
    email: str | None = Field(default=None, min_length=3, max_length=254)


class InvitationMade(Shape):
    """The new invitation; `path` is shown this once ("/invite#…", relative to the deployment's address)."""

    invitation: InvitationView
    path: str


class InvitationLink(Input):
    """A link's token, from the fragment of its address."""

    token: str = Field(min_length=1, max_length=128)


class InvitationPeek(Shape):
    """What the holder of a link sees before accepting."""

    team_name: str
    role: RoleName
    invited_by: str


class InvitationAccept(Input):
    """Accept with a new account. Signed-in people accept with the token alone (all other fields null)."""

    token: str = Field(min_length=1, max_length=128)
    name: str | None = Field(default=None, min_length=1, max_length=120)
    email: str | None = Field(default=None, min_length=3, max_length=254)
    password: Password | None = None
    locale: LocaleName = "en"
