"""From what the rooms know to what the API shows."""

from datetime import datetime
from typing import cast

from moorage.accounts.permissions import MEMBER, PERMISSIONS
from moorage.api.errors import tell
from moorage.api.schemas.accounts import RoleName
from moorage.api.schemas.attachments import AttachmentView, WithheldFileView, WithheldView
from moorage.api.schemas.comparisons import ComparisonMade
from moorage.api.schemas.connections import OriginName, PlaceZoneName, SealZoneName
from moorage.api.schemas.conversations import (
    BesideView,
    ComparisonView,
    ConversationLine,
    ConversationView,
    Exchange,
    MessageView,
    Receipt,
    SourceView,
    ToolCallView,
    UsedAlias,
)
from moorage.api.schemas.plans import PlanTerms
from moorage.api.sentences import Language
from moorage.chat.conversations import ConversationLine as LineFacts
from moorage.chat.facts import (
    AttachmentFacts,
    Compared,
    ComparisonFacts,
    ConversationFacts,
    Decision,
    MessageFacts,
    ReplyFacts,
    Withheld,
)
from moorage.connections.zones import SEAL_ZONES, UNSTATED, read_zones
from moorage.plans.catalogue import Terms
from moorage.providers.beside import Beside


def plan_terms(terms: Terms) -> PlanTerms:
    """Show what a plan includes."""
    return PlanTerms(
        tokens_per_month=terms.tokens_per_month,
        answer_tokens=terms.answer_tokens,
        standard_models=list(terms.standard_models),
        members=terms.members,
        person_per_minute=terms.person_per_minute,
        team_per_minute=terms.team_per_minute,
    )


def moment(at: datetime) -> str:
    """A moment as ISO 8601 in UTC, to the microsecond: what is shown can be handed back as a cursor."""
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def role_name(stored: str) -> RoleName:
    """A role as it is shown. One that no permission knows may do nothing, and is shown as the least."""
    return cast("RoleName", stored if stored in PERMISSIONS else MEMBER)


def receipt(facts: ReplyFacts, language: Language) -> Receipt:
    """The receipt of one run (P21)."""
    code = facts.problem_code
    return Receipt(
        reply_id=facts.id,
        state=facts.state,
        model_ref=facts.model_ref,
        model_name=facts.model_name,
        model_id=facts.model_id,
        model_reported=facts.model_reported,
        connection_name=facts.connection_name,
        origin=cast("OriginName", facts.origin),
        tokens_in=facts.tokens_in,
        tokens_out=facts.tokens_out,
        count_source=facts.count_source,
        ttft_ms=facts.ttft_ms,
        duration_ms=facts.duration_ms,
        finish_reason=facts.finish_reason,
        problem=None if code is None else tell(code, dict(facts.problem_params), language, retryable=True),
        continues_id=facts.continues_id,
        zone=cast("PlaceZoneName", facts.zone or UNSTATED),
        data_location=facts.data_location,
        sealed_to=zones(read_zones(facts.sealed_to)),
        alias=_alias(facts),
        finish_stated=facts.finish_stated,
        thought_ms=facts.thought_ms,
        withheld=withheld(facts.withheld) if facts.withheld else None,
    )


def beside(facts: Beside) -> BesideView | None:
    """What an answer has beside its words; None for nothing."""
    if not facts:
        return None
    return BesideView(
        calls=[ToolCallView(name=one.name, arguments=one.arguments, ran=one.ran) for one in facts.calls],
        sources=[SourceView(url=one.url, title=one.title) for one in facts.sources],
    )


def withheld(facts: Withheld) -> WithheldView:
    """What a model was not sent, or would not be."""
    files = [WithheldFileView(id=one.id, name=one.name, why=one.why) for one in facts.files]
    return WithheldView(messages=facts.messages, from_id=facts.from_id, files=files, is_too_long=facts.is_too_long)


def attachment(facts: AttachmentFacts) -> AttachmentView:
    """One attachment, without what is in it."""
    return AttachmentView(
        id=facts.id,
        name=facts.name,
        kind=facts.kind,
        media_type=facts.media_type,
        size=facts.size,
        has_text=facts.text_bytes > 0,
        width=facts.width,
        height=facts.height,
        pages=facts.pages,
    )


def _alias(facts: ReplyFacts) -> UsedAlias | None:
    if facts.alias_id is None:
        return None
    return UsedAlias(id=facts.alias_id, name=facts.alias_name or "", target_ref=facts.target_ref or "")


def message(facts: MessageFacts, author: str, language: Language) -> MessageView:
    """One message."""
    return MessageView(
        id=facts.id,
        parent_id=facts.parent_id,
        role=facts.role,
        text=facts.text,
        reasoning=facts.reasoning,
        created_at=moment(facts.created_at),
        author=author if facts.role == "user" else None,
        reply=None if facts.reply is None else receipt(facts.reply, language),
        beside=beside(facts.beside),
        attachments=[attachment(one) for one in facts.attachments],
        unasked=facts.unasked,
    )


def conversation(facts: ConversationFacts, author: str, language: Language) -> ConversationView:
    """A conversation with its whole tree."""
    return ConversationView(
        id=facts.id,
        title=facts.title,
        head_id=facts.head_id,
        messages=[message(one, author, language) for one in facts.messages],
        created_at=moment(facts.created_at),
        updated_at=moment(facts.updated_at),
        pinned=facts.pinned,
        archived=facts.archived,
        shared=facts.shared,
        sealed_to=zones(facts.sealed_to),
        sealed_at=None if facts.sealed_at is None else moment(facts.sealed_at),
        comparisons=[comparison(one) for one in facts.comparisons],
    )


def comparison(facts: ComparisonFacts) -> ComparisonView:
    """A comparison; which models it was between, its answers say when they may."""
    return ComparisonView(
        id=facts.id,
        question_id=facts.question_id,
        answer_ids=list(facts.answer_ids),
        blind=facts.is_blind,
        outcome=facts.outcome,
        better_id=facts.better_id,
        chosen_id=facts.chosen_id,
    )


def comparison_made(made: Compared, author: str, language: Language) -> ComparisonMade:
    """A question and the replies that are being written."""
    return ComparisonMade(
        question=message(made.question, author, language),
        answers=[message(one, author, language) for one in made.answers],
        comparison=comparison(made.comparison),
    )


def zones(admitted: frozenset[str] | None) -> list[SealZoneName] | None:
    """The zones of a seal, in one order."""
    return None if admitted is None else [zone for zone in SEAL_ZONES if zone in admitted]


def line(facts: LineFacts) -> ConversationLine:
    """One line of the list."""
    return ConversationLine(
        id=facts.id,
        title=facts.title,
        updated_at=moment(facts.updated_at),
        running=facts.running,
        pinned=facts.pinned,
        archived=facts.archived,
        shared=facts.shared,
        sealed_to=zones(facts.sealed_to),
    )


def exchange(decision: Decision, author: str, language: Language) -> Exchange:
    """A question and the reply that is being written."""
    return Exchange(
        question=message(decision.question, author, language), answer=message(decision.answer, author, language)
    )
