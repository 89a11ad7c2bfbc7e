"""What is stored of one person in one team, as facts: account, sign-ins, factors, shares, stars. No secret, no hash.

What belongs to the account alone, second factors and links to identity providers, is given to a sign-in of the whole
account only.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.factor_tables import AppRow, PasskeyRow, RecoveryCodeRow
from moorage.accounts.provider_tables import IdentityRow
from moorage.accounts.roster import shown_email
from moorage.accounts.tables import InvitationRow, MembershipRow, SignInRow, TeamRow, UserRow
from moorage.chat.comparison_tables import VerdictModelRow, VerdictRow
from moorage.chat.tables import ShareRow
from moorage.connections.access_tables import FavouriteRow
from moorage.connections.tables import ConnectionRow


async def read_own(tx: AsyncConnection, team_id: UUID, person_id: UUID, *, whole_account: bool) -> dict[str, Any]:
    """Give all facts about a person in a team, as rows."""
    facts: dict[str, Any] = {
        "person": (await rows_of(tx, _person(person_id)))[:1],
        "membership": await rows_of(tx, _membership(team_id, person_id)),
        "sign_ins": await rows_of(tx, _sign_ins(team_id, person_id)),
        "invitations_made": await rows_of(tx, _invitations(team_id, person_id)),
        "shared_with_others": await rows_of(tx, _shares_made(team_id, person_id)),
        "shared_with_me": await rows_of(tx, _shares_had(team_id, person_id)),
        "verdicts": await rows_of(tx, _verdicts(team_id, person_id)),
        "favourites": await rows_of(tx, _favourites(team_id, person_id)),
        "looks_after": await rows_of(tx, _looks_after(team_id, person_id)),
    }
    if whole_account:
        facts |= {
            "authenticator_apps": await rows_of(tx, _of(AppRow, person_id, "name", "created_at", "used_at")),
            "passkeys": await rows_of(tx, _of(PasskeyRow, person_id, "name", "created_at", "used_at", "is_backed_up")),
            "recovery_codes": await rows_of(tx, _of(RecoveryCodeRow, person_id, "created_at", "used_at")),
            "identities": await rows_of(tx, _of(IdentityRow, person_id, "issuer", "subject", "linked_at", "used_at")),
        }
    return facts


def plain(value: Any) -> Any:
    """Give a value as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return str(value) if isinstance(value, UUID | Decimal) else value


async def rows_of(tx: AsyncConnection, wanted: Select[*tuple[Any, ...]]) -> Sequence[Mapping[Any, Any]]:
    """Give rows as the database has them."""
    return (await tx.execute(wanted)).mappings().all()


def as_json(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Give facts as JSON has them. Of a large team that takes seconds: call it in a thread."""
    return {
        name: [{key: plain(one) for key, one in row.items()} for row in value] if isinstance(value, Sequence) else value
        for name, value in facts.items()
    }


def _person(person_id: UUID) -> Select[*tuple[Any, ...]]:
    shown = UserRow.id, UserRow.name, shown_email().label("email"), UserRow.locale, UserRow.created_at
    return select(*shown).where(UserRow.id == person_id)


def _membership(team_id: UUID, person_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(TeamRow.id.label("team_id"), TeamRow.name.label("team"), MembershipRow.role, MembershipRow.joined_at)
        .join(TeamRow, TeamRow.id == MembershipRow.team_id)
        .where(MembershipRow.team_id == team_id, MembershipRow.user_id == person_id)
    )


def _sign_ins(team_id: UUID, person_id: UUID) -> Select[*tuple[Any, ...]]:
    shown = SignInRow.method, SignInRow.client.label("network"), SignInRow.agent.label("browser"), SignInRow.created_at
    mine = SignInRow.user_id == person_id, SignInRow.team_id == team_id
    return select(*shown, SignInRow.seen_at, SignInRow.expires_at).where(*mine).order_by(SignInRow.created_at)


def _invitations(team_id: UUID, person_id: UUID) -> Select[*tuple[Any, ...]]:
    row = InvitationRow
    shown = row.role, row.note, row.created_at, row.expires_at, row.used_at
    return select(*shown).where(row.team_id == team_id, row.invited_by == person_id).order_by(row.created_at)


def _shares_made(team_id: UUID, person_id: UUID) -> Select[*tuple[Any, ...]]:
    mine = ShareRow.team_id == team_id, ShareRow.owner_id == person_id
    shown = ShareRow.conversation_id, UserRow.name.label("with"), ShareRow.shared_at, ShareRow.ends_at
    found = select(*shown).outerjoin(UserRow, UserRow.id == ShareRow.user_id)
    return found.where(*mine).order_by(ShareRow.shared_at)


def _shares_had(team_id: UUID, person_id: UUID) -> Select[*tuple[Any, ...]]:
    # That it is shared is about this person; its title and words are somebody else's.
    mine = ShareRow.team_id == team_id, ShareRow.user_id == person_id
    shown = ShareRow.conversation_id, ShareRow.shared_at, ShareRow.ends_at
    return select(*shown).where(*mine).order_by(ShareRow.shared_at)


def _verdicts(team_id: UUID, person_id: UUID) -> Select[*tuple[Any, ...]]:
    row, model = VerdictRow, VerdictModelRow
    shown = row.at, row.is_blind, row.outcome, model.model_name, model.connection_name, model.is_better
    found = select(*shown).join(model, model.verdict_id == row.id)
    return found.where(row.team_id == team_id, row.user_id == person_id).order_by(row.at, model.place)


def _favourites(team_id: UUID, person_id: UUID) -> Select[*tuple[Any, ...]]:
    # The reference alone: what a model that was closed to them is called is not theirs to know.
    row = FavouriteRow
    mine = row.team_id == team_id, row.user_id == person_id
    return select(row.ref.label("model_id"), row.created_at).where(*mine).order_by(row.created_at, row.ref)


def _looks_after(team_id: UUID, person_id: UUID) -> Select[*tuple[Any, ...]]:
    mine = ConnectionRow.team_id == team_id, ConnectionRow.maintainer_id == person_id
    return select(ConnectionRow.name.label("connection")).where(*mine, ConnectionRow.deleted_at.is_(None))


def _of(table: Any, person_id: UUID, *names: str) -> Select[*tuple[Any, ...]]:
    return select(*(getattr(table, name) for name in names)).where(table.user_id == person_id).order_by(table.id)
