"""The names of the deployment's checks and the shape of what each found; a problem is what makes the exit code 1."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from moorage.api.sentences import Language, sentence
from moorage.errors import Param

CheckName = Literal[
    "settings",
    "data_folder",
    "free_space",
    "database",
    "schema",
    "key_ring",
    "clock",
    "exceptions",
    "closed_targets",
    "endpoint_ports",
    "trust_store",
    "extra_ca",
    "ignored_variables",
    "name_lookup",
    "open_files",
    "public_url",
    "standard_models",
    "standard_zones",
    "plans",
    "ledger",
    "versions",
]
State = Literal["ok", "warning", "problem", "skipped"]

CHECKS: Final[tuple[CheckName, ...]] = get_args(CheckName)


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found: `code` names a sentence that `facts` fill; `items` are listed below it."""

    name: CheckName
    state: State
    code: str
    facts: Mapping[str, Param] = field(default_factory=dict)
    items: Sequence[str] = ()

    def tell(self, language: Language) -> str:
        """Say it."""
        return sentence(self.code, self.facts, language)

    def to_json(self, language: Language) -> dict[str, Any]:
        """Give it for the JSON document; docs/doctor.md lists the fields."""
        return {
            "name": self.name,
            "state": self.state,
            "code": self.code,
            "sentence": self.tell(language),
            "facts": dict(self.facts),
            "items": list(self.items),
        }


def ok(name: CheckName, code: str, /, *, items: Sequence[str] = (), **facts: Param) -> Check:
    """All is well."""
    return Check(name, "ok", code, facts, items)


def warning(name: CheckName, code: str, /, *, items: Sequence[str] = (), **facts: Param) -> Check:
    """It works, and somebody should look at it."""
    return Check(name, "warning", code, facts, items)


def problem(name: CheckName, code: str, /, *, items: Sequence[str] = (), **facts: Param) -> Check:
    """It does not work, or does harm."""
    return Check(name, "problem", code, facts, items)


def skipped(name: CheckName, code: str) -> Check:
    """It could not be looked at."""
    return Check(name, "skipped", code)
