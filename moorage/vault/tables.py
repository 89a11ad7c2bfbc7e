"""The check value that tells whether the key ring fits this database."""

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from moorage.storage.types import Row


class KeyCheckRow(Row):
    """A known text sealed under a key: opens only with the right ring. One row per key id."""

    __tablename__ = "key_check"
    key_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
