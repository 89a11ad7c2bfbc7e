"""Makes a backup of a database that is in use: one transaction sees one moment, and hinders nobody who writes.

On SQLite the write-ahead log grows while it lasts, on PostgreSQL dead rows stay; both go afterwards.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage import __version__
from moorage.backups.archive import ArchiveWriter
from moorage.backups.filling import DatabaseSource, Progress
from moorage.backups.manifest import FORMAT, KEYS_PART, Column, Manifest, Table, part_of
from moorage.errors import Unavailable
from moorage.storage.database import Database
from moorage.storage.migrate import look_at_schema
from moorage.storage.rows import Digest, encode
from moorage.storage.shapes import TableShape
from moorage.vault.tables import KeyCheckRow


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that is whole and on the disk. `size` in bytes."""

    path: Path
    size: int
    manifest: Manifest


def name_for(moment: datetime) -> str:
    """Give the name of a backup in a folder of them; in the order of their age."""
    return f"moorage-{moment:%Y%m%d-%H%M%S}.backup"


async def make_backup(database: Database, target: Path, sealed_keys: bytes | None, progress: Progress) -> Made:
    """Write the whole database to a new file of mode 0600; of this schema, or an older one of ours.

    `sealed_keys` is what `vault.portable` made of the key ring, to lie beside it. Raises Conflict and Unavailable as
    `ArchiveWriter`, Unavailable: schema_unknown, database_missing (nothing was made in it yet), row_not_readable,
    database_gone, database_damaged.
    """
    made_at = datetime.now(UTC).replace(microsecond=0)
    with ArchiveWriter(target, made_at) as archive:
        async with database.read() as tx:
            schema = await look_at_schema(tx)
            if schema.kind == "empty":
                raise Unavailable("database_missing")
            if schema.kind == "unknown":
                raise Unavailable("schema_unknown", found=schema.found)
            source = await DatabaseSource.of(tx)
            tables: list[Table] = []
            for shape in source.shapes:
                tables.append(await _write_table(archive, source, shape, tables, progress))
            key_ids = await _key_ids(tx, source)
        keys = None
        if sealed_keys is not None:
            with archive.part(KEYS_PART) as part:
                part.write(sealed_keys)
            keys = part.done
        engine: Literal["sqlite", "postgresql"] = "sqlite" if database.is_sqlite else "postgresql"
        manifest = Manifest(
            format=FORMAT,
            moorage=__version__,
            made_at=made_at,
            engine=engine,
            schema_revision=schema.found,
            tables=tables,
            key_ids=key_ids,
            keys=keys,
        )
        return Made(target, archive.finish(manifest), manifest)


async def _write_table(
    archive: ArchiveWriter, source: DatabaseSource, shape: TableShape, before: list[Table], progress: Progress
) -> Table:
    digest, done = Digest(), sum(table.rows for table in before)
    with archive.part(part_of(shape.name)) as part:
        async for batch in source.batches(shape):
            for row in batch:
                line = encode(row)
                digest.add(line)
                part.write(line + b"\n")
            done += len(batch)
            progress("backup", done, source.total)
    return Table(
        **part.done.model_dump(),
        name=shape.name,
        columns=[Column(name=one.name, kind=one.kind) for one in shape.columns],
        rows=digest.rows,
        content=digest.content,
    )


async def _key_ids(tx: AsyncConnection, source: DatabaseSource) -> list[str]:
    """Give the keys that a start with this database needs, as far as it names them."""
    if not any(shape.name == KeyCheckRow.__tablename__ for shape in source.shapes):
        return []
    return sorted(await tx.scalars(select(KeyCheckRow.key_id)))
