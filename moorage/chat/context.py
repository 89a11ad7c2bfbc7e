"""History → what is sent to a model. Pure: roles, texts and places of attachments, nothing of a provider's own.

The rule of the window: room for an answer is kept, the newest question always goes, and older exchanges go whole,
newest first, until one does not fit; it and everything before it stays. Where the window is not known, words have a
bound of their own. What is withheld is told with it. docs/attachments.md
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Protocol, TypeVar
from uuid import UUID

from moorage.chat.facts import AttachmentFacts, GoesAs, Piece, Withheld, WithheldFile, WithheldWhy
from moorage.providers.protocol import Attached, Turn
from moorage.usage.estimates import (
    estimate_document_tokens,
    estimate_image_tokens,
    estimate_text_tokens,
    estimate_turn_tokens,
)

GO_ON: Final = (
    "Your last answer was cut off. Continue it exactly where it stopped, in the same language, even in the middle of a "
    "word. Do not repeat anything of it, do not begin again and do not comment on the interruption."
)
# Kept free for the answer, in tokens; of a small window a quarter.
ANSWER_ROOM: Final = 4096
# Of everything that is attached, texts too: written as base64, and with a long conversation beside them, the strictest
# of the makers takes them (32 MB).
MAX_ATTACHED_BYTES: Final = 20 * 1024 * 1024
# No model has a larger one; an endpoint may say anything.
MOST_WINDOW: Final = 20_000_000
# Of words, where a window is not known: beside as much that is attached, written as base64, the same makers take it.
MAX_WORDS_BYTES: Final = 4 * 1024 * 1024
# More pages of one document than this are refused by some of the makers.
MAX_DOCUMENT_PAGES: Final = 100
# Around the text of a file, and what tells a model that something is missing.
_NOTE_TOKENS: Final = 40


@dataclass(frozen=True, slots=True)
class HistoryMessage:
    """A stored message as far as the context needs it: no reasoning, no ids of a vendor."""

    id: UUID
    parent_id: UUID | None
    role: Literal["user", "assistant"]
    text: str
    attachments: tuple[AttachmentFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """What a model takes. `inputs` of "text", "image", "file"; `window` in tokens.

    None = not known: MAX_WORDS_BYTES of words go, and what is attached to them.
    """

    inputs: frozenset[str] = frozenset({"text"})
    window: int | None = None


@dataclass(frozen=True, slots=True)
class Sending:
    """A request before the contents of attachments are read.

    `pieces` stand before the texts of `turns`, by their place there. `tokens` is the estimate of all of it.
    """

    turns: list[Turn]
    pieces: Mapping[int, tuple[Piece, ...]]
    withheld: Withheld
    tokens: int


@dataclass(frozen=True, slots=True)
class Content:
    """What is in an attachment: bytes of a picture or PDF, text of a text or PDF."""

    media_type: str
    data: bytes = field(repr=False)
    text: str = field(repr=False)


class InTree(Protocol):
    """A message as far as its place in the tree goes."""

    @property
    def id(self) -> UUID:
        """Its own id."""

    @property
    def parent_id(self) -> UUID | None:
        """The message it follows."""


M = TypeVar("M", bound=InTree)


def branch_to(messages: Mapping[UUID, M], leaf_id: UUID | None) -> list[M]:
    """Give the messages from the root to `leaf_id`. A broken link ends the walk, it doesn't raise."""
    branch: list[M] = []
    seen: set[UUID] = set()
    at = leaf_id
    while at is not None and at in messages and at not in seen:
        seen.add(at)
        branch.append(messages[at])
        at = messages[at].parent_id
    branch.reverse()
    return branch


def plan(branch: Sequence[HistoryMessage], target: Target, *, goes_on: bool = False) -> Sending:
    """Decide what of a branch goes to a model, and say what does not. `goes_on`: its last answer is to be continued."""
    drafts = _draft(branch, target)
    sent, is_too_long = _fit(_exchanges(drafts), target, _go_on_tokens() if goes_on else 0)
    left_out = drafts[: len(drafts) - len(sent)]
    turns, pieces = _turns_of(sent)
    if goes_on:
        # A request that ends with the answer itself is refused or misread by many servers, so the wish is a turn.
        turns.append(Turn("user", GO_ON))
    gone = [WithheldFile(one.id, one.name, "window") for draft in left_out for one in draft.message.attachments]
    partly = [one for draft in sent for one in draft.withheld]
    withheld = Withheld(
        messages=len(left_out),
        from_id=sent[0].message.id if left_out and sent else None,
        files=(*gone, *partly),
        is_too_long=is_too_long,
    )
    tokens = sum(draft.tokens for draft in sent) + (_go_on_tokens() if goes_on else 0)
    return Sending(turns, pieces, withheld, tokens)


def fill(
    turns: Sequence[Turn], pieces: Mapping[int, tuple[Piece, ...]], contents: Mapping[UUID, Content]
) -> list[Turn]:
    """Put the contents into the turns: pictures and documents beside the text, texts of files before it."""
    filled = list(turns)
    for at, placed in pieces.items():
        texts = [_text_of(one, contents[one.id]) for one in placed if one.goes_as == "text"]
        attached = tuple(
            Attached(one.goes_as, contents[one.id].media_type, one.name, contents[one.id].data)
            for one in placed
            if one.goes_as != "text"
        )
        filled[at] = replace(filled[at], text=_joined(*texts, filled[at].text), attached=attached)
    return filled


@dataclass(frozen=True, slots=True)
class _Draft:
    """A message as it would be sent. `weights`: what each piece weighs in tokens; `tokens` is all of it."""

    message: HistoryMessage
    text: str
    pieces: tuple[Piece, ...]
    weights: tuple[int, ...]
    withheld: tuple[WithheldFile, ...]
    tokens: int


def _draft(branch: Sequence[HistoryMessage], target: Target) -> list[_Draft]:
    """Write every message that has something to say; the newest first, so that their attachments find room."""
    free_bytes = MAX_ATTACHED_BYTES
    drafts: list[_Draft] = []
    for message in reversed(branch):
        if not message.attachments:
            if message.text.strip():
                drafts.append(_Draft(message, message.text, (), (), (), estimate_turn_tokens(message.text)))
            continue
        pieces: list[Piece] = []
        withheld: list[WithheldFile] = []
        for one in message.attachments:
            goes_as, why = _way_of(one, target, free_bytes)
            if goes_as is not None:
                pieces.append(Piece(one.id, one.name, goes_as, _bytes_of(one, goes_as)))
                free_bytes -= pieces[-1].size
            if why is not None:
                withheld.append(WithheldFile(one.id, one.name, why))
        drafts.append(_drafted(message, pieces, withheld))
    drafts.reverse()
    return drafts


def _way_of(one: AttachmentFacts, target: Target, free_bytes: int) -> tuple[GoesAs | None, WithheldWhy | None]:
    """Decide as what an attachment goes, if it does, and why it is not as it is."""
    has_text_room = one.text_bytes <= free_bytes
    if one.kind == "text":
        return ("text", None) if has_text_room else (None, "request_full")
    has_room = one.size <= free_bytes
    if one.kind == "image":
        if "image" not in target.inputs:
            return None, "no_images"
        return ("image", None) if has_room else (None, "request_full")
    takes_it = "file" in target.inputs and (one.pages or 0) <= MAX_DOCUMENT_PAGES
    if takes_it and has_room:
        return "document", None
    if one.text_bytes and has_text_room:
        return "text", "as_text"
    return None, "request_full" if takes_it or one.text_bytes else "no_text"


def _bytes_of(one: AttachmentFacts, goes_as: GoesAs) -> int:
    return one.text_bytes if goes_as == "text" else one.size


def _drafted(message: HistoryMessage, pieces: Sequence[Piece], withheld: Iterable[WithheldFile]) -> _Draft:
    withheld = tuple(withheld)
    notes = [_note_of(one) for one in withheld if one.why != "as_text"]
    text = _joined(*notes, message.text)
    by_id = {one.id: one for one in message.attachments}
    weights = tuple(_weight(by_id[piece.id], piece) for piece in pieces)
    return _Draft(message, text, tuple(pieces), weights, withheld, estimate_turn_tokens(text) + sum(weights))


def _weight(one: AttachmentFacts, piece: Piece) -> int:
    if piece.goes_as == "image":
        return estimate_image_tokens(one.width or 0, one.height or 0)
    if piece.goes_as == "document":
        return estimate_document_tokens(one.pages or 0, one.text_bytes)
    return estimate_text_tokens(one.text_bytes) + _NOTE_TOKENS


def _exchanges(drafts: Iterable[_Draft]) -> list[list[_Draft]]:
    """Part a branch where a person speaks after an answer: questions that got none belong to the next that did."""
    exchanges: list[list[_Draft]] = []
    for draft in drafts:
        if not exchanges or (draft.message.role == "user" and exchanges[-1][-1].message.role == "assistant"):
            exchanges.append([])
        exchanges[-1].append(draft)
    return exchanges


def _fit(exchanges: list[list[_Draft]], target: Target, more: int) -> tuple[list[_Draft], bool]:
    """Give the newest exchanges that fit, and whether the newest question alone does not."""
    if not exchanges:
        return [], False
    if target.window is None:
        budget, cost = estimate_text_tokens(MAX_WORDS_BYTES) - more, _cost_of_words
    else:
        window = min(target.window, MOST_WINDOW)
        budget, cost = window - min(ANSWER_ROOM, window // 4) - more, _cost
    *older, newest = exchanges
    if cost(newest) > budget:
        unanswered, newest = _part(newest)
        older += [[one] for one in unanswered]
    if target.window is not None:
        newest = _lighten(newest, budget)
    sent = newest
    used = cost(newest)
    if used > budget:
        return sent, True
    for exchange in reversed(older):
        used += cost(exchange)
        if used > budget:
            break
        sent = [*exchange, *sent]
    return sent, False


def _part(exchange: list[_Draft]) -> tuple[list[_Draft], list[_Draft]]:
    """Part the last question, with what follows it, from those before it that got no answer."""
    at = max((at for at, draft in enumerate(exchange) if draft.message.role == "user"), default=0)
    return exchange[:at], exchange[at:]


def _lighten(exchange: list[_Draft], budget: int) -> list[_Draft]:
    """Leave out attachments of an exchange that is too long, the heaviest first; the text of a PDF may go instead."""
    lightened = list(exchange)
    while _cost(lightened) > budget:
        weighed = [
            (weight, at, place) for at, draft in enumerate(lightened) for place, weight in enumerate(draft.weights)
        ]
        if not weighed:
            break
        _, at, place = max(weighed)
        lightened[at] = _without(lightened[at], place)
    return lightened


def _without(draft: _Draft, place: int) -> _Draft:
    piece = draft.pieces[place]
    facts = next(one for one in draft.message.attachments if one.id == piece.id)
    others = [one for one in draft.withheld if one.id != piece.id]
    pieces = list(draft.pieces)
    if piece.goes_as == "document" and facts.text_bytes:
        pieces[place] = replace(piece, goes_as="text", size=_bytes_of(facts, "text"))
        return _drafted(draft.message, pieces, [*others, WithheldFile(piece.id, piece.name, "as_text")])
    del pieces[place]
    return _drafted(draft.message, pieces, [*others, WithheldFile(piece.id, piece.name, "too_large")])


def _cost(exchange: Iterable[_Draft]) -> int:
    return sum(draft.tokens for draft in exchange)


def _cost_of_words(exchange: Iterable[_Draft]) -> int:
    return sum(draft.tokens - sum(draft.weights) for draft in exchange)


def _go_on_tokens() -> int:
    return estimate_turn_tokens(GO_ON)


def _turns_of(drafts: Iterable[_Draft]) -> tuple[list[Turn], dict[int, tuple[Piece, ...]]]:
    """Make the turns: neighbours of the same role are joined.

    Strict servers refuse two turns of one role in a row, and empty ones; both arise when a reply failed.
    """
    turns: list[Turn] = []
    pieces: dict[int, tuple[Piece, ...]] = {}
    for draft in drafts:
        role = draft.message.role
        if turns and turns[-1].role == role:
            turns[-1] = Turn(role, _joined(turns[-1].text, draft.text))
        else:
            turns.append(Turn(role, draft.text))
        if draft.pieces:
            at = len(turns) - 1
            pieces[at] = pieces.get(at, ()) + draft.pieces
    return turns, pieces


def _joined(*texts: str) -> str:
    # A question may be files alone, without a word.
    return "\n\n".join(text for text in texts if text)


def _text_of(piece: Piece, content: Content) -> str:
    about = "" if content.media_type.startswith("text/") else " (the text of a PDF, without its pictures and layout)"
    return f'<file name="{_quoted(piece.name)}">{about}\n{content.text.strip()}\n</file>'


def _note_of(one: WithheldFile) -> str:
    because = {
        "no_images": "this model takes no pictures",
        "no_text": "this model takes no documents, and it has no text that could go instead",
        "too_large": "it is too large for this model",
        "request_full": "together with newer attachments it is too large for one request",
    }.get(one.why, "")
    return f'[The attachment "{_quoted(one.name)}" was not sent: {because}.]'


def _quoted(name: str) -> str:
    return name.replace('"', "'").replace("<", "(").replace(">", ")")


def title_of(text: str, *, length: int = 60) -> str:
    """Make a title of the first words of a message, without the marks of a heading or list, cut at a word."""
    line = " ".join(text.split())
    line = line.lstrip("#>*-` ") or line
    if len(line) <= length:
        return line
    cut = line[: length - 1].rsplit(" ", 1)[0] if " " in line[: length - 1] else line[: length - 1]
    return cut.rstrip(",;:.") + "…"
