"""The demonstration model of `make run DEMO=1`: written by hand, says so, and sends nothing anywhere."""

import asyncio
import re
from collections.abc import AsyncGenerator
from typing import Final, Literal

from moorage.providers.finish import Finish
from moorage.providers.protocol import ChatRequest, Delta, DiscoveredModel, End, Provider, Quirks, Usage

SCRIPTED_MODEL_ID: Final = "scripted-demo"
_Kind = Literal["plain", "code", "table", "long"]
_Language = Literal["en", "de"]

_GERMAN: Final = re.compile(
    r"[äöüß]|\b(der|die|das|ist|und|ein|eine|ich|wie|was|bitte|hallo|nicht|mit|für|auf|zeig|zeige|zeigen|schreib|schreibe|schreiben|sie|mir|wir|mich|von|im|kann|können)\b",
    re.IGNORECASE,
)
_KINDS: Final[tuple[tuple[_Kind, re.Pattern[str]], ...]] = (
    ("code", re.compile(r"\bcode|function|funktion|program|skript|script|python", re.IGNORECASE)),
    ("table", re.compile(r"tab(le|elle)|compare|vergleich", re.IGNORECASE)),
    ("long", re.compile(r"\blong|\blang|essay|aufsatz|story|geschichte|ausführlich|detail", re.IGNORECASE)),
)

_CODE: Final = """```python
def moor(ship: str, berth: int) -> str:
    \"\"\"Tie a ship up at its own berth.\"\"\"
    return f"{ship} lies at berth {berth}"


print(moor("Halcyon", 7))
```"""

_OPENINGS: Final[dict[_Language, str]] = {
    "en": "This is a **scripted answer**. No language model wrote it: the demonstration model of Moorage plays back a "
    "text that was written beforehand, and nothing you type leaves this server.\n\n",
    "de": "Dies ist eine **vorgefertigte Antwort**. Kein Sprachmodell hat sie geschrieben: Das Vorführmodell von "
    "Moorage spielt einen vorbereiteten Text ab, und nichts, was Sie eingeben, verlässt diesen Server.\n\n",
}

_ANSWERS: Final[dict[_Language, dict[_Kind, str]]] = {
    "en": {
        "plain": "It shows what a reply looks like:\n\n"
        "- words arrive one after the other, and you can stop them;\n"
        "- reload the page in the middle, and the answer goes on;\n"
        "- pick another model, and the conversation stays.\n\n"
        "Ask for *code*, a *table* or something *long* to see other scripted answers. To talk to a real model, connect "
        "your own under **Settings → Models → Custom Models**.",
        "code": f"Code looks like this:\n\n{_CODE}\n\nRunning it prints `Halcyon lies at berth 7`.",
        "table": "A table looks like this:\n\n"
        "| Where a model runs | Who keeps it alive | What it costs |\n"
        "| --- | --- | --- |\n"
        "| On your own hardware | your team | power and time |\n"
        "| Reserved at a provider | the provider | a fixed price |\n"
        "| Shared at a provider | the provider | a price per token |\n\n"
        "The figures of a real comparison would be yours to bring.",
        "long": "",
    },
    "de": {
        "plain": "Sie zeigt, wie eine Antwort aussieht:\n\n"
        "- Wörter kommen nacheinander an, und Sie können sie anhalten;\n"
        "- laden Sie die Seite mittendrin neu, geht die Antwort weiter;\n"
        "- wählen Sie ein anderes Modell, bleibt das Gespräch erhalten.\n\n"
        "Fragen Sie nach *Code*, einer *Tabelle* oder etwas *Langem*, um andere vorgefertigte Antworten zu sehen. Für "
        "ein echtes Modell verbinden Sie Ihr eigenes unter **Einstellungen → Modelle → Eigene Modelle**.",
        "code": f"Code sieht so aus:\n\n{_CODE}\n\nDie Ausgabe ist `Halcyon lies at berth 7`.",
        "table": "Eine Tabelle sieht so aus:\n\n"
        "| Wo ein Modell läuft | Wer es am Leben hält | Was es kostet |\n"
        "| --- | --- | --- |\n"
        "| Auf eigener Hardware | Ihr Team | Strom und Zeit |\n"
        "| Reserviert bei einem Anbieter | der Anbieter | einen festen Preis |\n"
        "| Geteilt bei einem Anbieter | der Anbieter | einen Preis je Token |\n\n"
        "Die Zahlen eines echten Vergleichs brächten Sie selbst mit.",
        "long": "",
    },
}

_CHAPTERS: Final[dict[_Language, tuple[str, ...]]] = {
    "en": (
        "A harbour is a promise that a ship will find its place again",
        "The pilot comes on board before the breakwater and leaves again after it",
        "Every berth has a number, and every number has somebody who answers for it",
        "Lines are checked before the storm, not during it",
        "Whoever sails out writes down where to",
        "In the evening the lamp at the end of the pier is lit, whether a ship is expected or not",
    ),
    "de": (
        "Ein Hafen ist das Versprechen, dass ein Schiff seinen Platz wiederfindet",
        "Der Lotse kommt vor der Mole an Bord und geht dahinter wieder von Bord",
        "Jeder Liegeplatz hat eine Nummer, und für jede Nummer steht jemand ein",
        "Leinen prüft man vor dem Sturm, nicht im Sturm",
        "Wer ausläuft, schreibt auf, wohin",
        "Abends wird die Lampe am Ende des Piers entzündet, ob ein Schiff erwartet wird oder nicht",
    ),
}


class Scripted(Provider):
    """Plays back prepared markdown, chosen by words in the question, a word at a time with `pause_s` between."""

    def __init__(self, *, pause_s: float = 0.03) -> None:
        self._pause_s = pause_s

    @property
    def quirks(self) -> Quirks:
        """Nothing is particular about it."""
        return Quirks()

    async def list_models(self) -> list[DiscoveredModel]:
        """Give the one scripted model."""
        return [DiscoveredModel(SCRIPTED_MODEL_ID, "Scripted demo", None, ("text",))]

    async def reply(self, request: ChatRequest) -> AsyncGenerator[Delta | End, None]:
        """Play the answer back. Never fails; `max_tokens` cuts it after so many words."""
        words = re.findall(r"\S+\s*|\s+", compose(request))
        limit = len(words) if request.max_tokens is None else request.max_tokens
        for word in words[:limit]:
            yield Delta(word, "", 1)
            await asyncio.sleep(self._pause_s)
        tokens_in = sum(len(turn.text.split()) for turn in request.turns)
        reason: Finish = "stop" if limit >= len(words) else "length"
        yield End(reason, Usage(tokens_in, min(limit, len(words))), SCRIPTED_MODEL_ID, None)


def compose(request: ChatRequest) -> str:
    """Choose the whole answer for a conversation, by the words of its latest question."""
    question = next((turn.text for turn in reversed(request.turns) if turn.role == "user"), "")
    language: _Language = "de" if _GERMAN.search(question) else "en"
    kind: _Kind = next((kind for kind, pattern in _KINDS if pattern.search(question)), "plain")
    return _OPENINGS[language] + (_ANSWERS[language][kind] or _compose_long(language))


def _compose_long(language: _Language) -> str:
    chapter = "Chapter" if language == "en" else "Kapitel"
    sentences = _CHAPTERS[language]
    parts = []
    for number in range(1, 13):
        turned = sentences[number % len(sentences) :] + sentences[: number % len(sentences)]
        parts.append(f"## {chapter} {number}\n\n{'. '.join(turned)}.")
    return "\n\n".join(parts)
