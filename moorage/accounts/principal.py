"""Who is signed in, and the team they work in: read fresh for every request, so that a lost role is lost at once."""

from dataclasses import dataclass, field
from uuid import UUID

from moorage.audit.trail import Actor


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in person in one team. `role`, `plan` and `standing` are as stored; nobody has checked them yet."""

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
    csrf_token: str = field(repr=False)

    def actor(self, request_id: str) -> Actor:
        """Give the person as the audit trail names them."""
        return Actor(self.user_id, self.name, request_id)
