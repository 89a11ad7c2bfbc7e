"""Changes of the ledger's rows that the database refuses to the product, as somebody makes them who owns the tables."""

from sqlalchemy import text

from moorage.storage.database import Database

KEPT = ("byom_usage_event", "standard_usage_event", "byom_usage_correction", "standard_usage_correction")


async def change(database: Database, *statements: str) -> None:
    """Run statements with the triggers of events and corrections lifted; they stand again in the same transaction."""
    named = ", ".join(f"'{table}'" for table in KEPT)
    wanted = text(f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ({named})")
    async with database.write() as tx:
        triggers = (await tx.execute(wanted)).all() if database.is_sqlite else []
        for name, _ in triggers:
            await tx.execute(text(f"DROP TRIGGER {name}"))
        for table in () if database.is_sqlite else KEPT:
            await tx.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for statement in statements:
            await tx.execute(text(statement))
        for _, made in triggers:
            await tx.exec_driver_sql(made)
        for table in () if database.is_sqlite else KEPT:
            await tx.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
