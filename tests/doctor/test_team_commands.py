"""`moorage team` and `moorage operator` in a terminal: what they show, change, record and refuse."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from moorage import app
from moorage.accounts.people import NewPerson
from moorage.accounts.tables import TeamRow
from moorage.accounts.visit import Visit
from moorage.audit.reading import AuditEntry, read
from moorage.composition.ground import build_database
from moorage.settings import Settings
from moorage.storage.types import DEPLOYMENT
from tests.doctor.conftest import Doctor
from tests.support.days_used import day_used, put_days
from tests.support.running import PASSWORD


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """Give the data folder of a deployment that Olga runs; Eve has another team."""
    built = await app.build(Settings(data=tmp_path / "data"))
    for name, team in (("Olga", "Kanzlei Brandt"), ("Eve", "Elsewhere")):
        person = NewPerson(name, f"{name.lower()}@example.com", PASSWORD, "en")
        await built.parts.people.sign_up(person, team, Visit("203.0.113.7", "req-1"))
    await app.close(built.parts)
    return tmp_path / "data"


async def _team(data: Path, name: str = "Elsewhere") -> UUID:
    database = build_database(Settings(data=data))
    async with database.read() as tx:
        found: UUID = (await tx.execute(select(TeamRow.id).where(TeamRow.name == name))).scalar_one()
    await database.close()
    return found


async def _newest(data: Path, team_id: UUID) -> AuditEntry:
    database = build_database(Settings(data=data))
    async with database.read() as tx:
        entries = await read(tx, team_id, None, 1)
    await database.close()
    return entries[0]


async def test_teams_are_listed_and_one_is_shown_with_every_change_and_its_reason(moorage: Doctor, data: Path) -> None:
    team_id = str(await _team(data))
    said = await moorage("team", "list", settings={"DATA": data})
    newest, oldest = said.out.splitlines()
    assert newest == f"{team_id}  Elsewhere  free/active  open  people: 1  0 of 1000000 tokens"
    assert "Kanzlei Brandt" in oldest
    assert (await moorage("team", "list", "--text", "ELSE", settings={"DATA": data})).out == f"{newest}\n"
    for wish in (
        ("plan", team_id, "business_pro"),
        ("standing", team_id, "suspended"),
        ("standing", team_id, "expired"),
    ):
        done = await moorage("team", *wish, "--reason", f"because of {wish[2]}", settings={"DATA": data})
        told = "Models are open" if wish[0] == "plan" else "The team"
        assert (done.code, done.err, done.out.startswith(told)) == (0, "", True)
    shown = (await moorage("team", "show", team_id, settings={"DATA": data})).out
    assert "operator: business_pro/suspended → business_pro/expired  (because of expired)" in shown
    assert "operator: free/active → business_pro/active  (because of business_pro)" in shown
    assert "own: 0 calls, 0 tokens (0 reported, 0 estimated, 0 unknown)" in shown


async def test_what_nobody_counted_is_no_zero_and_an_estimate_is_told_as_one(moorage: Doctor, data: Path) -> None:
    """P16."""
    team_id, today = str(await _team(data)), datetime.now(UTC).date()
    uncounted: dict[str, Any] = {
        "calls": 9,
        "reported_calls": 0,
        "missing_calls": 9,
        "reported_in": 0,
        "reported_out": 0,
    }
    estimated: dict[str, Any] = {
        "calls": 3,
        "reported_calls": 2,
        "estimated_calls": 1,
        "estimated_in": 4,
        "estimated_out": 2,
    }
    database = build_database(Settings(data=data))
    await put_days(
        database,
        [
            day_used(team_id, str(uuid4()), str(uuid4()), "kimi", today, **uncounted),
            day_used(team_id, str(uuid4()), "openai", "gpt", today, kind="standard", **estimated),
        ],
    )
    await database.close()
    shown = (await moorage("team", "show", team_id, settings={"DATA": data})).out
    assert "own: 9 calls, – tokens (0 reported, 0 estimated, 9 unknown)" in shown
    assert "standard: 3 calls, ~21 tokens (2 reported, 1 estimated, 0 unknown)" in shown


async def test_a_change_by_command_needs_a_reason_and_what_is_so_already_leaves_no_entry(
    moorage: Doctor, data: Path
) -> None:
    team_id = await _team(data)
    without = await moorage("team", "plan", str(team_id), "enterprise", settings={"DATA": data})
    assert (without.code, "--reason" in without.err) == (64, True)
    short = await moorage("team", "plan", str(team_id), "enterprise", "--reason", "x", settings={"DATA": data})
    assert (short.code, short.err.startswith("Say why, in 3 to 200 characters")) == (2, True)
    same = await moorage("team", "plan", str(team_id), "free", "--reason", "as it is", settings={"DATA": data})
    assert (same.code, same.out) == (0, "Nothing changed: it is free/active already.\n")
    assert (await _newest(data, team_id)).action != "team.plan_changed"
    done = await moorage("team", "plan", str(team_id), "enterprise", "--reason", "contract 17", settings={"DATA": data})
    assert done.out == "Models are open to this team.\n"
    entry = await _newest(data, team_id)
    assert (entry.action, entry.actor_name, entry.details["reason"]) == ("team.plan_changed", "operator", "contract 17")


async def test_operators_are_listed_added_and_removed_in_the_deployments_trail(moorage: Doctor, data: Path) -> None:
    listed = await moorage("operator", "list", settings={"DATA": data})
    assert listed.out == "olga@example.com  Olga  [no second factor]\n"
    added = await moorage("operator", "add", "EVE@example.com", settings={"DATA": data})
    assert (added.code, added.out.startswith("Eve is an operator.")) == (0, True)
    entry = await _newest(data, DEPLOYMENT)
    assert (entry.action, entry.object_name) == ("operator.added", "Eve")
    again = await moorage("operator", "add", "eve@example.com", settings={"DATA": data})
    assert (again.code, (await _newest(data, DEPLOYMENT)).seq) == (0, entry.seq)
    removed = await moorage("operator", "remove", "olga@example.com", settings={"DATA": data})
    assert (removed.code, removed.out) == (0, "Olga is no operator.\n")
    assert (await moorage("operator", "list", settings={"DATA": data})).out.startswith("eve@example.com")
    nobody = await moorage("operator", "add", "nobody@example.com", settings={"DATA": data})
    assert (nobody.code, nobody.out) == (2, "")
