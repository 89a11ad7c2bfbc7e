"""P19 by construction: no line for the words of a conversation without a clearance, and only the seal gives one.

The lists of places are read from the code. Who finds another way there fails this test, not the seal.
"""

import ast
import inspect
from collections.abc import Iterator

import pytest

from moorage.connections.chosen import ChosenModel
from moorage.connections.clearance import Clearance, clear
from moorage.connections.opening import ProviderDesk
from moorage.connections.picker import Picker
from moorage.connections.zones import Seal
from moorage.storage.types import new_id
from tests.support.codebase import Source, dotted, functions, python_sources

# Where a seal is read, each time from the conversation's own row, in the transaction that goes on to act.
READING = {
    "moorage/chat/history.py read_history",
    "moorage/chat/sealing.py sealed_against",
    "moorage/chat/titles.py _announce",
    "moorage/connections/clearance.py judge_again",
}
# Who lets a model be chosen for words, and who opens it.
CHOOSING = {"moorage/chat/comparing.py", "moorage/chat/decide.py", "moorage/chat/titles.py"}
OPENING = {"moorage/chat/replies.py", "moorage/chat/titles.py"}


def _calls(last_name: str) -> Iterator[tuple[Source, str, ast.Call]]:
    for source in python_sources("moorage"):
        for function in functions(source.tree):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] == last_name:
                    yield source, function.name, node


def _makers(name: str) -> set[str]:
    return {
        str(source.path)
        for source in python_sources("moorage")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] == name
    }


def test_every_place_that_reads_a_seal_is_known() -> None:
    reading = {
        f"{source.path} {function}" for source, function, node in _calls("read") if dotted(node.func) == "Seal.read"
    }
    assert reading == READING
    assert _makers("Seal") == set()


def test_a_model_can_not_be_chosen_without_a_seal_nor_opened_without_a_clearance() -> None:
    """By type: leaving it out does not pass mypy, and giving None does not run."""
    asked = inspect.signature(Picker.choose).parameters["seal"]
    assert (asked.annotation, asked.default) == (Seal, inspect.Parameter.empty)
    assert ChosenModel.__annotations__["clearance"] is Clearance
    assert inspect.signature(clear).parameters["seal"].annotation is Seal


def test_only_the_picker_makes_a_chosen_model_and_only_the_seal_a_clearance() -> None:
    assert _makers("ChosenModel") == {"moorage/connections/picker.py"}
    assert _makers("Clearance") == {"moorage/connections/clearance.py"}
    assert _makers("clear") & {"moorage/connections/picker.py", "moorage/connections/opening.py"} == {
        "moorage/connections/picker.py"
    }


def test_who_chooses_a_model_for_words_and_who_opens_it_is_known() -> None:
    choosing = {str(source.path) for source, _, node in _calls("choose") if dotted(node.func).endswith("picker.choose")}
    assert choosing == CHOOSING
    opening = {str(source.path) for source, _, node in _calls("open") if dotted(node.func).endswith("desk.open")}
    assert opening == OPENING


def test_what_opens_a_model_judges_its_clearance_again_before_each_line() -> None:
    """Whatever asked for it: a retry, a continuation, something that is built later."""
    [source] = [one for one in python_sources("moorage") if str(one.path) == "moorage/connections/opening.py"]
    [opening] = [one for one in functions(source.tree) if one.name == "open"]
    calls = [node for node in ast.walk(opening) if isinstance(node, ast.Call)]
    lines = sorted(node.lineno for node in calls if dotted(node.func) == "door.line")
    judged = sorted(node.lineno for node in calls if dotted(node.func) == "self._judge_again")
    assert len(lines) == len(judged) == 2
    assert all(before < line for before, line in zip(judged, lines, strict=True))
    assert inspect.iscoroutinefunction(ProviderDesk.open)


@pytest.mark.parametrize("given_by", [None, True, object(), "seal", clear])
def test_a_clearance_can_not_be_made_up(given_by: object) -> None:
    with pytest.raises(TypeError):
        Clearance(new_id(), new_id(), "scripted:demo", None, "own_hardware", given_by=given_by)
