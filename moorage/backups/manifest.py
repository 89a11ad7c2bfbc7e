"""What a backup says of itself: who made it, when, of which schema, and of each part how long it is and its SHA-256.

Everything else in the file is read by this list alone: no name in the archive ever becomes a path.
"""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from moorage.errors import Invalid
from moorage.storage.shapes import ColumnShape, Kind, TableShape

FORMAT: Final = 1
KEYS_PART: Final = "keys.sealed"
MANIFEST_PART: Final = "manifest.json"
_NAME: Final = r"^[a-z][a-z0-9_]{0,62}$"
_HEX: Final = r"^[0-9a-f]{64}$"

Name = Annotated[str, Field(pattern=_NAME)]
Sha256 = Annotated[str, Field(pattern=_HEX)]


class _Strict(BaseModel):
    # A later version may say more; whether it can be read, format and schema tell.
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Part(_Strict):
    """One part of the archive. `size` in bytes, as it is before it is compressed."""

    size: Annotated[int, Field(ge=0)]
    sha256: Sha256


class Column(_Strict):
    """A column of a table."""

    name: Name
    kind: Kind


class Table(Part):
    """The part `tables/<name>.ndjson`. `content` is `storage.rows.Digest` over its rows."""

    name: Name
    columns: Annotated[list[Column], Field(min_length=1, max_length=500)]
    rows: Annotated[int, Field(ge=0)]
    content: Sha256

    @property
    def shape(self) -> TableShape:
        """The table as `storage` describes it."""
        return TableShape(self.name, tuple(ColumnShape(one.name, one.kind) for one in self.columns))

    @property
    def part(self) -> str:
        """The name of the part in the archive."""
        return part_of(self.name)


class Manifest(_Strict):
    """The whole list. `schema_revision`: of the database that it was made of. `key_ids`: keys that its secrets need."""

    format: Literal[1]
    moorage: Annotated[str, Field(max_length=60)]
    made_at: AwareDatetime
    engine: Literal["sqlite", "postgresql"]
    schema_revision: Annotated[str, Field(pattern=r"^[0-9a-z_]{1,60}$")]
    tables: Annotated[list[Table], Field(min_length=1, max_length=1000)]
    key_ids: list[Annotated[str, Field(max_length=200)]]
    keys: Part | None

    @property
    def parts(self) -> dict[str, Part]:
        """Every part but this list itself, by its name."""
        parts: dict[str, Part] = {table.part: table for table in self.tables}
        return parts if self.keys is None else {**parts, KEYS_PART: self.keys}

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return sum(table.rows for table in self.tables)


def part_of(table: str) -> str:
    """Give the name of a table's part."""
    return f"tables/{table}.ndjson"


def read_manifest(data: bytes) -> Manifest:
    """Read a list. Raises Invalid("backup_damaged")."""
    try:
        manifest = Manifest.model_validate_json(data)
    except ValidationError:
        raise Invalid("backup_damaged") from None
    if len(manifest.parts) != len(manifest.tables) + (manifest.keys is not None):
        raise Invalid("backup_damaged")
    return manifest


def told_at(moment: datetime) -> str:
    """Give a moment as commands print it."""
    return f"{moment:%Y-%m-%d %H:%M}Z"
