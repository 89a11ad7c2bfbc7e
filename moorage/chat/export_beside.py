"""What stands beside an answer's words, in a file: calls as data that nobody ran, sources as links to the outside."""

import json
import re
from typing import Any, Final, Protocol
from urllib.parse import quote

from moorage.providers.beside import Beside, Source, ToolCall

_FENCE: Final = 3
_KEPT_IN_LINKS: Final = "%:/?#@!$&'*+,;=~-._[]"


class BesideWords(Protocol):
    """The words of our own that a Markdown file needs for it; the first two hold `{name}`."""

    @property
    def asked_to_call(self) -> str:
        """What is said of a call that the model asked for."""

    @property
    def ran(self) -> str:
        """What is said of a call that the model's provider ran."""

    @property
    def sources(self) -> str:
        """What stands above the sources."""


def json_beside(beside: Beside) -> dict[str, Any]:
    """Give `tool_calls` and `sources` of a message, each a list that may be empty."""
    stored = beside.to_json() or {"calls": [], "sources": []}
    return {"tool_calls": stored["calls"], "sources": stored["sources"]}


def markdown_beside(beside: Beside, words: BesideWords) -> list[str]:
    """Give the paragraphs that follow an answer's text."""
    parts = [part for call in beside.calls for part in _call(call, words)]
    if beside.sources:
        parts.append(f"{words.sources}:")
        parts.append("\n".join(f"{number}. {_link(one)}" for number, one in enumerate(beside.sources, start=1)))
    return parts


def shown_arguments(arguments: str) -> str:
    """Give arguments to read: JSON indented, anything else as it came."""
    try:
        return json.dumps(json.loads(arguments), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return arguments


def _call(call: ToolCall, words: BesideWords) -> list[str]:
    said = words.ran if call.ran else words.asked_to_call
    arguments = shown_arguments(call.arguments).strip()
    # A fence that is longer than any within can't be closed from within.
    fence = "`" * max(_FENCE, 1 + max((len(run) for run in re.findall("`+", arguments)), default=0))
    return [said.replace("{name}", _plain(call.name)), *([f"{fence}json\n{arguments}\n{fence}"] if arguments else [])]


def _link(source: Source) -> str:
    return f"[{_plain(source.title or source.url)}](<{quote(source.url, safe=_KEPT_IN_LINKS)}>)"


def _plain(label: str) -> str:
    """Give a label that is no mark-up of its own."""
    return re.sub(r"([\\`*_\[\]<>])", r"\\\1", label)
