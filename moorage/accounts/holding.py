"""Which sign-ins hold now: one condition for requests, open streams and the lists that people and operators read."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Select, and_, or_, select, type_coerce
from sqlalchemy import cast as sql_cast

from moorage.accounts import provider_only
from moorage.accounts.provider_tables import IdentityProviderRow
from moorage.accounts.tables import MembershipRow, SignInRow, TeamRow, UserRow
from moorage.storage.types import db_after, db_now

IDLE_LIMIT: Final = timedelta(hours=12)
MINUTE_US: Final = 60_000_000


def sign_ins_that_hold(*columns: Any) -> Select[Any]:
    """Select from sign-ins of members whom deployment and team admit now, with person, membership and team at hand.

    Whether the team asks for a second factor first is `lacks_second_factor`: adding one must stay possible.
    """
    return (
        select(*columns)
        .select_from(SignInRow)
        .join(UserRow, UserRow.id == SignInRow.user_id)
        .join(
            MembershipRow,
            and_(MembershipRow.user_id == SignInRow.user_id, MembershipRow.team_id == SignInRow.team_id),
        )
        .join(TeamRow, TeamRow.id == SignInRow.team_id)
        .outerjoin(IdentityProviderRow, IdentityProviderRow.team_id == SignInRow.team_id)
        .where(
            is_within_limits(),
            _is_within(TeamRow.idle_limit_min, type_coerce(SignInRow.seen_at, BigInteger)),
            _is_within(TeamRow.lifetime_min, type_coerce(SignInRow.created_at, BigInteger)),
            provider_only.still_opens(),
        )
    )


def lacks_second_factor() -> ColumnElement[bool]:
    """True where the team asks for a second factor that this sign-in has not had.

    Whom the team's own provider vouched for is asked there: an owner of the team chose it. The deployment's provider
    is nobody's choice in the team: it counts if it says that it asked for a second factor.
    """
    return and_(TeamRow.needs_second_factor, SignInRow.second_factor_at.is_(None), SignInRow.provider_id.is_(None))


def is_within_limits() -> ColumnElement[bool]:
    """True for a sign-in within the deployment's own limits; a team may have shorter ones."""
    return and_(SignInRow.expires_at > db_now(), SignInRow.seen_at > db_after(-IDLE_LIMIT))


def _is_within(limit_min: Any, since_us: ColumnElement[int]) -> ColumnElement[bool]:
    # Minutes fit 32 bits, their microseconds don't.
    limit_us = sql_cast(limit_min, BigInteger) * MINUTE_US
    return or_(limit_min.is_(None), since_us + limit_us > type_coerce(db_now(), BigInteger))
