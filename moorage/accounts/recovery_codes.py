"""Recovery codes: ten at a time, shown once, each good for one sign-in; new ones end the old ones."""

from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.factor_tables import RecoveryCodeRow
from moorage.storage.types import db_now, new_id
from moorage.vault.recovery import hash_recovery_code, new_recovery_codes


async def replace(tx: AsyncConnection, user_id: UUID) -> list[str]:
    """Make ten codes and end those there were. What is given here is never given again."""
    await forget(tx, user_id)
    codes = new_recovery_codes()
    rows = [
        {"id": new_id(), "user_id": user_id, "code_hash": code.digest, "created_at": db_now(), "used_at": None}
        for code in codes
    ]
    for row in rows:
        await tx.execute(insert(RecoveryCodeRow).values(row))
    return [code.text for code in codes]


async def use(tx: AsyncConnection, user_id: UUID, typed: str) -> int | None:
    """Use a code up. Gives how many are left; None for a code that is not one, or was used."""
    used = await tx.execute(
        update(RecoveryCodeRow)
        .where(
            RecoveryCodeRow.user_id == user_id,
            RecoveryCodeRow.code_hash == hash_recovery_code(typed),
            RecoveryCodeRow.used_at.is_(None),
        )
        .values(used_at=db_now())
    )
    return await left(tx, user_id) if used.rowcount == 1 else None


async def left(tx: AsyncConnection, user_id: UUID) -> int:
    """Give how many codes are unused."""
    count = await tx.scalar(
        select(func.count()).where(RecoveryCodeRow.user_id == user_id, RecoveryCodeRow.used_at.is_(None))
    )
    return count or 0


async def forget(tx: AsyncConnection, user_id: UUID) -> None:
    """End all codes of a person."""
    await tx.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))
