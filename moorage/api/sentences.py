"""Sentences in the reader's language: code + params → text, from `locales/<language>/<room>.json`."""

import functools
import json
from collections.abc import Mapping
from importlib import resources
from typing import Final, Literal

from moorage.errors import Param

Language = Literal["en", "de"]

LANGUAGES: Final[tuple[Language, ...]] = ("en", "de")


@functools.cache
def _catalogue(language: Language) -> Mapping[str, str]:
    sentences: dict[str, str] = {}
    for file in (resources.files("moorage") / "locales" / language).iterdir():
        if file.name.endswith(".json"):
            sentences.update(json.loads(file.read_text("utf-8")))
    return sentences


def sentence(code: str, params: Mapping[str, Param], language: Language) -> str:
    """Give the sentence of a code. A code without a sentence gives the code itself; a house test finds those."""
    template = _catalogue(language).get(code, code)
    return template.format_map(_Blank(params))


def known_codes() -> frozenset[str]:
    """Give every code that has a sentence."""
    return frozenset(_catalogue("en"))


def choose_language(accept_language: str, preferred: str | None = None) -> Language:
    """Choose from the Accept-Language header; a person's own setting wins when the header names nothing we speak."""
    for part in accept_language.split(","):
        tag = part.split(";")[0].strip().lower()[:2]
        for language in LANGUAGES:
            if tag == language:
                return language
    return "de" if preferred == "de" else "en"


class _Blank(dict[str, Param]):
    """Leaves a placeholder that has no value readable instead of failing while an error is being told."""

    def __missing__(self, name: str) -> str:
        return "…"
