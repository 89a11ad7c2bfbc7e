"""Zones and makers of titles in the entries of the trail, in the reader's language: they are stored as codes."""

from collections.abc import Mapping
from typing import Final

from moorage.api.sentences import Language, sentence
from moorage.audit.trail import Detail

_ZONED: Final[Mapping[str, tuple[str, ...]]] = {
    "conversation.sealed": ("zones", "before"),
    "conversation.seal_changed": ("zones", "before"),
    "conversation.seal_lifted": ("before",),
    "team.seal_changed": ("zones", "before"),
    "conversation.left_own_hardware": ("to_zone",),
    "connection.zone_changed": ("zone", "before"),
    "standard.zone_stated": ("zone",),
    "standard.zone_changed": ("zone", "before"),
}


def words_of(action: str, details: Mapping[str, Detail], language: Language) -> dict[str, str]:
    """Give the words for those details of an entry that are codes of this kind."""
    told = {name: _zones(details.get(name), language) for name in _ZONED.get(action, ())}
    if action == "team.titles_changed":
        told["titles"] = sentence(f"titles.{details.get('titles')}", {}, language)
    return told


def _zones(stored: Detail, language: Language) -> str:
    named = str(stored).split() if stored else ["none"]
    return ", ".join(sentence(f"zones.{zone}", {}, language) for zone in named)
