"""What a team says that a model costs it by its own contract."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from moorage.storage.types import Id, Millionths, Row, UtcTime


class ModelPriceRow(Row):
    """The price of one model, per million tokens. `place`: a connection's id, or `standard:<provider>`.

    Holds nobody's name: who set it stands in the trail. It outlives the model, as figures do.
    """

    __tablename__ = "model_price"
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[str] = mapped_column(String(80), primary_key=True)
    model_id: Mapped[str] = mapped_column(String(256), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3))
    per_million_in: Mapped[Decimal] = mapped_column(Millionths)
    per_million_out: Mapped[Decimal] = mapped_column(Millionths)
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
