"""Who is named in rules about models, rules about standard models, a team's own names for models, and stars."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from moorage.storage.types import Id, Row, UtcTime


class ModelPersonRow(Row):
    """Somebody whom a rule names. `place` is the connection or the model (`connection_model.id`) that has the rule.

    For standard models it is what `standard_place` makes of team, provider and model.

    A membership, so that whoever leaves the team is named no more, and not again when they come back.
    """

    __tablename__ = "model_person"
    place: Mapped[UUID] = mapped_column(Id, primary_key=True)
    team_id: Mapped[UUID] = mapped_column(Id)
    user_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    __table_args__ = (
        ForeignKeyConstraint(["team_id", "user_id"], ["membership.team_id", "membership.user_id"], ondelete="CASCADE"),
        Index("ix_model_person_member", "team_id", "user_id"),
    )


class StandardAudienceRow(Row):
    """A team's rule for a standard provider, or with `model_id` for one of its models. No row is no rule."""

    __tablename__ = "standard_audience"
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    provider: Mapped[str] = mapped_column(String(50), primary_key=True)
    model_id: Mapped[str] = mapped_column(String(256), primary_key=True)
    audience: Mapped[dict[str, Any]] = mapped_column(JSON)


class FavouriteRow(Row):
    """A model that somebody has starred in a team. `ref` names an own or a standard model, the demo, or an alias.

    A membership, so that the stars of whoever leaves the team go. The model is no foreign key: it may be in no table.
    """

    __tablename__ = "favourite"
    team_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    ref: Mapped[str] = mapped_column(String(320), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        ForeignKeyConstraint(["team_id", "user_id"], ["membership.team_id", "membership.user_id"], ondelete="CASCADE"),
    )


class AliasRow(Row):
    """A team's own name for a model. A deleted one keeps its row, so that old conversations can say its name.

    `folded` is the name as it is compared; `turn_id` is the entry of its history that holds now.
    """

    __tablename__ = "model_alias"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    folded: Mapped[str] = mapped_column(String(240))
    turn_id: Mapped[UUID] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        Index(
            "uq_model_alias_name",
            "team_id",
            "folded",
            unique=True,
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )


class AliasTurnRow(Row):
    """One time that an alias was pointed at a model. Names are copied: the history outlives what it tells of.

    `target_ref` names an own or a standard model, never another alias. `by_id` is null where it was not kept yet.
    """

    __tablename__ = "model_alias_turn"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    alias_id: Mapped[UUID] = mapped_column(Id, ForeignKey("model_alias.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcTime)
    by_name: Mapped[str] = mapped_column(String(120))
    by_id: Mapped[UUID | None] = mapped_column(Id)
    target_ref: Mapped[str] = mapped_column(String(320))
    model_name: Mapped[str] = mapped_column(String(120))
    connection_name: Mapped[str] = mapped_column(String(80))
    origin: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(200))
    __table_args__ = (Index("ix_model_alias_turn", "alias_id", "at"),)
