"""What stands beside the words of an answer: tools a model wants called, sources it names. Bounded data, never run."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from moorage.providers.text import SurrogateJoiner, clean_label

MAX_CALLS: Final = 32
MAX_ARGUMENT_CHARS: Final = 65_536
MAX_SOURCES: Final = 50
_MAX_NAME_CHARS: Final = 120
_MAX_URL_CHARS: Final = 2000
_MAX_TITLE_CHARS: Final = 200
# A secret is known by fifteen characters of it, an address by its host: both are found over the joint of two pieces.
_MAX_TAIL_CHARS: Final = 512


@dataclass(frozen=True, slots=True)
class CallPiece:
    """More of one tool call. `at` is its place among the answer's calls, `arguments` gets appended to what was there.

    `name` is empty in all but the first piece. `ran`: the provider ran it itself.
    """

    at: int
    name: str
    arguments: str
    ran: bool = False


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that a model wanted called. `arguments` is the text as it came, mostly JSON."""

    name: str
    arguments: str
    ran: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A page that an answer stands on. `url` begins with https:// or http://; `title` may be empty."""

    url: str
    title: str


@dataclass(frozen=True, slots=True)
class Beside:
    """What an answer has beside its words."""

    calls: tuple[ToolCall, ...] = ()
    sources: tuple[Source, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.calls or self.sources)

    def to_json(self) -> dict[str, Any] | None:
        """Give a JSON object to store; None for nothing."""
        if not self:
            return None
        return {
            "calls": [{"name": one.name, "arguments": one.arguments, "ran": one.ran} for one in self.calls],
            "sources": [{"url": one.url, "title": one.title} for one in self.sources],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> "Beside":
        """Read what `to_json` gave."""
        if not stored:
            return NOTHING
        return cls(
            tuple(ToolCall(one["name"], one["arguments"], one["ran"]) for one in stored["calls"]),
            tuple(Source(one["url"], one["title"]) for one in stored["sources"]),
        )


NOTHING: Final = Beside()


@dataclass(frozen=True, slots=True)
class BesidePieces:
    """What some network reads brought beside words."""

    calls: tuple[CallPiece, ...] = ()
    sources: tuple[Source, ...] = ()


def put_together(pieces: Iterable[BesidePieces]) -> Beside:
    """Make the whole of all pieces since the beginning, in their order."""
    calls: dict[int, list[CallPiece]] = {}
    sources: list[Source] = []
    for piece in pieces:
        sources += piece.sources
        for call in piece.calls:
            calls.setdefault(call.at, []).append(call)
    whole = tuple(
        ToolCall(
            next((part.name for part in parts if part.name), ""),
            "".join(part.arguments for part in parts),
            any(part.ran for part in parts),
        )
        for parts in calls.values()
    )
    return Beside(whole, tuple(sources))


class Gatherer:
    """Takes calls and sources as endpoints give them, in pieces and several times, and keeps each one once.

    `hides`: names, addresses and arguments for which it is true are not passed on.
    """

    def __init__(self, hides: Callable[[object], bool]) -> None:
        self._hides = hides
        self._places: dict[object, int] = {}
        self._ids: list[str] = []
        self._chars: list[int] = []
        self._joiners: list[SurrogateJoiner] = []
        self._tails: list[str] = []
        self._new_calls: list[CallPiece] = []
        self._cited: set[str] = set()
        self._new_sources: list[Source] = []
        self.wants_calls = False

    @property
    def has_calls(self) -> bool:
        """Whether any call was named."""
        return bool(self._ids)

    def call(
        self, place: object, *, call_id: object = None, name: object = None, arguments: object = None, ran: bool = False
    ) -> int:
        """Take a call or a piece of one; `place` tells pieces of different calls apart. Returns how long it was.

        A known place with another id is another call: some servers number every call 0.
        """
        at = self._places.get(place)
        known_id = call_id if isinstance(call_id, str) else ""
        label = "" if self._hides(name) else clean_label(name, max_chars=_MAX_NAME_CHARS) or ""
        is_new = at is None or (label != "" and known_id not in {"", self._ids[at]})
        if is_new or at is None:
            if len(self._ids) >= MAX_CALLS:
                return 0
            at = self._places[place] = len(self._ids)
            self._ids.append(known_id)
            self._chars.append(0)
            self._joiners.append(SurrogateJoiner())
            self._tails.append("")
            self.wants_calls = self.wants_calls or not ran
        piece = self._joiners[at].join(_text_of(arguments)).replace("\0", "\ufffd")
        piece = self._clean(at, piece[: MAX_ARGUMENT_CHARS - self._chars[at]])
        if is_new or label or piece:
            self._new_calls.append(CallPiece(at, label, piece, ran))
        return len(piece)

    def _clean(self, at: int, piece: str) -> str:
        """Give what may be passed on of a piece; once a call tells a secret, nothing more of it is."""
        if not piece:
            return ""
        tail = self._tails[at] + piece
        if self._hides(tail):
            self._chars[at] = MAX_ARGUMENT_CHARS
            return ""
        self._chars[at] += len(piece)
        self._tails[at] = tail[-_MAX_TAIL_CHARS:]
        return piece

    def cite(self, url: object, title: object) -> None:
        """Take a source. One that is no page of the web, or known already, is left out."""
        address = clean_label(url, max_chars=_MAX_URL_CHARS + 1)
        if address is None or len(address) > _MAX_URL_CHARS or not address.startswith(("https://", "http://")):
            return
        if address in self._cited or len(self._cited) >= MAX_SOURCES or self._hides(address):
            return
        self._cited.add(address)
        label = None if self._hides(title) else clean_label(title, max_chars=_MAX_TITLE_CHARS)
        self._new_sources.append(Source(address, label or ""))

    def take(self) -> BesidePieces | None:
        """Give what is new since the last time; None for nothing."""
        if not self._new_calls and not self._new_sources:
            return None
        merged: dict[int, CallPiece] = {}
        for piece in self._new_calls:
            before = merged.get(piece.at)
            if before is not None:
                piece = CallPiece(  # noqa: PLW2901 - the two become one
                    piece.at, before.name or piece.name, before.arguments + piece.arguments, before.ran or piece.ran
                )
            merged[piece.at] = piece
        taken = BesidePieces(tuple(merged.values()), tuple(self._new_sources))
        self._new_calls.clear()
        self._new_sources.clear()
        return taken


def _text_of(arguments: object) -> str:
    """Give arguments as text; some servers send the object itself, an empty one before its pieces."""
    if isinstance(arguments, str):
        return arguments
    if not isinstance(arguments, (Mapping, list)) or not arguments:
        return ""
    try:
        return json.dumps(arguments, ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""
