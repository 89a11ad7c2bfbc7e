"""The rows of routes.py about seals, the team's rules for conversations, and receipts."""

from typing import Final

from moorage.api import limits, seals
from moorage.api.route import Route
from moorage.api.schemas.conversations import ConversationView
from moorage.api.schemas.seals import ConversationRulesView, SealView
from moorage.chat.receipts import MEDIA_TYPES

_FILES: Final = tuple(MEDIA_TYPES.values())
_OFTEN: Final = limits.CONVERSATION_EXPORT

SEAL_ROUTES: Final = (
    Route("PUT", "/api/conversations/{conversation_id}/seal", seals.seal_conversation, ConversationView),
    Route("GET", "/api/conversations/{conversation_id}/receipts", seals.get_receipts, None, limit=_OFTEN, files=_FILES),
    Route("GET", "/api/team/seals/{conversation_id}", seals.get_seal, SealView),
    Route("POST", "/api/team/seals/{conversation_id}/lift", seals.lift_seal, SealView),
    Route("GET", "/api/team/conversation-rules", seals.get_conversation_rules, ConversationRulesView),
    Route("PUT", "/api/team/conversation-rules", seals.set_conversation_rules, ConversationRulesView),
    Route("POST", "/api/team/receipts/{conversation_id}", seals.export_receipts, None, limit=_OFTEN, files=_FILES),
)
