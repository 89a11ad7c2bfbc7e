"""P14 by construction: whoever leads from a team to an endpoint takes what only the gate gives out.

The list of deciding places is read from the code. Who finds another way there fails this test, not the gate.
"""

import ast
from collections.abc import Iterator

import pytest

from moorage.accounts.access import Admission, require_access
from moorage.connections.admitted import AdmittedDoor
from moorage.egress.door import Door
from moorage.errors import AccessRefused
from moorage.storage.types import new_id
from tests.support.codebase import Source, dotted, functions, python_sources

# The rooms in which something happens for a team.
ROOMS = ("moorage/api", "moorage/chat", "moorage/connections", "moorage/usage", "moorage/accounts", "moorage/audit")
# Who asks for an admission, and in which transaction: every one of these decides.
DECIDING = {
    "moorage/connections/picker.py refusal",
    "moorage/connections/picker.py choose",
    "moorage/connections/picker.py state",
    "moorage/connections/facade.py list",
    "moorage/connections/facade.py make",
    "moorage/connections/facade.py change",
    "moorage/connections/facade.py set_models",
    "moorage/connections/facade.py set_profile",
    "moorage/connections/discovery.py run",
    "moorage/connections/checking.py _begin",
    "moorage/connections/testing.py _admit",
    "moorage/connections/testing.py _admit_stored",
    "moorage/connections/testing.py _swap",
}
# Who may open the way that an admission allows. stages.py is handed its way in by testing.py, which is in the list.
LEADING = {"moorage/connections/admitted.py", "moorage/connections/stages.py"}
OPENING = {"moorage/connections/opening.py", "moorage/connections/reaching.py", "moorage/connections/testing.py"}
# opening.py speaks to the operator's standard providers itself, and to a team's own endpoints as the others do.
SPEAKING = {"moorage/connections/opening.py", "moorage/connections/reaching.py", "moorage/connections/stages.py"}
MAKING = {"moorage/connections/opening.py", "moorage/connections/adapters.py"}


def _calls(*names: str) -> Iterator[tuple[Source, ast.Call]]:
    """Walk the calls in the rooms whose function's last name is one of these."""
    for source in python_sources(*ROOMS):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in names:
                yield source, node


def _places(*names: str) -> set[str]:
    return {str(source.path) for source, _ in _calls(*names)}


def test_every_place_that_decides_asks_the_gate_and_is_known() -> None:
    asking = {
        f"{source.path} {function.name}"
        for source in python_sources("moorage")
        if str(source.path) != "moorage/accounts/access.py"
        for function in functions(source.tree)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and dotted(node.func) == "require_access"
    }
    assert asking == DECIDING, "say in DECIDING who decides, and let tests/scope/test_gate.py try it"


def test_the_gate_is_asked_inside_a_transaction_that_goes_on_to_act() -> None:
    """Its first argument is the transaction: `tx` of a method, or of the `async with` around it."""
    outside = [
        source.at(node)
        for source, node in _calls("require_access", "refusals_of")
        if not node.args or dotted(node.args[0]) not in {"tx", "self._tx"}
    ]
    assert outside == []


def test_only_the_admitted_door_leads_out() -> None:
    leading = [(source, node) for source, node in _calls("line", "survey") if "_door." in dotted(node.func)]
    assert {str(source.path) for source, _ in leading} == LEADING


def test_only_who_holds_an_admission_opens_an_admitted_door() -> None:
    assert _places("AdmittedDoor") == OPENING
    without = [source.at(node) for source, node in _calls("AdmittedDoor") if "admission" not in dotted(node.args[1])]
    assert without == []


def test_only_three_places_speak_to_a_model() -> None:
    speakers = [f"{source.path}" for source in python_sources("moorage/providers") if "(Provider)" in source.text]
    assert len(speakers) == 2
    assert _places("OpenAICompatible", "Ollama", "OpenRouter", "Scripted") == MAKING
    assert _places("speak_as") == SPEAKING
    assert _places("StagedTest") == {"moorage/connections/testing.py"}


def test_only_the_picker_makes_a_chosen_model() -> None:
    """Who may use it is judged there, so whatever calls a model on somebody's behalf has passed that."""
    assert _places("ChosenModel") == {"moorage/connections/picker.py"}
    [choose] = [
        function
        for source in python_sources("moorage/connections/picker.py")
        for function in functions(source.tree)
        if function.name == "choose"
    ]
    called = [dotted(node.func) for node in ast.walk(choose) if isinstance(node, ast.Call)]
    assert called.index("require_access") < called.index("self._lookup.find")


def test_only_the_gate_makes_an_admission() -> None:
    makers = [
        source.at(node)
        for source in python_sources("moorage")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and dotted(node.func).endswith("Admission")
    ]
    assert len(makers) == 1
    assert makers[0].startswith("moorage/accounts/access.py:")
    assert require_access.__annotations__["return"] is Admission


@pytest.mark.parametrize("given_by", [None, True, object(), "gate", require_access])
def test_an_admission_can_not_be_made_up(given_by: object) -> None:
    with pytest.raises(TypeError):
        Admission(new_id(), given_by=given_by)


class Lookalike:
    """Has all that an admission has."""

    def __init__(self) -> None:
        self.team_id = new_id()
        self.__class__.__name__ = "Admission"


def test_a_stand_in_opens_no_door() -> None:
    unopened: Door = object.__new__(Door)
    for stand_in in (Lookalike(), None, True, object.__new__(type("Admission", (), {"team_id": new_id()}))):
        with pytest.raises(AccessRefused):
            AdmittedDoor(unopened, stand_in)  # type: ignore[arg-type]
