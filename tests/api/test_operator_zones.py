"""Where the operator says that standard models run: a change of their file is told when Moorage starts (P19, P17)."""

from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from moorage.audit.reading import Filter, read
from moorage.audit.tables import AuditHeadRow
from moorage.storage.types import DEPLOYMENT
from tests.audit.attacking import without_guard
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import MODEL_KEY, PASSWORD, Harbour, running, settings_for

Models = tuple[TestAuthority, ModelServer]


class Operator:
    """Writes the catalogue and starts Moorage with it."""

    def __init__(self, database_url: str, folder: Path, models: Models) -> None:
        self._database_url = database_url
        self._folder = folder
        self._models = models

    def start(self, *, keys: str = "vendor rack", **zones: str | None) -> Any:
        authority, server = self._models
        file = self._folder / "standard.toml"
        file.write_text(
            "\n".join(
                f'[{name}]\nname = "The {name}"\nbase_url = "{server.base_url}"\n'
                + (f'zone = "{zone}"\n' if zone else "")
                + 'models = [{ id = "steady" }]\n'
                for name, zone in zones.items()
            )
        )
        standard_keys = ", ".join(f"{name}={MODEL_KEY}" for name in keys.split())
        more = {"catalogue": file, "standard_keys": standard_keys}
        return running(settings_for(self._database_url, self._folder, authority, server, **more), server)


async def noted(harbour: Harbour) -> list[tuple[str, str, Any, Any]]:
    """Give what the deployment's own trail says of zones, oldest first."""
    async with harbour.built.parts.database.read() as tx:
        entries = await read(tx, DEPLOYMENT, None, 50, Filter(action="standard"))
    return [
        (entry.action.partition(".")[2], entry.object_id, entry.details["zone"], entry.details.get("before"))
        for entry in reversed(entries)
    ]


async def told(person: Any) -> list[str]:
    """Give what a team's trail says of them, oldest first."""
    entries = (await person.get("/api/audit?action=standard.zone_changed"))["entries"]
    return [entry["sentence"] for entry in reversed(entries)]


async def test_a_zone_that_the_operator_states_anew_is_told_to_every_team_once(
    database_url: str, tmp_path: Path, models: Models
) -> None:
    operator = Operator(database_url, tmp_path, models)
    first = [("zone_stated", "vendor", "included", None), ("zone_stated", "rack", "unstated", None)]
    async with operator.start(vendor="included", rack=None) as harbour:
        await harbour.olga()
        await harbour.eve()
        assert await noted(harbour) == first
    async with operator.start(vendor="included", rack=None) as harbour:
        assert await noted(harbour) == first, "a start that changes nothing tells nothing"
    changed = [("zone_changed", "vendor", "router", "included"), ("zone_changed", "rack", "own_hardware", "unstated")]
    async with operator.start(vendor="router", rack="own_hardware") as harbour:
        assert await noted(harbour) == first + changed
    async with operator.start(vendor="router", rack="own_hardware") as harbour:
        assert await noted(harbour) == first + changed
        for who in ("olga", "eve"):
            wish = {"email": f"{who}@example.com", "password": PASSWORD}
            person = await harbour.somebody().enter("/api/sign-in", wish)
            assert await told(person) == [
                "The operator said anew where The vendor runs: router. Before: the operator's contract.",
                "The operator said anew where The rack runs: own hardware. Before: not stated.",
            ]


async def test_a_provider_that_was_away_meanwhile_is_compared_with_what_it_was(
    database_url: str, tmp_path: Path, models: Models
) -> None:
    operator = Operator(database_url, tmp_path, models)
    async with operator.start(vendor="included") as harbour:
        await harbour.olga()
    async with operator.start(keys="", vendor="router") as harbour:
        assert [entry[2] for entry in await noted(harbour)] == ["included"]
    async with operator.start(vendor="router") as harbour:
        assert await noted(harbour) == [
            ("zone_stated", "vendor", "included", None),
            ("zone_changed", "vendor", "router", "included"),
        ]


async def test_a_team_whose_trail_lost_its_head_keeps_nobody_from_starting(
    database_url: str, tmp_path: Path, models: Models
) -> None:
    operator = Operator(database_url, tmp_path, models)
    async with operator.start(vendor="included") as harbour:
        olga, eve = await harbour.olga(), await harbour.eve()
        async with harbour.built.parts.database.write() as tx:
            await without_guard(tx)
            await tx.execute(delete(AuditHeadRow).where(AuditHeadRow.team_id == UUID(eve.session["team"]["id"])))
        assert olga.session["team"]["id"] != eve.session["team"]["id"]
    async with operator.start(vendor="router") as harbour:
        wish = {"email": "olga@example.com", "password": PASSWORD}
        assert len(await told(await harbour.somebody().enter("/api/sign-in", wish))) == 1
