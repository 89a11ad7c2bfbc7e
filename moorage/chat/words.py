"""Text → the words it is found by, the same on both engines: folded here, so no locale of a database has a say.

Case, accents and ß fold away; a word is found by its beginning. Nothing here leaves letters and digits in a word, so
what is built of them needs no quoting.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, count, islice
from typing import Final

MAX_WORD_CHARS: Final = 64
# PostgreSQL takes 1 MB of different words per text; a text of 400,000 characters rarely has a tenth of that.
MAX_WORDS_BYTES: Final = 400_000
MAX_ASKED_WORDS: Final = 12
# A character may unfold into eighteen, and thousands of spellings into one word: neither is worked through to its end.
_READ_WORD_CHARS: Final = 4 * MAX_WORD_CHARS
_READ_WORDS: Final = 100_000
_READ_CHARS: Final = 1_000_000
SNIPPET_CHARS: Final = 160
_LEAD_CHARS: Final = 40

# Letters, digits and the accents that follow a letter in decomposed texts (macOS writes ü as u and two dots).
_WORD: Final = re.compile(r"[\w\u0300-\u036f]+")
_QUOTE: Final = re.compile('["\u201c\u201d\u201e\u201f\u00ab\u00bb]')
_WHOLE: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i", "ħ": "h"}
)
_TYPED_OUT: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a snippet; `marked` where it is what was looked for. A text, never markup."""

    text: str
    marked: bool


def forms_of(word: str) -> tuple[str, ...]:
    """Fold one word: Müller, MÜLLER and muller are one, Straße and strasse too. None if nothing is left.

    An umlaut has two forms, muller and mueller, so that each way to type it finds the other.
    """
    word = word[:_READ_WORD_CHARS]
    if word.isascii():
        return (word.lower()[:MAX_WORD_CHARS],)
    written = unicodedata.normalize("NFC", word.casefold()).translate(_WHOLE)
    spellings = dict.fromkeys((written, written.translate(_TYPED_OUT)))
    return tuple(dict.fromkeys(form for one in spellings if (form := _bare(one))))


def _bare(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word)
    return "".join(islice(filter(str.isalnum, decomposed), MAX_WORD_CHARS))


def words_of(text: str) -> list[str]:
    """Give the different words of a text, folded, in the order they first appear, as many as an index takes."""
    words: dict[str, None] = {}
    size, read = 0, 0
    for found in islice(dict.fromkeys(_WORD.findall(_readable(text))), _READ_WORDS):
        if read > _READ_CHARS:
            break
        read += min(len(found), _READ_WORD_CHARS)
        for word in forms_of(found):
            if word in words:
                continue
            size += len(word.encode()) + 1
            if size > MAX_WORDS_BYTES:
                return list(words)
            words[word] = None
    return list(words)


def _readable(text: str) -> str:
    # Of the same length; file_name is two words.
    return text.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One word that somebody looks for, in each way it may have been written.

    `is_whole`: longer words that begin like this are not meant, as for a single letter and in quotes.
    """

    spellings: tuple[str, ...]
    is_whole: bool

    def fits(self, word: str) -> bool:
        """Tell whether a word of a text is what was looked for."""
        forms = forms_of(word)
        if self.is_whole:
            return not set(self.spellings).isdisjoint(forms)
        return any(form.startswith(self.spellings) for form in forms)


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody looks for: words that all must be there, and of these the ones that must follow each other."""

    words: tuple[Wanted, ...]
    phrases: tuple[tuple[Wanted, ...], ...]


def read_query(typed: str) -> Query:
    """Read what was typed. Nothing in it is an error; a quote that has no other is no quote.

    Umlauts find their typed-out form and the other way round: Müller, Mueller.
    """
    parts = _QUOTE.split(typed)
    words: list[Wanted] = []
    phrases: list[tuple[Wanted, ...]] = []
    for number, part in enumerate(parts):
        is_quoted = number % 2 == 1 and number < len(parts) - 1
        found = _wanted_in(part, MAX_ASKED_WORDS - len(words), is_quoted=is_quoted)
        words += found
        if is_quoted and len(found) > 1:
            phrases.append(tuple(found))
    return Query(tuple(words), tuple(phrases))


def _wanted_in(part: str, most: int, *, is_quoted: bool) -> list[Wanted]:
    folded = [forms for found in _WORD.findall(_readable(part)) if (forms := forms_of(found))]
    return [Wanted(forms, is_quoted or len(forms[0]) == 1) for forms in folded[:most]]


def has_phrases(text: str, query: Query) -> bool:
    """Tell whether each phrase stands in the text, word after word, whatever is between the words."""
    return all(_place_of(text, phrase) is not None for phrase in query.phrases)


def _place_of(text: str, phrase: Sequence[Wanted]) -> int | None:
    """Give where a phrase begins in a text."""
    readable = _readable(text)
    words = _WORD.findall(readable)
    looked_for = {spelling for one in phrase for spelling in one.spellings}
    fitting = [word for word in set(words) if not looked_for.isdisjoint(forms_of(word))]
    # Each column says where one word of the phrase fits, moved so that a row of them is the phrase. Maps, for they are
    # ten times as fast as a loop, and a search may look through hundreds of texts.
    fits = [{word for word in fitting if one.fits(word)} for one in phrase]
    columns = [map(known.__contains__, islice(words, at, None)) for at, known in enumerate(fits)]
    begins = next(compress(count(), map(all, zip(*columns, strict=False))), None)
    return None if begins is None else next(islice(_WORD.finditer(readable), begins, None)).start()


class _Fits(dict[str, bool]):
    """Which words fit one that is wanted; each is folded once, for a long text repeats itself."""

    def __init__(self, *wanted: Wanted) -> None:
        super().__init__()
        self._wanted = wanted

    def __missing__(self, word: str) -> bool:
        self[word] = fits = any(one.fits(word) for one in self._wanted)
        return fits


def mark(text: str, query: Query) -> list[Piece]:
    """Cut a text into pieces, those that fit a word of the query marked."""
    pieces: list[Piece] = []
    at = 0
    for start, end in _hits(text, query.words):
        if start > at:
            pieces.append(Piece(text[at:start], marked=False))
        pieces.append(Piece(text[start:end], marked=True))
        at = end
    if at < len(text):
        pieces.append(Piece(text[at:], marked=False))
    return pieces


def snippet_of(text: str, query: Query) -> list[Piece]:
    """Give what stands around the first hit, on one line, with every hit in it marked."""
    first = _place_of(text, query.phrases[0]) if query.phrases else None
    if first is None:
        first = next(_hits(text, query.words), (0, 0))[0]
    begin = max(0, first - _LEAD_CHARS)
    if begin > 0:
        # Begin with a whole word where there is one in reach.
        gap = text.find(" ", begin, first)
        begin = begin if gap == -1 else gap + 1
    end = min(len(text), begin + SNIPPET_CHARS)
    line = " ".join(text[begin:end].split())
    shown = f"{'…' if begin > 0 else ''}{line}{'…' if end < len(text) else ''}"
    return mark(shown, query)


def _hits(text: str, wanted: Sequence[Wanted]) -> Iterator[tuple[int, int]]:
    fits = _Fits(*wanted)
    for found in _WORD.finditer(_readable(text)):
        if fits[found[0]]:
            yield found.span()
