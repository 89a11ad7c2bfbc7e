"""Every error has its sentence in both languages, filled from what is really passed."""

import ast
import inspect
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Formatter

import pytest

from moorage import errors
from moorage.audit.reading import GROUPS
from moorage.audit.trail import ACTIONS
from tests.support.codebase import ROOT, Source, dotted, python_sources

LOCALES = ROOT / "moorage" / "locales"
PAGES = ROOT / "web" / "src"
ROOMS = sorted({path.name for path in LOCALES.glob("*/*.json")})
NOT_PARAMS = {"field"}


def sentences(language: str) -> dict[str, str]:
    """Join the rooms' sentences of one language."""
    found: dict[str, str] = {}
    for path in sorted((LOCALES / language).glob("*.json")):
        found |= read(path)
    return found


def read(path: Path) -> dict[str, str]:
    pairs: list[tuple[str, str]] = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=list)
    content = dict(pairs)
    assert len(content) == len(pairs), f"{path}: a code stands there twice, and only the last sentence is said"
    assert all(isinstance(value, str) for value in content.values()), f"{path.name} is not flat"
    return content


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def error_names(sources: Sequence[Source]) -> set[str]:
    """Name every class of the tree, those that rooms add included."""
    names = {
        name for name, value in inspect.getmembers(errors, inspect.isclass) if issubclass(value, errors.MoorageError)
    }
    classes = [node for source in sources for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)]
    grown = True
    while grown:
        more = {node.name for node in classes if any(dotted(base).split(".")[-1] in names for base in node.bases)}
        grown = not more <= names
        names |= more
    return names


def raised() -> Iterator[tuple[str, ast.Call, str]]:
    """Walk all errors built with a literal code: place, call, code."""
    sources = python_sources("moorage")
    names = error_names(sources)
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] in names and node.args:
                code = node.args[0]
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    yield source.at(node), node, code.value


@pytest.mark.parametrize("room", ROOMS)
def test_english_and_german_say_the_same_things(room: str) -> None:
    english, german = read(LOCALES / "en" / room), read(LOCALES / "de" / room)
    assert english.keys() == german.keys()
    assert [code for code in english if placeholders(english[code]) != placeholders(german[code])] == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_code_has_one_sentence(language: str) -> None:
    rooms: dict[str, list[str]] = {}
    for path in sorted((LOCALES / language).glob("*.json")):
        for code in read(path):
            rooms.setdefault(code, []).append(path.name)
    assert {code: files for code, files in rooms.items() if len(files) > 1} == {}


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_error_has_a_sentence(language: str) -> None:
    known = sentences(language)
    assert [f"{place} {code}" for place, _, code in raised() if code not in known] == []


def test_every_placeholder_is_filled_where_the_error_is_raised() -> None:
    known = sentences("en")
    unfilled = []
    for place, call, code in raised():
        passed = {keyword.arg for keyword in call.keywords}
        missing = placeholders(known.get(code, "")) - passed
        if None not in passed and missing:  # None: **params, not visible here
            unfilled.append(f"{place} {code}: {', '.join(sorted(missing))}")
    assert unfilled == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_act_of_the_trail_has_a_sentence_and_a_word_on_the_page(language: str) -> None:
    told, listed = sentences(language), (PAGES / "features/oversight/actionWords.ts").read_text(encoding="utf-8")
    words = read(PAGES / "i18n/locales" / language / "oversight.json")
    assert [act for act in ACTIONS if act not in told] == []
    assert [act for act in ACTIONS if f'"{act}"' not in listed or f"act.{act}" not in words] == []
    # A group of one act is not offered as such.
    several = [group for group in GROUPS if sum(act.startswith(f"{group}.") for act in ACTIONS) > 1]
    assert [group for group in several if f'"{group}"' not in listed or f"group.{group}" not in words] == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_sentence_shouts_or_is_empty(language: str) -> None:
    assert [code for code, sentence in sentences(language).items() if "!" in sentence or not sentence.strip()] == []
