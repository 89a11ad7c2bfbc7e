"""A file of plans as an operator writes one, for tests: every plan alike, but for what a test names."""

from pathlib import Path
from typing import Any

from moorage.plans.catalogue import PLAN_NAMES

GENEROUS: dict[str, Any] = {
    "tokens_per_month": 10**9,
    "answer_tokens": 8000,
    "standard_models": ["*"],
    "members": 10_000,
    "person_per_minute": 10_000,
    "team_per_minute": 10_000,
}


def write_plans(folder: Path, *, plans: tuple[str, ...] = PLAN_NAMES, **changes: Any) -> Path:
    """Write the file; gives its path. `changes` are fields of each plan in it."""
    fields = "".join(f"{name} = {_toml(value)}\n" for name, value in (GENEROUS | changes).items())
    entries = [f"[{name}]\n{fields}" for name in plans]
    path = folder / "plans.toml"
    path.write_text("\n".join(entries), encoding="utf-8")
    return path


def _toml(value: Any) -> str:
    return "[" + ", ".join(f'"{one}"' for one in value) + "]" if isinstance(value, list) else str(value)
