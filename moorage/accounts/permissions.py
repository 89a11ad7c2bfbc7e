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
    SEE_TALLY = "see_tally"  # how the team's comparisons came out: figures, no names and no content
    RULE_MODELS = "rule_models"  # who may use a model, and what the team's own names for models stand for
    SEE_TEAM_USAGE = "see_team_usage"
    RULE_PRICES = "rule_prices"  # what the team's own contracts say; figures are multiplied by it and nothing is billed
    SEE_AUDIT = "see_audit"
    EXPORT_AUDIT = "export_audit"  # takes names and networks of everybody out of the house
    RULE_AUDIT = "rule_audit"  # what is kept, and what is recorded of where people come from
    RENAME_TEAM = "rename_team"
    RULE_CONVERSATIONS = "rule_conversations"  # the seal that new ones begin with, and who makes their titles
    LIFT_SEALS = "lift_seals"  # of any conversation of the team, by its id, without seeing what is in it
    EXPORT_RECEIPTS = "export_receipts"  # of any conversation of the team, without a word of content
    SEE_PRIVACY = "see_privacy"  # whom words reach, undertakings, the record of processing
    RULE_PRIVACY = "rule_privacy"  # how long things are kept, undertakings, whether only cleared models are used
    EXPORT_TEAM = "export_team"  # what the team decided and set up, as a file
    ERASE = "erase"  # a person's data in the team, or the whole team
    MANAGE_MEMBERS = "manage_members"
    SEE_SIGN_IN_RULES = "see_sign_in_rules"
    MANAGE_OWNERS = "manage_owners"  # who owns the team, and handing it over
    SIGN_MEMBERS_OUT = "sign_members_out"
    CHANGE_SIGN_IN_RULES = "change_sign_in_rules"


_MEMBER: Final = frozenset({Permission.WRITE, Permission.SEE_TEAM, Permission.SEE_TALLY})
_ADMIN: Final = _MEMBER | {
    Permission.MANAGE_CONNECTIONS,
    Permission.RULE_MODELS,
    Permission.SEE_TEAM_USAGE,
    Permission.RULE_PRICES,
    Permission.SEE_AUDIT,
    Permission.RENAME_TEAM,
    Permission.RULE_CONVERSATIONS,
    Permission.LIFT_SEALS,
    Permission.SEE_PRIVACY,
    Permission.MANAGE_MEMBERS,
    Permission.SEE_SIGN_IN_RULES,
}
_OWNER: Final = _ADMIN | {
    Permission.MANAGE_OWNERS,
    Permission.SIGN_MEMBERS_OUT,
    Permission.CHANGE_SIGN_IN_RULES,
    Permission.EXPORT_AUDIT,
    Permission.RULE_AUDIT,
    Permission.EXPORT_RECEIPTS,
    Permission.RULE_PRIVACY,
    Permission.EXPORT_TEAM,
    Permission.ERASE,
}
PERMISSIONS: Final[Mapping[str, frozenset[Permission]]] = {
    OWNER: _OWNER,
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
