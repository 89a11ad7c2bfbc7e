"""The head of a chain: locked, judged before anything is added to it, and signed again with every entry.

A head that is not ours is never signed as it stands: that would make good what somebody cut off or rewrote.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.canonical import genesis, head_statement, tombstone_statement
from moorage.audit.client_address import DEFAULT_RULE
from moorage.audit.pen import Pen
from moorage.audit.tables import MAX_SEQ, AuditHeadRow, AuditKeyRow, AuditRow, AuditTombstoneRow
from moorage.errors import Unavailable
from moorage.storage.types import db_now

_ROOM: Final = 2**20  # entries that must still fit after the one a chain goes on from


@dataclass(frozen=True, slots=True)
class Start:
    """Where a chain begins now, or goes on: after entry `seq`, which has this hash."""

    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends, and its rules. `keep_days` None keeps everything; `pruned_through` 0: nothing was pruned."""

    team_id: UUID
    seq: int
    hash: bytes
    pruned_through: int
    keep_days: int | None
    clients: str
    key_number: int | None
    signature: bytes | None

    @property
    def statement(self) -> bytes:
        """Give what is signed of it."""
        return head_statement(self)


@dataclass(frozen=True, slots=True)
class TakenHead:
    """A head that this transaction holds. `now` is the database's time; `is_ours` False: somebody changed it."""

    head: Head
    now: datetime
    is_ours: bool


async def begin_head(tx: AsyncConnection, pen: Pen, team_id: UUID, *, once: bool = False) -> None:
    """Make the signed head of an empty chain. `once`: one that is there, or about to be, stays."""
    if once and await find_head(tx, team_id) is not None:
        return
    # Whoever makes a new key meanwhile waits for us, or we for them: no head stays behind under the old one.
    await tx.execute(select(AuditKeyRow.number).order_by(AuditKeyRow.number.desc()).limit(1).with_for_update(read=True))
    await pen.catch_up(tx)
    head = Head(team_id, 0, genesis(team_id), 0, None, DEFAULT_RULE, pen.number, None)
    signed = replace(head, signature=pen.sign_head(head))
    if once and tx.dialect.name == "postgresql":
        # SQLite has one writer: nobody comes between the look and this.
        await tx.execute(postgresql.insert(AuditHeadRow).values(**asdict(signed)).on_conflict_do_nothing())
    else:
        await tx.execute(insert(AuditHeadRow).values(**asdict(signed)))


async def take_head(tx: AsyncConnection, pen: Pen, team_id: UUID) -> TakenHead:
    """Lock a head and judge it.

    Raises Unavailable: audit_head_missing; audit_keys_behind while a signing key was made elsewhere whose data key
    this process is about to fetch. Judged before that, a good head would be called a false one for ever.
    """
    # The lock serialises the writers of one team; without it two entries could follow the same one.
    row = (await tx.execute(_TAKE, {"of_team_id": team_id})).one_or_none()
    if row is None:
        raise Unavailable("audit_head_missing")
    head, now = Head(*row[:-1]), row[-1]
    if pen.knows_head(head):
        return TakenHead(head, now, is_ours=True)
    await pen.catch_up(tx)
    is_ours = pen.knows_head(head)
    if not is_ours and pen.lacks_keys:
        raise Unavailable("audit_keys_behind")
    return TakenHead(head, now, is_ours=is_ours)


async def hold_trails(tx: AsyncConnection, team_ids: Iterable[UUID]) -> None:
    """Take the heads of several chains in one order, before anything is added to any of them.

    Who adds to one chain and then to all of a person's would wait in a circle with somebody else of the same teams.
    """
    held = select(AuditHeadRow.team_id).where(AuditHeadRow.team_id.in_(set(team_ids)))
    await tx.execute(held.order_by(AuditHeadRow.team_id).with_for_update())


async def find_head(tx: AsyncConnection, team_id: UUID) -> Head | None:
    """Give a head as it is stored; nobody has judged it."""
    row = (await tx.execute(select(*_COLUMNS).where(AuditHeadRow.team_id == team_id))).one_or_none()
    return None if row is None else Head(*row)


async def put_head(tx: AsyncConnection, pen: Pen, head: Head) -> Head:
    """Sign a head under the newest key and store it."""
    unsigned = replace(head, key_number=pen.number)
    signed = replace(unsigned, signature=pen.sign_head(unsigned))
    await tx.execute(_PUT, {f"new_{name}": value for name, value in asdict(signed).items()})
    return signed


async def find_true_end(tx: AsyncConnection, pen: Pen, claimed: Head) -> Head:
    """Give the head to go on from after a false one, whose number, hash and rules are not believed.

    That is the newest entry there is, or the end of what was provably pruned. An entry that leaves no room for others
    was put there to lock the team out, and is passed over.
    """
    pruned = await _proven_pruning(tx, pen, claimed.team_id)
    last = (
        await tx.execute(
            select(AuditRow.seq, AuditRow.hash)
            .where(AuditRow.team_id == claimed.team_id, AuditRow.seq <= MAX_SEQ - _ROOM)
            .order_by(AuditRow.seq.desc())
            .limit(1)
        )
    ).one_or_none()
    end = pruned if last is None or last.seq < pruned.seq else Start(last.seq, last.hash)
    return Head(claimed.team_id, end.seq, end.hash, pruned.seq, None, DEFAULT_RULE, pen.number, None)


async def _proven_pruning(tx: AsyncConnection, pen: Pen, team_id: UUID) -> Start:
    rows = await tx.execute(
        select(AuditTombstoneRow.__table__)
        .where(AuditTombstoneRow.team_id == team_id)
        .order_by(AuditTombstoneRow.first_seq)
    )
    through = Start(0, genesis(team_id))
    for row in rows:
        if row.first_seq != through.seq + 1:
            break
        if not pen.keys.prove(row.key_number, tombstone_statement(row), row.signature):
            break
        through = Start(row.last_seq, row.last_hash)
    return through


_COLUMNS: Final = tuple(AuditHeadRow.__table__.c)
# On the path of every audited act: building a statement costs more than executing it.
_TAKE: Final = select(*_COLUMNS, db_now()).where(AuditHeadRow.team_id == bindparam("of_team_id")).with_for_update()
_PUT: Final = (
    update(AuditHeadRow)
    .where(AuditHeadRow.team_id == bindparam("new_team_id"))
    .values({column.name: bindparam(f"new_{column.name}") for column in _COLUMNS if column.name != "team_id"})
)
