"""The authenticator app of a person: one at a time, confirmed by a code, no code taken twice, few guesses a day."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.factor_tables import AppRow
from moorage.errors import Invalid, NotFound, TooMany
from moorage.storage.types import DEPLOYMENT, db_now, new_id
from moorage.vault.keys import OwnerKeys, Vault
from moorage.vault.one_time_codes import DIGITS, step_of
from moorage.vault.seal import Place, Sealed
from moorage.vault.secret import Secret

MAX_MISSES: Final = 20
MISSES_COUNT_FOR: Final = timedelta(days=1)


class AppKeys:
    """Seals and opens the secrets of apps. They belong to the deployment: a person is in several teams, or in none."""

    def __init__(self, keys: OwnerKeys) -> None:
        self._keys = keys

    def seal(self, secret: Secret, app_id: UUID) -> Sealed:
        """Seal the secret of one row."""
        return self._keys.seal(secret, _place(app_id))

    def open(self, sealed: bytes, app_id: UUID) -> Secret:
        """Open the secret of one row. Raises Unavailable("key_unreadable")."""
        return self._keys.open(sealed, _place(app_id))


class AppSecrets:
    """The one place where this room asks the vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def keys(self) -> AppKeys:
        """Give the keys; asked for outside of transactions."""
        return AppKeys(await self._vault.of(DEPLOYMENT))


async def begin(tx: AsyncConnection, keys: AppKeys, user_id: UUID, secret: Secret) -> None:
    """Keep a secret until a code confirms it. What was begun before and not confirmed is forgotten."""
    await tx.execute(delete(AppRow).where(AppRow.user_id == user_id, AppRow.confirmed_at.is_(None)))
    app_id = new_id()
    await tx.execute(
        insert(AppRow).values(
            id=app_id,
            user_id=user_id,
            name="",
            sealed_secret=keys.seal(secret, app_id),
            last_step=0,
            missed=0,
            created_at=db_now(),
        )
    )


async def confirm(tx: AsyncConnection, keys: AppKeys, user_id: UUID, code: str, name: str) -> None:
    """Let the app that was begun count from now on, instead of an earlier one; its code is used up by this.

    Raises NotFound("app_gone") when nothing was begun, Invalid("code_wrong", field="code").
    """
    found = await tx.execute(
        select(AppRow.id, AppRow.sealed_secret, db_now()).where(
            AppRow.user_id == user_id, AppRow.confirmed_at.is_(None)
        )
    )
    row = found.first()
    if row is None:
        raise NotFound("app_gone")
    app_id, sealed, now = row
    step = _step(keys.open(sealed, app_id), code, now)
    if step is None:
        raise Invalid("code_wrong", field="code")
    await tx.execute(delete(AppRow).where(AppRow.user_id == user_id, AppRow.id != app_id))
    await tx.execute(update(AppRow).where(AppRow.id == app_id).values(confirmed_at=db_now(), last_step=step, name=name))


async def judge(tx: AsyncConnection, keys: AppKeys, user_id: UUID, code: str) -> bool:
    """Take a code, once: true when it is one of now that was not taken before. Needs the person locked.

    A wrong one is counted, so commit even then. Raises TooMany("codes_limited") after 20 wrong ones in a day.
    """
    found = await tx.execute(
        select(AppRow.id, AppRow.sealed_secret, AppRow.missed, AppRow.missed_since, db_now().label("now")).where(
            AppRow.user_id == user_id, AppRow.confirmed_at.is_not(None)
        )
    )
    row = found.one_or_none()
    if row is None:
        return False
    ends_at = None if row.missed_since is None else row.missed_since + MISSES_COUNT_FOR
    is_counting = ends_at is not None and ends_at > row.now
    if is_counting and row.missed >= MAX_MISSES:
        raise TooMany("codes_limited", retry_after_s=int((ends_at - row.now).total_seconds()) + 1)
    step = _step(keys.open(row.sealed_secret, row.id), code, row.now)
    if step is not None:
        # The condition is what makes a code good for one of two who send it at once.
        taken = await tx.execute(
            update(AppRow).where(AppRow.id == row.id, AppRow.last_step < step).values(last_step=step, used_at=db_now())
        )
        if taken.rowcount == 1:
            return True
    misses = {"missed": AppRow.missed + 1} if is_counting else {"missed": 1, "missed_since": db_now()}
    await tx.execute(update(AppRow).where(AppRow.id == row.id).values(misses))
    return False


async def rename(tx: AsyncConnection, user_id: UUID, name: str) -> None:
    """Rename the app. Raises NotFound("app_gone")."""
    renamed = await tx.execute(
        update(AppRow).where(AppRow.user_id == user_id, AppRow.confirmed_at.is_not(None)).values(name=name)
    )
    if renamed.rowcount != 1:
        raise NotFound("app_gone")


async def remove(tx: AsyncConnection, user_id: UUID) -> str:
    """Remove the app, and one that was only begun. Gives its name. Raises NotFound("app_gone")."""
    name: str | None = await tx.scalar(
        select(AppRow.name).where(AppRow.user_id == user_id, AppRow.confirmed_at.is_not(None))
    )
    if name is None:
        raise NotFound("app_gone")
    await tx.execute(delete(AppRow).where(AppRow.user_id == user_id))
    return name


def _step(secret: Secret, typed: str, now: datetime) -> int | None:
    code = "".join(typed.split())
    if len(code) != DIGITS or not code.isascii() or not code.isdigit():
        return None
    return step_of(secret, code, int((now - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()))


def _place(app_id: UUID) -> Place:
    return Place(table=AppRow.__tablename__, row_id=str(app_id), column="sealed_secret")
