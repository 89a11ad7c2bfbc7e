"""Seals, the team's rules for conversations, and receipts, over HTTP. Who may do what is judged in `chat`."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from moorage.api import views
from moorage.api.errors import language_of
from moorage.api.parts import Parts, PartsDep
from moorage.api.schemas.conversations import ConversationView
from moorage.api.schemas.seals import (
    ConversationRulesSet,
    ConversationRulesView,
    ReceiptsExport,
    SealLift,
    SealSet,
    SealView,
)
from moorage.api.signed_in import SignedIn
from moorage.chat.conversations import ConversationStore
from moorage.chat.receipts import MEDIA_TYPES, ReceiptFormat, Receipts, csv_of, export_for_team, json_of, receipts_of
from moorage.chat.rules import ConversationRules, read_rules, read_rules_as, set_rules
from moorage.chat.sealing import SealFacts, Sealing


async def seal_conversation(
    parts: PartsDep, who: SignedIn, request: Request, conversation_id: UUID, wish: SealSet
) -> ConversationView:
    """Seal a conversation of one's own, or tighten its seal; what a model outside is writing in it ends."""
    async with parts.database.write() as tx:
        await Sealing(tx, who, request.state.request_id).tighten(conversation_id, frozenset(wish.zones))
        facts = await ConversationStore(tx, who.team_id, who.user_id).get(conversation_id)
    await parts.replies.stop_outside()
    return views.conversation(facts, who.name, language_of(request))


async def get_seal(parts: PartsDep, who: SignedIn, request: Request, conversation_id: UUID) -> SealView:
    """Tell about the seal of any conversation of the team."""
    async with parts.database.read() as tx:
        return _view(await Sealing(tx, who, request.state.request_id).describe(conversation_id))


async def lift_seal(
    parts: PartsDep, who: SignedIn, request: Request, conversation_id: UUID, wish: SealLift
) -> SealView:
    """Lift or widen the seal of any conversation of the team."""
    zones = None if wish.zones is None else frozenset(wish.zones)
    async with parts.database.write() as tx:
        sealing = Sealing(tx, who, request.state.request_id)
        await sealing.lift(conversation_id, zones, wish.reason)
        return _view(await sealing.describe(conversation_id))


async def get_conversation_rules(parts: PartsDep, who: SignedIn) -> ConversationRulesView:
    """Read what the team has decided for its conversations."""
    async with parts.database.read() as tx:
        return _rules(await read_rules_as(tx, who), parts)


async def set_conversation_rules(
    parts: PartsDep, who: SignedIn, request: Request, wish: ConversationRulesSet
) -> ConversationRulesView:
    """Set it."""
    rules = ConversationRules(None if wish.sealed_to is None else frozenset(wish.sealed_to), wish.titles)
    async with parts.database.write() as tx:
        await set_rules(tx, who, request.state.request_id, rules)
        return _rules(await read_rules(tx, who.team_id), parts)


async def get_receipts(
    parts: PartsDep,
    who: SignedIn,
    conversation_id: UUID,
    as_: Annotated[ReceiptFormat, Query(alias="format")] = "json",
) -> Response:
    """Give the receipts of a conversation of one's own, without a word of content."""
    async with parts.database.read() as tx:
        return _file(await receipts_of(tx, who, conversation_id), as_)


async def export_receipts(
    parts: PartsDep, who: SignedIn, request: Request, conversation_id: UUID, wish: ReceiptsExport
) -> Response:
    """Give those of any conversation of the team; it stands in the trail."""
    async with parts.database.write() as tx:
        receipts = await export_for_team(tx, who, request.state.request_id, conversation_id)
    return _file(receipts, wish.format)


def _view(facts: SealFacts) -> SealView:
    return SealView(
        conversation_id=facts.conversation_id,
        owner_name=facts.owner_name,
        is_own=facts.is_own,
        sealed_to=views.zones(facts.sealed_to),
        sealed_at=None if facts.sealed_at is None else views.moment(facts.sealed_at),
    )


def _rules(rules: ConversationRules, parts: Parts) -> ConversationRulesView:
    return ConversationRulesView(
        sealed_to=views.zones(rules.sealed_to), titles=rules.titles, titles_allowed=parts.titles_by_model
    )


def _file(receipts: Receipts, kind: ReceiptFormat) -> Response:
    text = csv_of(receipts) if kind == "csv" else json_of(receipts, datetime.now(UTC))
    headers = {
        "Content-Disposition": f'attachment; filename="receipts-{receipts.conversation_id}.{kind}"',
        "Cache-Control": "no-store",
    }
    return Response(text, media_type=MEDIA_TYPES[kind], headers=headers)
