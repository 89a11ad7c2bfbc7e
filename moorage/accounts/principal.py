"""Who is signed in, and the team they work in: read fresh for every request, so that a lost role is lost at once."""

from dataclasses import dataclass, field
from uuid import UUID

from moorage.audit.trail import Actor
from moorage.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class SignInFacts:
    """How this browser came in. `has_proved` is true for some minutes after the person proved who they are.

    `must_add_factor`: the team asks for a second factor and this sign-in had none; until then it opens nothing else.
    `provider_id`: the team's identity provider vouched, so this sign-in is good for that team alone.
    `lasts_s`: the seconds it may still last, however busy it is.
    """

    id: UUID
    method: str
    has_second_factor: bool
    must_add_factor: bool
    has_proved: bool
    provider_id: UUID | None
    lasts_s: int = 0


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in person in one team. `role`, `plan` and `standing` are as stored; nobody has checked them yet.

    `client` is the address that their request came from.
    """

    user_id: UUID
    name: str
    email: str
    locale: str
    is_operator: bool
    team_id: UUID
    team_name: str
    plan: str
    standing: str
    role: str
    sign_in: SignInFacts
    csrf_token: str = field(repr=False)
    client: str = field(default="", repr=False)

    def actor(self, request_id: str) -> Actor:
        """Give the person as the audit trail names them."""
        return Actor(self.user_id, self.name, request_id, self.client)


def require_whole_account(principal: Principal) -> None:
    """Raise NotAllowed("bound_to_team") if a team's identity provider vouched: it is a key to that team and no further.

    Asked before whatever reaches beyond the team: other teams, invitations, and how the person signs in.
    """
    if principal.sign_in.provider_id is not None:
        raise NotAllowed("bound_to_team")


def require_proof(principal: Principal) -> None:
    """Raise NotAllowed("proof_needed") unless the person proved a few minutes ago who they are.

    Asked before what a stranger at an open browser must not do: change how one signs in, or who owns the team.
    """
    if not principal.sign_in.has_proved:
        raise NotAllowed("proof_needed")
