"""What each role may do, in one table. A role that is not in it may do nothing."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from moorage.accounts.principal import Principal
from moorage.errors import NotAllowed

OWNER: Final = "owner"
ADMIN: Final = "admin"
MEMBER: Final = "member"


class Permission(StrEnum):
    """One thing that not everybody may do."""

    WRITE = "write"  # conversations and replies
    SEE_TEAM = "see_team"
    MANAGE_CONNECTIONS = "manage_connections"
    SEE_TEAM_USAGE = "see_team_usage"
    SEE_AUDIT = "see_audit"
    RENAME_TEAM = "rename_team"
    MANAGE_MEMBERS = "manage_members"
    MANAGE_OWNERS = "manage_owners"


_MEMBER: Final = frozenset({Permission.WRITE, Permission.SEE_TEAM})
_ADMIN: Final = _MEMBER | {
    Permission.MANAGE_CONNECTIONS,
    Permission.SEE_TEAM_USAGE,
    Permission.SEE_AUDIT,
    Permission.RENAME_TEAM,
    Permission.MANAGE_MEMBERS,
}
PERMISSIONS: Final[Mapping[str, frozenset[Permission]]] = {
    OWNER: _ADMIN | {Permission.MANAGE_OWNERS},
    ADMIN: _ADMIN,
    MEMBER: _MEMBER,
}


def allows(role: str | None, permission: Permission) -> bool:
    """True when the role includes the permission."""
    return role is not None and permission in PERMISSIONS.get(role, frozenset())


def require(principal: Principal, permission: Permission) -> None:
    """Raise NotAllowed("not_allowed") unless the person's role includes the permission."""
    if not allows(principal.role, permission):
        raise NotAllowed("not_allowed")
