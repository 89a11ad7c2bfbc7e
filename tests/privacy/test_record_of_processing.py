"""The record of processing (Art. 30 GDPR): filled from what is configured, open where only people know, no secret."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import delete, update

from moorage.accounts.provider_tables import IdentityProviderRow
from moorage.accounts.sign_ins import LIFETIME
from moorage.accounts.tables import TeamRow
from moorage.api.sentences import Language, known_codes, sentence
from moorage.chat.attachments import UNSENT_KEPT
from moorage.connections.old_uses import KEPT_DAYS
from moorage.connections.undertakings import Recipient
from moorage.privacy import jobs, processing
from moorage.privacy.processing import Configured, read_configured
from tests.scope.sign_in_things import ISSUER
from tests.scope.world import World, open_world
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import MODEL_KEY, Person

OPERATOR = "Rechenzentrum Nord eG, Kai 3, Hamburg, post@nord.example"
PATH = "/api/team/privacy/records"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
LANGUAGES: tuple[Language, Language] = ("en", "de")
# What Art. 30(1) and (2) ask for, and where the record says it.
ARTICLE_30 = {
    "1a": ("controller", "owners", "to_fill_in"),
    "1b": ("purposes",),
    "1c": ("categories_of_people", "categories_of_data"),
    "1d": ("recipients", "other_recipients"),
    "1e": ("transfers",),
    "1f": ("erasure_periods",),
    "1g": ("measures",),
    "2": ("processor", "processing_on_behalf"),
}
ONLY_PEOPLE_KNOW = {
    "representative",
    "joint_controllers",
    "data_protection_officer",
    "purposes_in_own_words",
    "legal_basis",
    "safeguards",
    "processor_contact",
    "backups",
}
ALWAYS = ["sealed_keys", "tls_out", "one_door", "trail", "roles", "erasure"]


def _day(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


@pytest_asyncio.fixture
async def world(database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]) -> AsyncIterator[World]:
    """Give the cast on a deployment whose operator says who they are, and offers standard models."""
    catalogue = tmp_path / "standard.toml"
    base_url = models[1].base_url
    catalogue.write_text(
        f"[vendor]\nname = 'Vendor <AG>'\nbase_url = '{base_url}'\nmodels = [{{ id = 'steady' }}]\n"
        "zone = 'included'\ndata_location = 'Zürich'\n"
    )
    offered: dict[str, Any] = {"catalogue": catalogue, "standard_keys": f"vendor={MODEL_KEY}", "operator": OPERATOR}
    async with open_world(database_url, tmp_path, models, **offered) as made:
        yield made


async def _decide(world: World) -> Person:
    """Olga decides everything that the record tells of and a browser can set."""
    olga, server = world.people["olga"], world.harbour.models
    away = await olga.connect(server.base_url, ["steady"], name="Rented", key=server.key or "", zone="own_contract")
    off = await olga.connect(server.base_url, ["steady"], name="Once", key=server.key or "", zone="router")
    for path, body, method in (
        (f"/api/connections/{away['id']}", {"data_location": "Falkenstein"}, "PATCH"),
        (f"/api/connections/{off['id']}", {"enabled": False}, "PATCH"),
        (f"/api/team/privacy/undertakings/{away['id']}", _signed("Rechenwerk GmbH", 10), "PUT"),
        (
            "/api/team/privacy/standard-undertakings",
            {"provider": "vendor", "undertaking": _signed("V. Erb", -1)},
            "PUT",
        ),
        ("/api/team/privacy/retention", {"conversation_days": 365, "attachment_days": 31}, "PUT"),
        ("/api/audit/rules", {"keep_days": 730}, "PATCH"),
        ("/api/team/conversation-rules", {"sealed_to": ["own_hardware"], "titles": "words"}, "PUT"),
        ("/api/team/privacy/clearing", {"only_cleared": True}, "PUT"),
    ):
        answer = await olga.call(method, path, body)
        assert answer.status_code == 200, f"{path}: {answer.text}"
    return olga


def _signed(signer: str, ends: int) -> dict[str, Any]:
    return {"signer": signer, "signed_on": _day(-30), "expires_on": _day(ends), "document": "Folder 7"}


async def _fetch(person: Person, wanted: str, language: str = "en") -> httpx2.Response:
    answer = await person.call("POST", PATH, {"format": wanted}, **{"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return answer


def _sections(page: str) -> dict[str, str]:
    """Give the words below each heading, as they are read."""
    parts = re.split(r"<h2>(.*?)</h2>", page)
    words = [unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", part))) for part in parts]
    return dict(zip(words[1::2], words[2::2], strict=True))


async def test_the_record_for_programs_is_filled_from_what_is_configured(world: World) -> None:
    olga = await _decide(world)
    answer = await _fetch(olga, "json")
    assert answer.headers["content-type"].startswith("application/json")
    assert re.fullmatch(
        r'attachment; filename="record-of-processing-[\d-]{10}\.json"', answer.headers["content-disposition"]
    )
    told = answer.json()
    assert {field for fields in ARTICLE_30.values() for field in fields} <= set(told)
    assert (told["controller"], told["owners"], told["processor"]) == ("Kanzlei Brandt", ["Olga"], OPERATOR)
    assert told["erasure_periods"] == {
        "account": None,
        "sign_ins": LIFETIME.days,
        "conversations": 365,
        "files": 31,
        "unsent_files": UNSENT_KEPT.days,
        "trail": 730,
        "exports": jobs.KEPT.days,
        "key_uses": KEPT_DAYS,
        "usage": None,
    }
    assert told["measures"] == [*ALWAYS, "seal", "only_cleared"]
    assert set(told["to_fill_in"]) == ONLY_PEOPLE_KNOW
    found = {one["name"]: one for one in told["recipients"]}
    assert set(found) == {"GPU of Olga", "Rented", "Once", "Vendor <AG>"}
    zones = {name: (one["zone"], one["data_location"], one["enabled"]) for name, one in found.items()}
    assert zones["Rented"] == ("own_contract", "Falkenstein", True)
    assert zones["Once"] == ("router", "", False)
    assert zones["Vendor <AG>"] == ("included", "Zürich", True)
    assert [name for name, one in found.items() if one["of_the_operator"]] == ["Vendor <AG>"]
    assert found["Rented"]["undertaking"] == _signed("Rechenwerk GmbH", 10)
    assert found["Vendor <AG>"]["undertaking"] == _signed("V. Erb", -1)
    assert found["Once"]["undertaking"] is None
    # Own hardware is no transfer; whether the others are is for people to say.
    away = {one["recipient"]: (one["data_location"], one["safeguards"]) for one in told["transfers"]}
    assert away == {"Rented": ("Falkenstein", None), "Once": (None, None), "Vendor <AG>": ("Zürich", None)}
    behalf = told["processing_on_behalf"]
    assert (behalf["processor"], behalf["controller"]) == (OPERATOR, "Kanzlei Brandt")
    assert (behalf["categories"], behalf["further_processors"]) != ([], [])
    assert behalf["further_processors"] == ["Vendor <AG>"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_record_to_read_says_the_same_in_words(world: World, language: Language) -> None:
    olga = await _decide(world)
    page = (await _fetch(olga, "html", language)).text

    def tell(code: str) -> str:
        return sentence(code, {}, language)

    read = _sections(page)
    names = [
        "roles",
        "open",
        "purposes",
        "people",
        "data",
        "recipients",
        "others",
        "transfers",
        "periods",
        "measures",
        "on_behalf",
    ]
    assert list(read) == [tell(f"record.{name}") for name in names]
    assert f'<html lang="{language}">' in page
    assert all(one in read[tell("record.roles")] for one in ("Kanzlei Brandt", "Olga", OPERATOR))
    blank = tell("record.to_fill_in")
    for name in ONLY_PEOPLE_KNOW:
        assert f"{tell(f'record.open.{name}')} {blank}" in read[tell("record.open")]
    recipients = read[tell("record.recipients")]
    ends = f"{tell('record.until')} {_day(10)}"
    assert f"Rechenwerk GmbH, {_day(-30)}, {ends}, Folder 7" in recipients
    assert f"V. Erb, {_day(-30)}, {tell('record.until')} {_day(-1)}, {tell('record.is_over')}, Folder 7" in recipients
    for code in ("own_hardware", "own_contract", "included", "router"):
        assert tell(f"zones.{code}") in recipients
    assert f"Once {tell('record.of_team')} {tell('zones.router')} {tell('record.not_stated')}" in recipients
    assert tell("record.switched_off") in recipients
    assert f"Rented Falkenstein {blank}" in read[tell("record.transfers")]
    periods = read[tell("record.periods")]
    for name, days in (("conversations", 365), ("files", 31), ("trail", 730), ("exports", 7), ("unsent_files", 1)):
        assert f"{tell(f'record.period.{name}')} {days} {tell('record.days')}" in periods
    assert f"{tell('record.period.account')} {tell('record.until_erased')}" in periods
    for measure in [*ALWAYS, "seal", "only_cleared"]:
        assert tell(f"record.measure.{measure}") in read[tell("record.measures")]
    assert tell("record.measure.second_factor") not in page
    # A code that has no sentence would stand there as itself, and a name of a team as HTML.
    assert re.findall(r"record\.\w+|zones\.\w+|\b[a-z]+_[a-z_]+\b", re.sub(r"<style>.*?</style>", "", page)) == []
    assert "Vendor <AG>" not in page


@pytest.mark.parametrize("wanted", ["json", "html"])
async def test_no_key_and_no_address_is_in_the_record(world: World, wanted: str) -> None:
    olga = await _decide(world)
    said = (await _fetch(olga, wanted)).text
    server = world.harbour.models
    assert "Rented" in said
    for secret in (MODEL_KEY, server.base_url, "localhost", str(server.port), ISSUER, "a secret of the provider"):
        assert secret not in said
    [entry] = (await olga.get("/api/audit?action=data.record_exported"))["entries"]
    assert entry["details"] == {"format": wanted}


async def test_owners_and_admins_have_the_record_of_their_own_team_and_members_have_none(world: World) -> None:
    assert (await _fetch(world.people["adam"], "json")).json()["controller"] == "Kanzlei Brandt"
    assert (await world.people["mia"].call("POST", PATH, {"format": "json"})).status_code == 403
    eves = (await _fetch(world.people["eve"], "json")).json()
    assert (eves["controller"], eves["owners"]) == ("Elsewhere", ["Eve"])
    assert {one["name"] for one in eves["recipients"]} == {"GPU of Eve", "Vendor <AG>"}
    assert eves["erasure_periods"]["conversations"] is None
    assert eves["measures"] == ALWAYS


async def test_a_second_factor_and_an_identity_provider_are_told_only_while_they_are_demanded(world: World) -> None:
    """Read below the door: with either, Olga's browser of this test would be out."""
    team_id = UUID(world.people["olga"].session["team"]["id"])
    team, provider = TeamRow.id == team_id, IdentityProviderRow.team_id == team_id
    rows: tuple[tuple[Any, dict[str, Any]], ...] = (
        (update(IdentityProviderRow).where(provider).values(enabled=True), {"identity_provider": "Sign-in of Olga"}),
        (update(IdentityProviderRow).where(provider).values(only=True), {"measure": "identity_provider"}),
        (update(TeamRow).where(team).values(needs_second_factor=True), {"measure": "second_factor"}),
        (delete(IdentityProviderRow).where(provider), {"identity_provider": None}),
    )
    expected: dict[str, Any] = {"identity_provider": None}
    told = set(ALWAYS)
    async with world.harbour.built.parts.database.write() as tx:
        assert (await read_configured(tx, team_id, "", [], [])).identity_provider is None, "it is not on"
        for statement, change in rows:
            await tx.execute(statement)
            found = await read_configured(tx, team_id, "", [], [])
            if "measure" in change:
                told.add(change["measure"])
            else:
                expected = change
            told -= {"identity_provider"} if statement is rows[-1][0] else set()
            assert found.identity_provider == expected["identity_provider"]
            record = json.loads(processing.json_of(found, NOW))
            assert set(record["measures"]) == told
            others = {one["kind"]: one["name"] for one in record["other_recipients"]}
            assert others.get("identity_provider") == expected["identity_provider"]
            assert set(others) - {"identity_provider"} == {"operator", "mail"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_nobody_has_said_is_left_to_be_filled_in(language: Language) -> None:
    def tell(code: str) -> str:
        assert code in known_codes() or code.startswith("data.field."), code
        return sentence(code, {}, language)

    anybody = Recipient(None, "p", "P", "unstated", "", enabled=True, models=1)
    bare = Configured("T", "", ["Olga"], [anybody], None, None, None, False, [], False, False, None)
    record = json.loads(processing.json_of(bare, NOW))
    assert set(record["to_fill_in"]) == ONLY_PEOPLE_KNOW | {"processor"}
    assert record["erasure_periods"]["conversations"] is None
    read = _sections(processing.html_of(bare, NOW, language, tell).decode())
    blank, not_stated = tell("record.to_fill_in"), tell("record.not_stated")
    assert f"{tell('record.processor')} {blank}" in read[tell("record.roles")]
    assert f"{tell('record.open.processor')} {blank}" in read[tell("record.open")]
    assert tell("zones.unstated") in read[tell("record.recipients")]
    assert not_stated in read[tell("record.recipients")]
    assert tell("record.no_undertaking") in read[tell("record.recipients")]
    assert f"{tell('record.period.conversations')} {tell('record.until_deleted')}" in read[tell("record.periods")]
