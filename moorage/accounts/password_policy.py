"""Which passwords are good enough: twelve characters and hard to guess, with no rules about which signs are in them.

Judged by zxcvbn, which is slow on long texts and keeps the words it was given in a global: so one at a time, in one
thread, and never more than a piece of the password.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from zxcvbn import zxcvbn

from moorage.errors import Invalid

MIN_CHARS: Final = 12
MIN_SCORE: Final = 3  # of 4: ten to the eighth guesses or more
_JUDGED_CHARS: Final = 32
_MIN_WORD_CHARS: Final = 3
_MIN_OTHER_CHARS: Final = 6
_PRODUCT: Final = "moorage"
_OWN_WORDS: Final = "user_inputs"
_COMMON: Final = "passwords"
_WHY: Final[Mapping[str, str]] = {
    "spatial": "password_keyboard",
    "repeat": "password_repeats",
    "sequence": "password_sequence",
    "date": "password_date",
    "regex": "password_date",
    "dictionary": "password_word",
}


class PasswordPolicy:
    """Judges new passwords. What exists is never judged: nobody is locked out by a stricter rule."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="password-policy")

    async def require(self, password: str, words: Iterable[str], *, field: str = "password") -> None:
        """Refuse a password that is short or easy to guess. `words`: the person's name, address and team.

        Raises Invalid("password_too_short") or the code of what makes it easy: password_common, password_like_name, …
        """
        if len(password) < MIN_CHARS:
            raise Invalid("password_too_short", field=field, length=MIN_CHARS)
        loop = asyncio.get_running_loop()
        code = await loop.run_in_executor(self._thread, judge, password, sorted(split_words(words)))
        if code is not None:
            raise Invalid(code, field=field)


def split_words(texts: Iterable[str]) -> set[str]:
    """Give what a guesser who knows the person would try: each text, and its words, in lower case."""
    found = {_PRODUCT}
    for text in texts:
        whole = text.strip().casefold()
        found |= {whole, whole.partition("@")[0], *re.split(r"[\W_]+", whole)}
    return {word for word in found if len(word) >= _MIN_WORD_CHARS}


def judge(password: str, words: Sequence[str]) -> str | None:
    """Give the code of what makes a password easy to guess, None for a good one. Takes up to 0.4 s of processor."""
    if _is_made_of(words, password):
        return "password_like_name"
    code: str | None = None
    for piece in _pieces(password):
        # As strong as its strongest piece: what stands before and after only adds to it.
        found = zxcvbn(piece, user_inputs=list(words))
        if found["score"] >= MIN_SCORE:
            return None
        code = code or _name(found["sequence"])
    return code


def _is_made_of(words: Sequence[str], password: str) -> bool:
    """True when next to nothing is left without the person's own words: two of them are good enough for zxcvbn."""
    folded = rest = password.casefold()
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, " ")
    left = len(re.sub(r"[\W_]+", "", rest))
    return rest != folded and left < _MIN_OTHER_CHARS


def _pieces(password: str) -> Iterator[str]:
    yield password[:_JUDGED_CHARS]
    if len(password) > _JUDGED_CHARS:
        yield password[-_JUDGED_CHARS:]


def _name(parts: Sequence[Mapping[str, Any]]) -> str:
    """Name what the largest recognised part is."""
    known = [part for part in parts if part["pattern"] in _WHY]
    if not known:
        return "password_guessable"
    largest = max(known, key=lambda part: len(part["token"]))
    if largest.get("dictionary_name") == _OWN_WORDS:
        return "password_like_name"
    if largest.get("dictionary_name") == _COMMON:
        return "password_common"
    return _WHY[largest["pattern"]]
