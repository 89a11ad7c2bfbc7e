"""Carries an erasure out, in bounded batches: first the doors shut, then the words go, at last whatever names them.

Each batch is a transaction of the caller's, and finds by itself what is left: a killed process loses nothing of it.
"""

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Update, delete, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.access import ERASING
from moorage.accounts.provider_tables import IdentityProviderRow, IdentityRow, LogoutTokenRow, ProviderSessionRow
from moorage.accounts.tables import InvitationRow, MembershipRow, PendingRow, ResetRow, SignInRow, TeamRow, UserRow
from moorage.chat.search_index import erase_forgotten
from moorage.chat.tables import AttachmentRow, ConversationRow
from moorage.privacy.fates import ALL, Fate, New, Way, rows_of_team
from moorage.privacy.scope import PersonScope, TeamScope
from moorage.storage.answering import let_take_long
from moorage.usage.closed import CLOSED_DAYS, FORTNIGHTS, hand_over_fortnights, hold_closing
from moorage.usage.rollups import hand_over_days
from moorage.usage.tables import ByomDayRow, ByomUsageRow, StandardUsageRow

WORDS_AT_ONCE: Final = 50
ROWS_AT_ONCE: Final = 1000
_DOORS_OF_TEAM: Final = (
    IdentityRow,
    LogoutTokenRow,
    SignInRow,
    PendingRow,
    InvitationRow,
    MembershipRow,
    IdentityProviderRow,
)
_DOORS: Final = (ProviderSessionRow, SignInRow, PendingRow, ResetRow, IdentityRow, MembershipRow)
_WORDS: Final = (ConversationRow, AttachmentRow)
_COUNTS: Final = (ByomUsageRow, StandardUsageRow)
_MADE_OF_DAYS: Final = (*CLOSED_DAYS.values(), *FORTNIGHTS.values())
_BY_TABLE: Final = {fate.table: fate for fate in ALL}
_SUMS: Final = [fate for fate in ALL if fate.sums_of is not None]


async def shut_doors_of_person(tx: AsyncConnection, who: PersonScope) -> None:
    """Let them in no more: from this transaction on nothing new of theirs is written."""
    for table in _DOORS:
        fate = _BY_TABLE[table]
        if fate.of_person.which is not None and (who.whole_account or not fate.of_person.whole_only):
            await tx.execute(delete(table).where(fate.of_person.which(who)))
    if who.whole_account:
        await tx.execute(update(UserRow).where(UserRow.id == who.person_id).values(password_hash=""))


async def hold_team(tx: AsyncConnection, team: TeamScope) -> None:
    """Take the team's row first, as whoever lets somebody in does: they come before, and are seen, or not at all."""
    await tx.execute(select(TeamRow.id).where(TeamRow.id == team.team_id).with_for_update())


async def shut_doors_of_team(tx: AsyncConnection, team: TeamScope) -> None:
    """Let nobody into a team any more, its own identity provider's people neither. `hold_team` comes first."""
    for table in _DOORS_OF_TEAM:
        which = rows_of_team(_BY_TABLE[table], team)
        if which is not None:
            await tx.execute(delete(table).where(which))
    await tx.execute(update(TeamRow).where(TeamRow.id == team.team_id).values(standing=ERASING))


async def erase_some_of_person(tx: AsyncConnection, who: PersonScope, pseudonym: UUID) -> int:
    """Take the next of their words, or give the next of their usage another id; 0: none is left."""
    for table in _WORDS:
        which = _BY_TABLE[table].of_person.which
        if which is not None and (gone := await _delete_some(tx, table, which(who))):
            return gone
    for counts in _COUNTS:
        mine = who.is_them(counts.user_id) & who.in_teams(counts.team_id)
        if changed := await _rename_some(tx, counts, mine, pseudonym):
            return changed
    for fate in _SUMS:
        which = fate.of_person.which
        if which is not None and (changed := await _hand_over_some(tx, fate, which(who), pseudonym)):
            return changed
    return 0


async def erase_some_of_team(tx: AsyncConnection, team: TeamScope, pseudonym: UUID) -> int:
    """As `erase_some_of_person`, of everybody in a team."""
    for table in (*_WORDS, ByomUsageRow, ByomDayRow):
        if gone := await _delete_some(tx, table, table.team_id == team.team_id):
            return gone
    for left in _of_others(StandardUsageRow.user_id, pseudonym):
        of_team = (StandardUsageRow.team_id == team.team_id) & left
        if changed := await _rename_some(tx, StandardUsageRow, of_team, pseudonym):
            return changed
    for fate in _SUMS:
        which = rows_of_team(fate, team)
        if fate.of_team.people and which is not None and (changed := await _hand_over_some(tx, fate, which, pseudonym)):
            return changed
    return 0


async def finish_person(tx: AsyncConnection, who: PersonScope, pseudonym: UUID) -> None:
    """Do to every table what fates.py says, to the last row."""
    await let_take_long(tx)
    for fate in ALL:
        of_person = fate.of_person
        if of_person.which is None or (of_person.whole_only and not who.whole_account):
            continue
        if of_person.way is Way.GOES:
            await tx.execute(delete(fate.table).where(of_person.which(who)))
        elif fate.sums_of is not None:
            await _hand_over_all(tx, fate, of_person.which(who), pseudonym)
        else:
            for statement in _renamings(fate, who, pseudonym):
                await tx.execute(statement)
    await erase_forgotten(tx)


async def finish_team(tx: AsyncConnection, team: TeamScope, pseudonym: UUID) -> None:
    """Do to every table what fates.py says of a team, the trail apart: that is pruned, not deleted.

    The batches have left little; what they have not is let take its time: it would fail in every attempt alike.
    """
    await let_take_long(tx)
    for fate in ALL:
        which = rows_of_team(fate, team)
        if which is None or fate.matter == "trail":
            continue
        if fate.of_team.way is Way.GOES:
            if fate.table in _MADE_OF_DAYS:
                # Else they could be made once more of days that this transaction takes away.
                await hold_closing(tx)
            await tx.execute(delete(fate.table).where(which))
        elif fate.sums_of is not None:
            await _hand_over_all(tx, fate, which, pseudonym)
        elif fate.of_team.people:
            for left in _of_others(getattr(fate.table, fate.of_team.people), pseudonym):
                await tx.execute(update(fate.table).where(which & left).values({fate.of_team.people: pseudonym}))
    await erase_forgotten(tx)


async def forget_words(tx: AsyncConnection) -> None:
    """Take out of SQLite's file what its index of words keeps of deleted ones; PostgreSQL's vacuum does its own."""
    if tx.dialect.name == "sqlite":
        await tx.execute(text("INSERT INTO search_index(search_index) VALUES ('optimize')"))


def _renamings(fate: Fate, who: PersonScope, pseudonym: UUID) -> Iterator[Update]:
    # One statement, so that a condition over the same columns does not miss what an earlier one has changed.
    columns = fate.of_person.columns
    conditions = {id(find): find for find, _ in columns.values()}
    for find in conditions.values():
        values = {name: _value(new, pseudonym) for name, (its, new) in columns.items() if its is find}
        yield update(fate.table).where(find(who)).values(values)


def _value(new: New, pseudonym: UUID) -> UUID | str | None:
    return {New.PSEUDONYM: pseudonym, New.NULL: None, New.BLANK: ""}[new]


def _of_others(column: Any, than: UUID) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    # Two ranges of an index: with "not equal", each batch would pass over all that have the other id already.
    return column < than, column > than


async def _delete_some(tx: AsyncConnection, table: Any, which: ColumnElement[bool]) -> int:
    keys = list(table.__table__.primary_key)
    at_once = WORDS_AT_ONCE if table in _WORDS else ROWS_AT_ONCE
    gone = await tx.execute(delete(table).where(tuple_(*keys).in_(select(*keys).where(which).limit(at_once))))
    if gone.rowcount and table is ConversationRow:
        await erase_forgotten(tx)
    return gone.rowcount


async def _rename_some(tx: AsyncConnection, table: Any, which: ColumnElement[bool], pseudonym: UUID) -> int:
    some = select(table.call_id).where(which).limit(ROWS_AT_ONCE)
    changed = await tx.execute(update(table).where(table.call_id.in_(some)).values(user_id=pseudonym))
    return changed.rowcount


async def _hand_over_some(tx: AsyncConnection, fate: Fate, which: ColumnElement[bool], pseudonym: UUID) -> int:
    if fate.sums_of is None:
        return 0
    hand_over = hand_over_fortnights if fate.table in FORTNIGHTS.values() else hand_over_days
    return await hand_over(tx, fate.sums_of, which, pseudonym, ROWS_AT_ONCE)


async def _hand_over_all(tx: AsyncConnection, fate: Fate, which: ColumnElement[bool], pseudonym: UUID) -> None:
    while await _hand_over_some(tx, fate, which, pseudonym):
        pass
