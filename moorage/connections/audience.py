"""Who may use a model, as a pure rule: everyone, roles, or named people. What it can't read admits nobody.

A role that nobody has heard of may nothing, and neither may who is no member, whatever the rule says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args
from uuid import UUID

from moorage.accounts.permissions import PERMISSIONS

AudienceKind = Literal["everyone", "roles", "people", "nobody"]

ROLES: Final = frozenset(PERMISSIONS)
_KINDS: Final = frozenset(get_args(AudienceKind))


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose wish a call is. Their role is read where it is decided, never brought along."""

    team_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True)
class Audience:
    """Who may. `roles` counts for the kind "roles" alone; who is named stands in `model_person`."""

    kind: AudienceKind
    roles: frozenset[str] = frozenset()

    def admits(self, role: str | None, *, named: bool) -> bool:
        """Tell whether somebody of this role may; `named`: whether they are among the people of this rule."""
        if role not in ROLES:
            return False
        return {
            "everyone": True,
            "roles": role in self.roles,
            "people": named,
            "nobody": False,
        }[self.kind]

    def to_json(self) -> dict[str, Any]:
        """Give what is stored."""
        return {"kind": self.kind, **({"roles": sorted(self.roles)} if self.kind == "roles" else {})}

    @classmethod
    def of_roles(cls, roles: Iterable[str]) -> "Audience":
        """Give the rule for some roles."""
        return cls("roles", frozenset(roles))


EVERYONE: Final = Audience("everyone")
NOBODY: Final = Audience("nobody")


def read_audience(stored: object) -> Audience:
    """Read what is stored; None is no rule, which means everyone. What is not understood means nobody."""
    if stored is None:
        return EVERYONE
    kind = stored.get("kind") if isinstance(stored, Mapping) else None
    if not isinstance(stored, Mapping) or not isinstance(kind, str) or kind not in _KINDS:
        return NOBODY
    roles = stored.get("roles", ())
    if not isinstance(roles, list | tuple) or not all(isinstance(role, str) for role in roles):
        return NOBODY
    return Audience(stored["kind"], frozenset(roles))


def closest(own: object, general: object) -> Audience:
    """Give the rule that counts: that of the model where it has one, else that of all its kin."""
    return read_audience(general if own is None else own)
