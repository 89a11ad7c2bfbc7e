"""From what the rooms know to what the API shows."""

from datetime import datetime
from typing import cast

from moorage.api.errors import tell
from moorage.api.schemas.connections import OriginName
from moorage.api.schemas.conversations import (
    ConversationLine,
    ConversationView,
    Exchange,
    MessageView,
    Receipt,
)
from moorage.api.sentences import Language
from moorage.chat.conversations import ConversationLine as LineFacts
from moorage.chat.facts import ConversationFacts, Decision, MessageFacts, ReplyFacts


def moment(at: datetime) -> str:
    """A moment as ISO 8601 in UTC, to the microsecond: what is shown can be handed back as a cursor."""
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


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
    )


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
    )


def line(facts: LineFacts) -> ConversationLine:
    """One line of the list."""
    return ConversationLine(id=facts.id, title=facts.title, updated_at=moment(facts.updated_at), running=facts.running)


def exchange(decision: Decision, author: str, language: Language) -> Exchange:
    """A question and the reply that is being written."""
    return Exchange(
        question=message(decision.question, author, language), answer=message(decision.answer, author, language)
    )
