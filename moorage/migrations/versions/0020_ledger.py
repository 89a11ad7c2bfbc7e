"""Budgets per team and month, corrections, what estimates have learnt, and sums per day of what was used before."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0020_ledger"
down_revision: str | None = "0018_shapes"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_DAY_US = 86_400_000_000


def upgrade() -> None:
    op.create_table(
        "budget_period",
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("period_start", sa.BigInteger(), nullable=False),
        sa.Column("limit_tokens", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.BigInteger(), nullable=False),
        sa.Column("spent_told_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team_id", "period_start"),
    )
    _let_reservations_name_a_budget()
    _let_events_say_what_they_took()
    _make_corrections()
    for kind, source, width in (("byom", "connection_id", 36), ("standard", "provider", 40)):
        _make_days(kind, source, width)
    op.create_table(
        "token_scale",
        sa.Column("source", sa.String(50), nullable=False),
        sa.Column("model_id", sa.String(256), nullable=False),
        sa.Column("scale_in", sa.Float(), nullable=False),
        sa.Column("calls_in", sa.Integer(), nullable=False),
        sa.Column("scale_out", sa.Float(), nullable=False),
        sa.Column("calls_out", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "model_id"),
    )


def _let_reservations_name_a_budget() -> None:
    with op.batch_alter_table("reservation") as batch:
        batch.add_column(sa.Column("period_start", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("held_tokens", sa.BigInteger(), nullable=True))
        batch.create_check_constraint(
            "ck_reservation_budget", "kind = 'standard' OR (period_start IS NULL AND held_tokens IS NULL)"
        )
        batch.create_foreign_key(
            "fk_reservation_budget",
            "budget_period",
            ["team_id", "period_start"],
            ["team_id", "period_start"],
            ondelete="CASCADE",
        )


def _let_events_say_what_they_took() -> None:
    table = "standard_usage_event"
    op.add_column(table, sa.Column("period_start", sa.BigInteger(), nullable=True))
    op.add_column(table, sa.Column("held_tokens", sa.BigInteger(), nullable=True))
    op.add_column(table, sa.Column("charged_tokens", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column(table, sa.Column("overrun", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_standard_usage_period", table, ["team_id", "period_start"], unique=False)


def _make_corrections() -> None:
    for kind in ("byom", "standard"):
        budget = (
            (
                sa.Column("period_start", sa.BigInteger(), nullable=True),
                sa.Column("charged_delta", sa.BigInteger(), nullable=False),
            )
            if kind == "standard"
            else ()
        )
        op.create_table(
            f"{kind}_usage_correction",
            sa.Column("id", sa.String(36), nullable=False),
            sa.Column("call_id", sa.String(36), nullable=False),
            sa.Column("team_id", sa.String(36), nullable=False),
            sa.Column("reason", sa.String(20), nullable=False),
            sa.Column("tokens_in", sa.Integer(), nullable=True),
            sa.Column("tokens_out", sa.Integer(), nullable=True),
            sa.Column("count_source", sa.String(16), nullable=False),
            sa.Column("ended", sa.String(20), nullable=False),
            sa.Column("ttft_ms", sa.Float(), nullable=True),
            sa.Column("at", sa.BigInteger(), nullable=False),
            *budget,
            sa.PrimaryKeyConstraint("id"),
            sa.UniqueConstraint("call_id", "reason", name=f"uq_{kind}_correction"),
        )
    op.create_index("ix_standard_correction_period", "standard_usage_correction", ["team_id", "period_start"])


def _make_days(kind: str, source: str, width: int) -> None:
    op.create_table(
        f"{kind}_usage_day",
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.String(256), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column(source, sa.String(width), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("failed_calls", sa.Integer(), nullable=False),
        sa.Column("reported_calls", sa.Integer(), nullable=False),
        sa.Column("estimated_calls", sa.Integer(), nullable=False),
        sa.Column("missing_calls", sa.Integer(), nullable=False),
        sa.Column("reported_in", sa.BigInteger(), nullable=False),
        sa.Column("reported_out", sa.BigInteger(), nullable=False),
        sa.Column("estimated_in", sa.BigInteger(), nullable=False),
        sa.Column("estimated_out", sa.BigInteger(), nullable=False),
        sa.Column("ttft_calls", sa.Integer(), nullable=False),
        sa.Column("ttft_ms_sum", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "day", "model_id", "user_id", source),
    )
    reported, known = "count_source = 'reported'", "count_source <> 'missing'"
    op.execute(
        f"INSERT INTO {kind}_usage_day (team_id, day, model_id, user_id, {source}, calls, failed_calls,"  # noqa: S608 - names of ours
        " reported_calls, estimated_calls, missing_calls, reported_in, reported_out, estimated_in, estimated_out,"
        " ttft_calls, ttft_ms_sum)"
        f" SELECT team_id, at / {_DAY_US}, model_id, user_id, {source}, COUNT(*),"
        " SUM(CASE WHEN ended IN ('upstream_error', 'timeout') THEN 1 ELSE 0 END),"
        f" SUM(CASE WHEN {reported} THEN 1 ELSE 0 END),"
        f" SUM(CASE WHEN NOT {reported} AND {known} THEN 1 ELSE 0 END),"
        " SUM(CASE WHEN count_source = 'missing' THEN 1 ELSE 0 END),"
        f" SUM(CASE WHEN {reported} THEN COALESCE(tokens_in, 0) ELSE 0 END),"
        f" SUM(CASE WHEN {reported} THEN COALESCE(tokens_out, 0) ELSE 0 END),"
        f" SUM(CASE WHEN {reported} THEN 0 ELSE COALESCE(tokens_in, 0) END),"
        f" SUM(CASE WHEN {reported} THEN 0 ELSE COALESCE(tokens_out, 0) END),"
        " COUNT(ttft_ms), COALESCE(SUM(ttft_ms), 0.0)"
        f" FROM {kind}_usage_event WHERE purpose <> 'discovery'"
        f" GROUP BY team_id, at / {_DAY_US}, model_id, user_id, {source}"
    )
