"""How the last call to an endpoint went, stored in one statement: state, cause, since when, and the circuit breaker.

The breaker opens when nobody got through three times in a row over at least a minute, and at once for a key that was
refused; the first good answer closes it. It refuses nobody's message (docs/adr/0026): it says when to tell somebody.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Update, and_, bindparam, case, func, null, or_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.connections.health import judge_health
from moorage.connections.tables import ConnectionRow
from moorage.errors import Param
from moorage.storage.soon import soon
from moorage.storage.types import db_after, db_now

By = Literal["call", "check"]

OPENS_AFTER: Final = 3
OPENS_AFTER_TIME: Final = timedelta(seconds=60)
# The endpoint did not come to answer. One time is slow; several in a row are no answer.
_NO_ANSWER: Final = frozenset({"first_byte_timeout", "stalled", "took_too_long", "test_took_too_long", "overloaded"})
# They are about the key itself, not about one model or one moment: nobody needs to see them three times.
_ABOUT_THE_KEY: Final = frozenset({"bad_key", "key_missing", "key_unreadable", "client_certificate_refused"})
# What a list that answers refutes. A broken model behind an API that lists it well is not among them.
REFUTED_BY_A_LIST: Final = frozenset(
    {
        "connect_refused",
        "connect_timeout",
        "connect_failed",
        "connection_lost",
        "address_not_public",
        "tls_name",
        "tls_expired",
        "tls_untrusted",
        "tls_failed",
        "tls_pin",
        "tls_client_certificate",
        "redirected",
        "tunnel_down",
        "overloaded",
        "rate_limited",
        "model_loading",
    }
)


async def note(
    tx: AsyncConnection,
    team_id: UUID,
    connection_id: UUID,
    code: str | None,
    *,
    facts: Mapping[str, Param] | None = None,
    by: By = "call",
    key_number: int | None = None,
) -> None:
    """Store how a call or a check went; a code of None means well. What says nothing about the endpoint is dropped.

    `facts` fill the code's sentence. `key_number` drops news about an address and key that were replaced since.
    """
    health = judge_health(code)
    if health is None:
        return
    if by == "check" and code in _NO_ANSWER:
        health = "unreachable"
    counts = health in {"refused", "unreachable"} or code in _NO_ANSWER
    at_once = code in _ABOUT_THE_KEY or (by == "check" and health == "refused")
    kind = _kind_of(health, by, counts=counts, at_once=at_once)
    said: dict[str, Any] = {
        "its_id": connection_id,
        "its_team_id": team_id,
        "new_code": code,
        "new_facts": dict(facts) if facts else None,
        "new_by": by,
    }
    if kind != "refused":
        said["new_health"] = health
    if counts:
        # Slow several times in a row is not slow any more.
        said["open_health"] = "unreachable" if health == "slow" else health
    if key_number is None:
        await soon(tx, _STATEMENTS[kind], said)
    else:
        await soon(tx, _OF_KEY[kind], {**said, "its_key_number": key_number})


def _kind_of(health: str, by: By, *, counts: bool, at_once: bool) -> str:
    if health == "healthy":
        return "listed" if by == "check" else "good"
    if not counts:
        return "slow"
    return "refused" if at_once else "failed"


def _since(word: ColumnElement[str]) -> ColumnElement[Any]:
    is_same = ConnectionRow.health == word
    return case((is_same, func.coalesce(ConnectionRow.health_since, db_now())), else_=db_now())


def _writing(word: ColumnElement[str], **more: Any) -> Update:
    return (
        update(ConnectionRow)
        .where(ConnectionRow.id == bindparam("its_id"), ConnectionRow.team_id == bindparam("its_team_id"))
        .values(
            health=word,
            health_code=bindparam("new_code"),
            health_facts=bindparam("new_facts"),
            health_by=bindparam("new_by"),
            health_since=_since(word),
            health_at=db_now(),
            **more,
        )
    )


def _failing(opens: ColumnElement[bool] | None) -> Update:
    """Write a failure; `opens`: what opens the breaker, None: this very one."""
    is_open = None if opens is None else or_(ConnectionRow.opened_at.is_not(None), opens)
    word: ColumnElement[str] = bindparam("open_health", type_=ConnectionRow.health.type)
    if is_open is not None:
        word = case((is_open, word), else_=bindparam("new_health", type_=ConnectionRow.health.type))
    now_or_before = func.coalesce(ConnectionRow.opened_at, db_now())
    return _writing(
        word,
        failures=ConnectionRow.failures + 1,
        failing_since=func.coalesce(ConnectionRow.failing_since, db_now()),
        opened_at=now_or_before if is_open is None else case((is_open, now_or_before), else_=null()),
    )


_WORD: Final = bindparam("new_health", type_=ConnectionRow.health.type)
_CLOSED: Final[Mapping[str, Any]] = {"failures": 0, "failing_since": None, "opened_at": None}
_ENOUGH: Final = and_(
    ConnectionRow.failures + 1 >= OPENS_AFTER, ConnectionRow.failing_since <= db_after(-OPENS_AFTER_TIME)
)
_REFUTED: Final = and_(
    ConnectionRow.health != "refused",
    or_(
        ConnectionRow.health_by == "check",
        ConnectionRow.health_code.is_(None),
        ConnectionRow.health == "healthy",
        ConnectionRow.health_code.in_(REFUTED_BY_A_LIST),
    ),
)
# Built once: building a statement takes several times as long as running it.
_STATEMENTS: Final[Mapping[str, Update]] = {
    "good": _writing(_WORD, good_at=db_now(), **_CLOSED),
    # It answered, if only that it is busy.
    "slow": _writing(_WORD, **_CLOSED),
    "failed": _failing(_ENOUGH),
    "refused": _failing(None),
    "listed": _writing(_WORD, good_at=db_now(), **_CLOSED).where(_REFUTED),
}
_OF_KEY: Final = {
    kind: statement.where(ConnectionRow.key_number == bindparam("its_key_number"))
    for kind, statement in _STATEMENTS.items()
}
