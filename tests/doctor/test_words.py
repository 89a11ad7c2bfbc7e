"""Doctor has a sentence for all that it can find, and none that nobody needs."""

import ast
from typing import get_args

from moorage.api.sentences import known_codes
from moorage.connections.findings import STAGES
from moorage.doctor import endpoint
from moorage.doctor.checks import CHECKS, State
from moorage.doctor.deployment import Verdict as CheckVerdict
from moorage.egress.policy import Reason, Verdict
from moorage.storage.looking import Condition
from tests.support.codebase import python_sources

# A room that has a check of its own has its words, too.
KNOWN = {code for code in known_codes() if code.startswith("doctor.")}
STAGE_STATES = ("passed", "warned", "failed", "skipped")


def test_every_sentence_is_there_and_needed() -> None:
    written = {
        node.value
        for source in python_sources("moorage/doctor")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("doctor.")
    }
    put_together = {
        "doctor.state": {*STAGE_STATES, *get_args(State)},
        "doctor.stage": STAGES,
        "doctor.check": CHECKS,
        "doctor.reason": [*Reason, *(verdict for verdict in Verdict if verdict is not Verdict.PUBLIC)],
        "doctor.verdict": get_args(CheckVerdict),
        "doctor.next": {*endpoint.EXIT_CODES} - {"passed"},
        "doctor.database": get_args(Condition),
    }
    needed = {f"{prefix}.{name}" for prefix, names in put_together.items() for name in names}
    whole = {code for code in written if not code.endswith(".")} - {"doctor.state", "doctor.stage", "doctor.check"}
    assert sorted((whole | needed) ^ KNOWN) == []
