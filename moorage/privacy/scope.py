"""Whose data something is about, and where: a person in one team, a person everywhere, or a whole team."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select, true

from moorage.accounts.tables import TeamRow
from moorage.audit.tables import AuditHeadRow, AuditRow


@dataclass(frozen=True, slots=True)
class PersonScope:
    """A person in one team; `team_id` None: in every team.

    `whole_account`: the account itself, too, and then whatever bears its id, wherever it is: `team_id` is who asked.
    """

    person_id: UUID
    team_id: UUID | None
    whole_account: bool = False

    def within(self, team_column: Any) -> ColumnElement[bool]:
        """Give the condition that a row is of this team; true where every team is meant."""
        found: ColumnElement[bool] = (
            true() if self.team_id is None or self.whole_account else team_column == self.team_id
        )
        return found

    def in_teams(self, team_column: Any) -> ColumnElement[bool]:
        """As `within`, where an index begins with the team: every team is named, one after the other, so that it helps.

        For large tables of rows that have a team and go with it.
        """
        if self.team_id is None or self.whole_account:
            found: ColumnElement[bool] = team_column.in_(select(TeamRow.id))
            return found
        return self.within(team_column)

    def in_trails(self) -> ColumnElement[bool]:
        """Give the condition that an entry of a trail is by this person, or about them."""
        acted, named = AuditRow.actor_id == self.person_id, AuditRow.object_id == str(self.person_id)
        if self.team_id is None or self.whole_account:
            # As in `in_teams`; the deployment's trail has a head, and no team.
            its = AuditRow.team_id == AuditHeadRow.team_id
            trails = select(AuditHeadRow.team_id).where(exists().where(its, acted) | exists().where(its, named))
            return (acted | named) & AuditRow.team_id.in_(trails)
        return (acted | named) & (AuditRow.team_id == self.team_id)

    def is_them(self, person_column: Any) -> ColumnElement[bool]:
        """Give the condition that a column names this person."""
        found: ColumnElement[bool] = person_column == self.person_id
        return found


@dataclass(frozen=True, slots=True)
class TeamScope:
    """A whole team."""

    team_id: UUID
