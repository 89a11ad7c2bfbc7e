"""Which role a provider's groups give. Pure: the highest that the map names, never one that it does not."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from moorage.accounts.permissions import ADMIN, MEMBER, OWNER
from moorage.errors import Invalid

MAX_RULES: Final = 100
MAX_GROUP_CHARS: Final = 200
_RANK: Final = (MEMBER, ADMIN, OWNER)


@dataclass(frozen=True, slots=True)
class RoleMap:
    """`rules` are (group, role). Without any, groups say nothing: roles stay, and `default` is for who is new.

    With rules, `default` is what somebody in no named group gets; None: nothing, and no entry. `may_make_owners`: the
    owner said expressly that groups may give that role, and take it.
    """

    rules: Sequence[tuple[str, str]] = ()
    default: str | None = None
    may_make_owners: bool = False

    @property
    def decides(self) -> bool:
        """True if groups give roles at all."""
        return bool(self.rules)

    def named(self, groups: Iterable[str]) -> str | None:
        """Give the highest role that a rule names for one of these groups."""
        held = frozenset(groups)
        roles = [role for group, role in self.rules if group in held and (role != OWNER or self.may_make_owners)]
        return max(roles, key=_RANK.index, default=None)

    def role_of(self, groups: Iterable[str]) -> str | None:
        """Give the role these groups make; None: no entry."""
        return self.named(groups) or self.default

    def to_json(self) -> str:
        """Give the rules for storing."""
        return json.dumps([list(rule) for rule in self.rules])


def read_rules(pairs: Iterable[tuple[str, str]], *, default: str | None, may_make_owners: bool) -> RoleMap:
    """Check a map that somebody typed. Raises Invalid, field `roles` or `default_role`."""
    rules = [(group.strip(), role) for group, role in pairs]
    if len(rules) > MAX_RULES:
        raise Invalid("role_map_too_long", field="roles", length=MAX_RULES)
    for group, role in rules:
        if not group or len(group) > MAX_GROUP_CHARS or not group.isprintable() or role not in _RANK:
            raise Invalid("role_map_invalid", field="roles")
        if role == OWNER and not may_make_owners:
            raise Invalid("role_map_owner", field="roles")
    if len({group for group, _ in rules}) != len(rules):
        raise Invalid("role_map_twice", field="roles")
    if default not in (None, MEMBER, ADMIN):
        raise Invalid("role_map_owner", field="default_role")
    return RoleMap(rules, default, may_make_owners)


def stored_rules(text: str, *, default: str | None, may_make_owners: bool) -> RoleMap:
    """Give a map as its row holds it."""
    return RoleMap([(group, role) for group, role in json.loads(text)], default, may_make_owners)


def parse_rules(text: str) -> RoleMap:
    """Read the operator's `group=role` list; "owner" there is said expressly. Raises Invalid("role_map_invalid")."""
    entries = [entry.strip() for entry in text.split(",") if entry.strip()]
    pairs = [(group, role.strip()) for group, _, role in (entry.rpartition("=") for entry in entries)]
    rules = read_rules(pairs, default=None, may_make_owners=True)
    # Only who wrote a rule for owners lets the provider decide over those who were made by hand.
    names_owners = any(role == OWNER for _, role in rules.rules)
    return RoleMap(rules.rules, None if rules.decides else MEMBER, may_make_owners=names_owners)
