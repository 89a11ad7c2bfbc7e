"""Search over HTTP. What is looked for comes in a body: an address would stand in logs and histories."""

from moorage.api import views
from moorage.api.parts import PartsDep
from moorage.api.schemas.searches import HitView, ResultView, SearchAsk, SearchView, TextPiece
from moorage.api.signed_in import SignedIn
from moorage.chat.search import Hit, Result, search
from moorage.chat.search_index import Narrowed
from moorage.chat.words import Piece
from moorage.connections.lookup import as_stored
from moorage.errors import Invalid


async def search_conversations(parts: PartsDep, who: SignedIn, wish: SearchAsk) -> SearchView:
    """Find one's own conversations by their titles and messages."""
    try:
        model_ref = None if wish.answered_by is None else as_stored(wish.answered_by)
    except Invalid:
        # A model that nobody can have asked.
        return SearchView(results=[], more=False)
    narrowed = Narrowed(model_ref, wish.shared_with, wish.since, wish.until)
    found = await search(parts.database, who.team_id, who.user_id, wish.text, narrowed)
    return SearchView(results=[_result(one) for one in found.results], more=found.more)


def _result(found: Result) -> ResultView:
    return ResultView(
        conversation_id=found.conversation_id,
        title=_pieces(found.title),
        archived=found.archived,
        updated_at=views.moment(found.updated_at),
        hits=[_hit(one) for one in found.hits],
        more_hits=found.more_hits,
    )


def _hit(found: Hit) -> HitView:
    return HitView(message_id=found.message_id, role=found.role, snippet=_pieces(found.snippet))


def _pieces(pieces: list[Piece]) -> list[TextPiece]:
    return [TextPiece(text=one.text, marked=one.marked) for one in pieces]
