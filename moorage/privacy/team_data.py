"""What a team has decided and set up, as facts: people, rules, connections, names for models. No key, no address.

Conversations are their owners': of those a team's export tells that they are there, and gives the words of none but
the ones that are shared with the whole team (ADR 0029).
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.provider_tables import IdentityProviderRow
from moorage.accounts.roster import shown_email
from moorage.accounts.tables import InvitationRow, MembershipRow, TeamRow, UserRow
from moorage.chat.tables import ConversationRow, ConversationRulesRow, MessageRow, ShareRow, share_is_live
from moorage.connections.access_tables import AliasRow, AliasTurnRow, StandardAudienceRow
from moorage.connections.price_tables import ModelPriceRow
from moorage.connections.tables import ConnectionModelRow, ConnectionRow
from moorage.connections.undertaking_tables import ClearingRuleRow, UndertakingRow
from moorage.operating.tables import BillingEventRow
from moorage.privacy.own_data import rows_of
from moorage.privacy.tables import ReceiptRow, RetentionRow
from moorage.usage.tables import BudgetPeriodRow


async def read_team(tx: AsyncConnection, team_id: UUID) -> dict[str, Any]:
    """Give all facts about a team, as rows."""
    return {name: await rows_of(tx, wanted) for name, wanted in _wanted(team_id).items()}


def shared_with_team(team_id: UUID) -> Any:
    """Give the condition that a conversation of the team is shared with all of it, at this moment."""
    with_all = exists().where(
        ShareRow.conversation_id == ConversationRow.id, ShareRow.user_id.is_(None), share_is_live()
    )
    return (ConversationRow.team_id == team_id) & with_all


def _wanted(team_id: UUID) -> dict[str, Select[*tuple[Any, ...]]]:
    team, row, model, turn = TeamRow, ConnectionRow, ConnectionModelRow, AliasTurnRow
    return {
        "team": select(team.id, team.name, team.plan, team.standing, team.created_at).where(team.id == team_id),
        "members": _members(team_id),
        "open_invitations": select(
            InvitationRow.role, InvitationRow.note, InvitationRow.created_at, InvitationRow.expires_at
        ).where(InvitationRow.team_id == team_id, InvitationRow.used_at.is_(None)),
        "sign_in_rules": select(team.needs_second_factor, team.idle_limit_min, team.lifetime_min).where(
            team.id == team_id
        ),
        "identity_provider": _named(IdentityProviderRow, team_id, "name", "issuer", "client_id", "enabled", "only"),
        "conversation_rules": _named(ConversationRulesRow, team_id, "sealed_to", "titles"),
        "retention": _named(RetentionRow, team_id, "conversation_days", "attachment_days", "changed_at"),
        "only_cleared_models": _named(ClearingRuleRow, team_id, "since"),
        "connections": select(
            row.id,
            row.name,
            row.provider,
            row.zone,
            row.data_location,
            row.enabled,
            row.key_expires_on,
            UserRow.name.label("maintainer"),
            row.created_at,
            row.deleted_at,
        )
        .outerjoin(UserRow, UserRow.id == row.maintainer_id)
        .where(row.team_id == team_id)
        .order_by(row.created_at),
        "models": select(model.connection_id, model.model_id, model.name, model.enabled, model.audience)
        .where(model.team_id == team_id)
        .order_by(model.connection_id, model.model_id),
        "undertakings": _named(
            UndertakingRow, team_id, "place", "signer", "signed_on", "expires_on", "document", "set_at"
        ),
        "standard_model_rules": _named(StandardAudienceRow, team_id, "provider", "model_id", "audience"),
        "aliases": select(
            AliasRow.name,
            turn.at,
            turn.by_name,
            turn.model_name,
            turn.connection_name,
            turn.reason,
            AliasRow.deleted_at,
        )
        .join(turn, turn.alias_id == AliasRow.id)
        .where(AliasRow.team_id == team_id)
        .order_by(AliasRow.name, turn.at),
        "model_prices": _named(
            ModelPriceRow, team_id, "place", "model_id", "currency", "per_million_in", "per_million_out", "changed_at"
        ),
        "billing_events": _named(BillingEventRow, team_id, "occurred_at", "received_at", "outcome", "plan", "standing"),
        "budgets": _named(BudgetPeriodRow, team_id, "period_start", "limit_tokens", "settled", "reserved"),
        "conversations": _conversations(team_id),
        "erasures": _named(ReceiptRow, team_id, "id", "kind", "asked_at", "done_at", "told"),
    }


def _members(team_id: UUID) -> Select[*tuple[Any, ...]]:
    shown = UserRow.id, UserRow.name, shown_email().label("email"), MembershipRow.role, MembershipRow.joined_at
    found = select(*shown).join(MembershipRow, MembershipRow.user_id == UserRow.id)
    return found.where(MembershipRow.team_id == team_id).order_by(MembershipRow.joined_at)


def _conversations(team_id: UUID) -> Select[*tuple[Any, ...]]:
    row = ConversationRow
    messages = select(func.count()).where(MessageRow.conversation_id == row.id).scalar_subquery()
    shown = row.id, row.owner_id, row.created_at, row.updated_at, row.sealed_to, messages.label("messages")
    return select(*shown).where(row.team_id == team_id).order_by(row.created_at)


def _named(table: Any, team_id: UUID, *names: str) -> Select[*tuple[Any, ...]]:
    return select(*(getattr(table, name) for name in names)).where(table.team_id == team_id)
