"""The five plans as data: the shipped file; the operator's replaces whole plans by name. Nothing is guessed."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Final, assert_never

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.errors import Unavailable
from moorage.operator_files import Misfit, line_of, read_table, read_tables, read_text
from moorage.storage.database import Database, carried

PLAN_NAMES: Final = ("free", "business_starter", "business_pro", "business_max", "enterprise")
# With less left than this for the answer a standard model is not asked: an answer of a line is none.
LEAST_ANSWER_TOKENS: Final = 256
MOST_TOKENS: Final = 10**15

_CARRIED_AS: Final = "plans"
_EVERY: Final = "*"
_PATTERN: Final = r"^(\*|[A-Za-z0-9_.-]{1,50}/(\*|[^*\s][^*]*))$"


@dataclass(frozen=True, slots=True)
class Terms:
    """What one plan includes. Tokens are of standard models, in and out together; rates are answers in any minute."""

    plan: str
    tokens_per_month: int
    answer_tokens: int
    standard_models: tuple[str, ...]
    members: int
    person_per_minute: int
    team_per_minute: int

    def includes(self, provider: str, model_id: str) -> bool:
        """Whether a standard model belongs to the plan."""
        return any(one in {_EVERY, f"{provider}/*", f"{provider}/{model_id}"} for one in self.standard_models)


class Plans:
    """The terms of every plan."""

    def __init__(self, terms: Mapping[str, Terms]) -> None:
        self._terms = dict(terms)

    @classmethod
    def load(cls, path: Path | None) -> "Plans":
        """Read the shipped plans and the operator's file over them.

        Raises Unavailable("plans_unreadable"), ("plans_syntax", line), ("plans_unheard_of", line, place, known), or one
        of ("plans_unknown"|"plans_missing"|"plans_models"|"plans_number") with `line`, `place` and what would be right.
        """
        shipped = (resources.files("moorage.plans") / "plans.toml").read_text("utf-8")
        try:
            entries = _read_entries(shipped) | ({} if path is None else _read_entries(read_text(path)))
        except Misfit as misfit:
            raise _problem(misfit) from None
        return cls({name: _terms_of(name, entry) for name, entry in entries.items()})

    def of(self, plan: str) -> Terms:
        """Give a plan's terms. Of one that nobody has heard of: nothing is included (P14)."""
        return self._terms.get(plan) or Terms(plan, 0, LEAST_ANSWER_TOKENS, (), 0, 0, 0)

    def all(self) -> tuple[Terms, ...]:
        """Give all terms, in the order of `PLAN_NAMES`."""
        return tuple(self._terms[name] for name in PLAN_NAMES)


@functools.cache
def shipped_plans() -> Plans:
    """Give the plans as they are shipped."""
    return Plans.load(None)


def carry_plans(database: Database, plans: Plans) -> None:
    """Let every transaction of a database know the plans (docs/adr/0028)."""
    database.carry(_CARRIED_AS, plans)


def plans_of(tx: AsyncConnection) -> Plans:
    """Give the plans that a transaction goes by; the shipped ones where the operator has no others."""
    plans = carried(tx, _CARRIED_AS)
    return plans if isinstance(plans, Plans) else shipped_plans()


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    tokens_per_month: int = Field(ge=0, le=MOST_TOKENS)
    answer_tokens: int = Field(ge=LEAST_ANSWER_TOKENS, le=1_000_000)
    standard_models: list[Annotated[str, Field(pattern=_PATTERN, max_length=320)]] = Field(max_length=2000)
    members: int = Field(ge=1, le=10_000_000)
    person_per_minute: int = Field(ge=1, le=10_000)
    team_per_minute: int = Field(ge=1, le=1_000_000)


def _read_entries(text: str) -> dict[str, _Entry]:
    tables = read_tables(text)
    for name in tables:
        if name not in PLAN_NAMES:
            known = ", ".join(PLAN_NAMES)
            raise Unavailable("plans_unheard_of", line=line_of(text, [name]), place=name[:40], known=known)
    return {name: read_table(text, name, table, _Entry) for name, table in tables.items()}


def _problem(misfit: Misfit) -> Unavailable:
    line, place = misfit.line, misfit.place
    match misfit.kind:
        case "unreadable":
            return Unavailable("plans_unreadable")
        case "syntax":
            return Unavailable("plans_syntax", line=line)
        case "unknown":
            return Unavailable("plans_unknown", line=line, place=place, known=", ".join(_Entry.model_fields))
        case "missing":
            return Unavailable("plans_missing", line=line, place=place)
        case "invalid":
            return _wrong_value(misfit)
        case _:
            assert_never(misfit.kind)


def _wrong_value(misfit: Misfit) -> Unavailable:
    field = str(misfit.where[1]) if len(misfit.where) > 1 else ""
    if field == "standard_models":
        return Unavailable("plans_models", line=misfit.line, place=misfit.place)
    if field not in _Entry.model_fields:
        # Not even a table.
        return Unavailable("plans_missing", line=misfit.line, place=f"{misfit.place}.{next(iter(_Entry.model_fields))}")
    least, most = _range_of(field)
    return Unavailable("plans_number", line=misfit.line, place=misfit.place, least=least, most=most)


def _range_of(field: str) -> tuple[int, int]:
    rules = _Entry.model_fields[field].metadata
    least = next(rule.ge for rule in rules if hasattr(rule, "ge"))
    return int(least), int(next(rule.le for rule in rules if hasattr(rule, "le")))


def _terms_of(name: str, entry: _Entry) -> Terms:
    return Terms(
        name,
        entry.tokens_per_month,
        entry.answer_tokens,
        tuple(entry.standard_models),
        entry.members,
        entry.person_per_minute,
        entry.team_per_minute,
    )
