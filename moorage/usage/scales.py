"""How many tokens a model really makes of so many bytes, learnt from what its endpoint reports (P16).

An estimate knows the length of a text and nothing of the model's vocabulary. What calls with reported figures come to,
per connection or provider and model, is gathered in the process and stored now and then: it may be lost, and returns.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Float, Integer, bindparam, case, cast, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.storage.database import GroupWriter
from moorage.usage.tables import TokenScaleRow

# Of fewer tokens, what a template adds around a turn outweighs the words.
LEAST_ESTIMATE: Final = 40
NARROWEST: Final = 0.25
WIDEST: Final = 4.0
# What is newer than so many calls outweighs what is older: models change behind a name.
_REMEMBERED_CALLS: Final = 32
_KNOWN_FOR_S: Final = 60.0
_MOST_KNOWN: Final = 5000


class Key(NamedTuple):
    """A connection's id or a standard provider's name, and a model there."""

    source: str
    model_id: str

    @classmethod
    def of(cls, connection_id: UUID | None, provider: str, model_id: str) -> "Key":
        """Give the key of a model of a connection, or of a standard provider where there is none."""
        return cls(str(connection_id or provider), model_id)


@dataclass(frozen=True, slots=True)
class Scale:
    """By what to multiply an estimate of tokens; 1.0 until something was learnt."""

    tokens_in: float = 1.0
    tokens_out: float = 1.0

    def prompt(self, estimate: int) -> int:
        """Give the better estimate of a prompt's tokens."""
        return _scaled(estimate, self.tokens_in)

    def answer(self, estimate: int) -> int:
        """Give the better estimate of an answer's tokens."""
        return _scaled(estimate, self.tokens_out)


AS_ESTIMATED: Final = Scale()


@dataclass(slots=True)
class _Heard:
    """What some calls were estimated and reported to have, in tokens."""

    calls_in: int = 0
    estimated_in: int = 0
    reported_in: int = 0
    calls_out: int = 0
    estimated_out: int = 0
    reported_out: int = 0

    def __add__(self, other: "_Heard") -> "_Heard":
        return _Heard(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


class Scales:
    """Learns for one process. `clock` gives seconds and never goes back."""

    def __init__(self, clock: Any = time.monotonic) -> None:
        self._clock = clock
        self._heard: dict[Key, _Heard] = {}
        self._known: dict[Key, tuple[Scale, float]] = {}

    def learn_prompt(self, key: Key, estimated: int, reported: int) -> None:
        """Hear what a prompt really had. An estimate that is not of bytes, of a picture's say, teaches nothing."""
        if estimated >= LEAST_ESTIMATE and reported > 0:
            heard = self._heard.setdefault(key, _Heard())
            heard.calls_in += 1
            heard.estimated_in += estimated
            heard.reported_in += reported

    def learn_answer(self, key: Key, estimated: int, reported: int) -> None:
        """Hear what an answer really had, thinking that nobody saw included."""
        if estimated >= LEAST_ESTIMATE and reported > 0:
            heard = self._heard.setdefault(key, _Heard())
            heard.calls_out += 1
            heard.estimated_out += estimated
            heard.reported_out += reported

    async def of(self, tx: AsyncConnection, key: Key) -> Scale:
        """Give what is known of a model, not older than a minute."""
        known = self._known.get(key)
        if known is not None and self._clock() < known[1]:
            return known[0]
        found = await tx.execute(_READ, {"of_source": key.source, "of_model": key.model_id})
        row = found.one_or_none()
        scale = AS_ESTIMATED if row is None else Scale(row.scale_in, row.scale_out)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[key] = scale, self._clock() + _KNOWN_FOR_S
        return scale

    async def store(self, writer: GroupWriter) -> None:
        """Store what was heard since the last time; what can't be stored now is kept for the next."""
        heard, self._heard = self._heard, {}
        if not heard:
            return
        try:
            await writer.do(lambda tx: _store(tx, heard))
        except BaseException:
            # Meanwhile the same models have answered others.
            for key, one in heard.items():
                self._heard[key] = one + self._heard.get(key, _Heard())
            raise
        for key in heard:
            self._known.pop(key, None)


async def _store(tx: AsyncConnection, heard: Mapping[Key, _Heard]) -> None:
    statement = _LEARN_POSTGRESQL if tx.dialect.name == "postgresql" else _LEARN_SQLITE
    # In one order: two processes never wait for each other in a circle.
    for key in sorted(heard):
        one = heard[key]
        await tx.execute(
            statement,
            {
                "of_source": key.source,
                "of_model": key.model_id,
                "new_in": _ratio(one.estimated_in, one.reported_in),
                "new_calls_in": one.calls_in,
                "new_out": _ratio(one.estimated_out, one.reported_out),
                "new_calls_out": one.calls_out,
            },
        )


def _ratio(estimated: int, reported: int) -> float:
    return min(max(reported / estimated, NARROWEST), WIDEST) if estimated else 1.0


def _scaled(estimate: int, scale: float) -> int:
    return max(1, round(estimate * scale)) if estimate else 0


def _mixed(old: Any, old_calls: Any, new: Any, new_calls: Any) -> Any:
    weight = case((old_calls > _REMEMBERED_CALLS, _REMEMBERED_CALLS), else_=old_calls)
    both = cast(weight + new_calls, Float)
    return case((new_calls > 0, (old * weight + new * new_calls) / both), else_=old)


def _learning(insert: Any) -> Any:
    row = TokenScaleRow
    new_in, new_out = bindparam("new_in", type_=Float), bindparam("new_out", type_=Float)
    calls_in, calls_out = bindparam("new_calls_in", type_=Integer), bindparam("new_calls_out", type_=Integer)
    learnt = insert(row).values(
        source=bindparam("of_source"),
        model_id=bindparam("of_model"),
        scale_in=new_in,
        calls_in=calls_in,
        scale_out=new_out,
        calls_out=calls_out,
    )
    return learnt.on_conflict_do_update(
        index_elements=["source", "model_id"],
        set_={
            "scale_in": _mixed(row.scale_in, row.calls_in, new_in, calls_in),
            "calls_in": row.calls_in + calls_in,
            "scale_out": _mixed(row.scale_out, row.calls_out, new_out, calls_out),
            "calls_out": row.calls_out + calls_out,
        },
    )


_READ: Final = select(TokenScaleRow.scale_in, TokenScaleRow.scale_out).where(
    TokenScaleRow.source == bindparam("of_source"), TokenScaleRow.model_id == bindparam("of_model")
)
_LEARN_SQLITE: Final = _learning(sqlite.insert)
_LEARN_POSTGRESQL: Final = _learning(postgresql.insert)
