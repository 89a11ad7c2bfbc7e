"""When a message is not even tried: nobody could connect to its endpoint in the last ten seconds, nor before that.

Everything else is tried, whatever the state says: one person's wait is another's proof that it works again (ADR 0026).
"""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Label, and_, case

from moorage.connections.tables import ConnectionRow
from moorage.errors import EndpointFailure
from moorage.storage.types import db_after

WINDOW: Final = timedelta(seconds=10)
# Those that everybody would wait for again. What fails at once is tried at once.
_COSTS_A_WAIT: Final = ("connect_timeout", "connect_failed")


def is_resting() -> Label[Any]:
    """Give the column that tells it of a connection's row, by the database's clock: 1 or 0."""
    just_failed = and_(
        ConnectionRow.opened_at.is_not(None),
        ConnectionRow.health_code.in_(_COSTS_A_WAIT),
        ConnectionRow.health_at > db_after(-WINDOW),
    )
    return case((just_failed, 1), else_=0).label("is_resting")


def refuse_resting(connection: str) -> EndpointFailure:
    """Give what a message ends with that was not tried; it is stored all the same."""
    return EndpointFailure("connection_resting", connection=connection, window_s=int(WINDOW.total_seconds()))
