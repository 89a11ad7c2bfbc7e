"""`moorage doctor` shows the plans, and finds a budget whose counters are not what its rows add up to."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from moorage import app
from moorage.composition.ground import build_database
from moorage.plans.catalogue import PLAN_NAMES
from moorage.settings import Settings
from moorage.usage.tables import BudgetPeriodRow
from tests.doctor.conftest import Doctor, check
from tests.support.plans import write_plans
from tests.usage.quayside import Quayside, add_team, used


@pytest.fixture
def settings(empty_database_url: str, tmp_path: Path) -> dict[str, Any]:
    """Give the settings of a deployment on this engine."""
    data = {"DATA": tmp_path / "data"}
    if empty_database_url.startswith("sqlite"):
        return data
    return {**data, "DATABASE_URL": empty_database_url.replace("+psycopg", "")}


async def test_the_shipped_plans_are_shown(doctor: Doctor, settings: dict[str, Any]) -> None:
    found = check(await doctor("--json", settings=settings), "plans")
    assert (found["state"], found["code"]) == ("ok", "doctor.plans.ok")
    assert [item.partition(":")[0] for item in found["items"]] == list(PLAN_NAMES)
    assert "free: 1,000,000 tokens/month, 10 members, *" in found["items"]


async def test_a_plan_that_names_what_nobody_offers_is_a_warning(
    doctor: Doctor, settings: dict[str, Any], tmp_path: Path
) -> None:
    models = ["mistral/*", "mistral/mistral-small-latest", "mistral/gone", "openai/*"]
    file = write_plans(tmp_path, plans=("free",), standard_models=models)
    said = await doctor("--json", settings={**settings, "PLANS": file, "STANDARD_KEYS": "mistral=sk-1"})
    found = check(said, "plans")
    assert (found["state"], found["code"], found["facts"]["count"]) == ("warning", "doctor.plans.lost", 2)
    assert found["items"][:2] == ["free: mistral/gone", "free: openai/*"]


async def test_a_file_of_plans_that_can_not_be_used_is_a_problem_with_its_line(
    doctor: Doctor, settings: dict[str, Any], tmp_path: Path
) -> None:
    file = write_plans(tmp_path, plans=("free",), answer_tokens=1)
    found = check(await doctor("--json", settings={**settings, "PLANS": file}), "plans")
    assert (found["state"], found["code"]) == ("problem", "plans_number")
    assert (found["facts"]["line"], found["facts"]["place"]) == (3, "free.answer_tokens")


async def test_a_counter_that_is_not_what_its_rows_add_up_to_is_found(
    doctor: Doctor, settings: dict[str, Any], tmp_path: Path
) -> None:
    built = await app.build(Settings(**{name.lower(): value for name, value in settings.items()}))
    try:
        built.parts.writer.start()
        quayside = Quayside(built.parts.database, built.parts.writer, await add_team(built.parts.database))
        call, under_way = quayside.call(100), quayside.call(100)
        await quayside.announce(call, under_way)
        await quayside.settle(call, used(5, 6))
    finally:
        await app.close(built.parts)
    found = check(await doctor("--json", settings=settings), "ledger")
    assert (found["state"], found["facts"]["count"]) == ("ok", 1)
    database = build_database(Settings(**{name.lower(): value for name, value in settings.items()}))
    async with database.write() as tx:
        row = BudgetPeriodRow
        await tx.execute(update(row).values(settled=row.settled + 3, reserved=row.reserved - 1))
    await database.close()
    found = check(await doctor("--json", settings=settings), "ledger")
    assert (found["state"], found["code"]) == ("problem", "doctor.ledger.drift")
    assert found["items"][0].startswith(str(quayside.team_id))
    assert found["items"][0].endswith("settled +3, reserved -1")
