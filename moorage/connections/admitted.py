"""The one way from a team to an endpoint: it takes what the gate gave out in the transaction that decided (P14).

Nothing else in the rooms of teams asks the door for a line; tests/house/test_gate.py holds that.
"""

from collections.abc import AsyncGenerator
from typing import Protocol
from uuid import UUID

from moorage.accounts.access import Admission
from moorage.egress.door import Door, Finding, Line, Scope
from moorage.egress.trust import Trust
from moorage.egress.urls import Endpoint
from moorage.errors import AccessRefused


class Ways(Protocol):
    """What a walk to an endpoint needs of a door."""

    def line(self, scope: Scope, endpoint: Endpoint, trust: Trust = ...) -> Line:
        """Give the way to an endpoint."""
        ...

    def survey(self, scope: Scope, endpoint: Endpoint, trust: Trust = ...) -> AsyncGenerator[Finding, None]:
        """Walk the way to an endpoint without sending a request."""
        ...

    async def hang_up(self, connection: str) -> None:
        """Drop a connection's sockets."""
        ...


class AdmittedDoor:
    """The door as one team finds it whom the gate has just let through. Leads nowhere for another team."""

    def __init__(self, door: Door, admission: Admission) -> None:
        # Asked of the object itself, not of its type's name: a stand-in opens nothing.
        if type(admission) is not Admission:
            raise AccessRefused("access_standing_unknown")
        self._door = door
        self._team_id = admission.team_id

    def require(self, team_id: UUID | str) -> None:
        """Raise AccessRefused for another team than the one that was admitted."""
        if str(team_id) != str(self._team_id):
            raise AccessRefused("access_standing_unknown")

    def line(self, scope: Scope, endpoint: Endpoint, trust: Trust = Trust()) -> Line:  # noqa: B008 - frozen
        """Give the way to an endpoint. Raises AccessRefused for a scope of another team."""
        self.require(scope.team)
        return self._door.line(scope, endpoint, trust)

    def survey(
        self,
        scope: Scope,
        endpoint: Endpoint,
        trust: Trust = Trust(),  # noqa: B008 - frozen
    ) -> AsyncGenerator[Finding, None]:
        """Walk the way without a request, as `Door.survey`. Raises AccessRefused for a scope of another team."""
        self.require(scope.team)
        return self._door.survey(scope, endpoint, trust)

    async def hang_up(self, connection: str) -> None:
        """Drop a connection's sockets, as `Door.hang_up`."""
        await self._door.hang_up(connection)
