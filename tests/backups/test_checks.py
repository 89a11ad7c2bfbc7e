"""What is wrong with a database that came out of a backup is found, and named; a good one passes everything."""

import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import select

from moorage.api.sentences import LANGUAGES, Language, known_codes, sentence
from moorage.backups.archive import open_archive
from moorage.backups.checks import CHECKS, Finding, Subject, run_checks
from moorage.backups.making import make_backup
from moorage.backups.unpacking import unpacked
from moorage.chat.tables import ConversationRow, ReplyRow
from moorage.commands.keys import RESEALERS
from moorage.composition.ground import build_database
from moorage.plans.catalogue import carry_plans
from moorage.privacy import jobs
from moorage.storage.database import Database
from moorage.storage.migrate import sqlite_file
from moorage.storage.types import new_id
from moorage.usage.estimates import Count
from moorage.usage.ledger import Call, CallKind, Ledger
from moorage.usage.outcomes import Outcome
from moorage.usage.rollups import Figures, add_to_day, day_of, figures_of
from moorage.usage.tables import ByomUsageRow
from moorage.vault.keyring import KeyRing
from moorage.vault.sources import LocalSource, Sources
from tests.backups.making import quiet
from tests.scope.world import open_world
from tests.support.authority import TestAuthority
from tests.support.codebase import ROOT
from tests.support.kept_rows import change
from tests.support.model_server import ModelServer
from tests.support.running import running, settings_for
from tests.support.vaults import ring_of
from tests.usage.quayside import plans_with


async def findings_of(subject: Subject) -> dict[str, Finding]:
    found: dict[str, Finding] = {}
    good = await run_checks(subject, found.__setitem__)
    assert good == all(one.state != "problem" for one in found.values())
    assert list(found) == list(CHECKS)
    return found


async def states_of(subject: Subject) -> dict[str, str]:
    return {name: one.code for name, one in (await findings_of(subject)).items()}


@pytest_asyncio.fixture
async def subject(tmp_path: Path, models: tuple[TestAuthority, ModelServer]) -> AsyncIterator[Subject]:
    """Give a deployment that was used a little, and is stopped."""
    authority, server = models
    settings = settings_for("sqlite", tmp_path, authority, server, titles="model")
    async with running(settings, server) as harbour:
        olga = await harbour.olga()
        made = await olga.connect(server.base_url, ["steady"])
        ref = next(model["ref"] for model in made["models"] if model["enabled"])
        await olga.wait_for(await olga.ask("Hello?", ref))
    database = build_database(settings)
    try:
        yield Subject(database, Sources(LocalSource(KeyRing.from_file(settings.data / "keys"))), RESEALERS)
    finally:
        await database.close()


async def take_off_its_day(database: Database) -> None:
    """Let the day say that the reply has never been."""
    async with database.write() as tx:
        wanted = select(ByomUsageRow.__table__).where(ByomUsageRow.purpose == "reply")
        [event] = (await tx.execute(wanted)).mappings()
        counted = (event[name] for name in ("count_source", "tokens_in", "tokens_out", "ended", "ttft_ms"))
        await add_to_day(tx, "byom", dict(event), event["at"], Figures() - figures_of(*counted))


def write_past_the_rules(subject: Subject, statement: str) -> None:
    """As somebody with the file: nobody asks what refers to a row."""
    file = sqlite_file(subject.database)
    assert file is not None
    with closing(sqlite3.connect(file)) as raw, raw:
        raw.execute(statement)


GOOD = {
    "file": "backup.check.file.ok",
    "ledger": "backup.check.ledger.ok",
    "budgets": "backup.check.budgets.ok",
    "days": "backup.check.days.ok",
    "trail": "backup.check.trail.ok",
    "secrets": "backup.check.secrets.ok",
}


async def test_a_deployment_with_a_thing_of_every_kind_passes_everything(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> None:
    async with open_world(database_url, tmp_path, models) as world:
        database = world.harbour.built.parts.database
        made = await make_backup(database, tmp_path / "world.backup", None, quiet)
        sources = world.harbour.built.parts.vault.sources
        with open_archive(made.path) as archive:
            async with unpacked(archive, tmp_path / "unpacked.db", quiet) as there:
                found = await findings_of(Subject(there, sources, RESEALERS))
    assert {name: one.code for name, one in found.items()} == GOOD, found
    opened = found["secrets"].facts["count"]
    assert isinstance(opened, int)
    # Of a connection, an app, a provider, the trail's key.
    assert opened >= 4


async def test_a_call_that_is_not_counted_or_otherwise_is_found(subject: Subject) -> None:
    assert await states_of(subject) == GOOD
    await change(subject.database, "UPDATE byom_usage_event SET tokens_out = tokens_out + 1 WHERE purpose = 'reply'")
    found = (await findings_of(subject))["ledger"]
    assert (found.code, found.facts["calls"], found.facts["other_figures"]) == ("backup.check.ledger.drift", 1, 1)
    await change(subject.database, "DELETE FROM byom_usage_event WHERE purpose = 'reply'")
    found = (await findings_of(subject))["ledger"]
    assert (found.facts["calls"], found.facts["not_counted"]) == (1, 1)


async def test_a_call_that_is_counted_twice_or_too_early_is_found(subject: Subject) -> None:
    figures = "call_id, team_id, user_id, purpose, model_id, tokens_in, tokens_out, count_source, ended, started_at, at"
    await change(
        subject.database,
        f"INSERT INTO standard_usage_event ({figures}, provider) "
        f"SELECT {figures}, 'mistral' FROM byom_usage_event WHERE purpose = 'reply'",
        "INSERT INTO reservation (call_id, team_id, user_id, kind, purpose, provider, model_id, tokens_in_estimate,"
        " owner, lease_until, created_at) SELECT call_id, team_id, user_id, 'byom', purpose, 'x', model_id, 1, 'me',"
        " 1, 1 FROM byom_usage_event WHERE purpose = 'reply'",
    )
    facts = (await findings_of(subject))["ledger"].facts
    assert (facts["counted_twice"], facts["open_and_counted"]) == (1, 1)


@pytest.mark.parametrize("kind", ["byom", "standard"])
async def test_a_correction_takes_the_place_of_what_a_sweep_had_assumed(subject: Subject, kind: CallKind) -> None:
    """A process that was taken for dead tells how its call ended; its receipt shows that."""
    carry_plans(subject.database, plans_with())
    async with subject.database.read() as tx:
        [reply] = (await tx.execute(select(ReplyRow))).mappings()
        team_id = (await tx.execute(select(ConversationRow.team_id))).scalar_one()
    told = Outcome(Count(reply["tokens_in"], reply["tokens_out"], reply["count_source"]), "ok")
    connection_id = reply["connection_id"] if kind == "byom" else None
    call = Call(reply["id"], team_id, team_id, kind, "reply", connection_id, "mistral", "steady", 10, 1000)
    await take_off_its_day(subject.database)
    await change(subject.database, "DELETE FROM byom_usage_event WHERE purpose = 'reply'")
    ledger, found = Ledger("here", "boot1"), []
    for step in (
        lambda tx: ledger.announce(tx, call),
        lambda tx: ledger.settle(tx, call.call_id, Outcome(Count(10, None, "orphan"), "crashed")),
        lambda tx: ledger.settle(tx, call.call_id, told),
    ):
        async with subject.database.write() as tx:
            await step(tx)
        facts = (await findings_of(subject))["ledger"].facts
        found.append((facts["calls"], facts["not_counted"], facts["other_figures"]))
    assert found == [(1, 1, 0), (1, 0, 1), (0, 0, 0)]
    assert await states_of(subject) == GOOD
    assert (await findings_of(subject))["budgets"].facts["count"] == (kind == "standard")
    await change(subject.database, f"UPDATE {kind}_usage_correction SET tokens_out = tokens_out + 1")
    assert (await findings_of(subject))["ledger"].facts["other_figures"] == 1


async def test_a_counter_that_is_not_what_its_rows_say_is_found(subject: Subject) -> None:
    await change(
        subject.database,
        "INSERT INTO budget_period (team_id, period_start, limit_tokens, reserved, settled)"
        " SELECT id, 1764547200000000, 1000, 0, 0 FROM team",
    )
    good = (await findings_of(subject))["budgets"]
    assert (good.state, good.facts) == ("ok", {"count": 1})
    await change(subject.database, "UPDATE budget_period SET settled = 5, reserved = 7")
    found = (await findings_of(subject))["budgets"]
    assert (found.code, found.facts["month"]) == ("backup.check.budgets.drift", "2025-12")
    assert (found.facts["count"], found.facts["settled"], found.facts["reserved"]) == (1, 5, 7)


@pytest.mark.parametrize(
    ("statement", "apart"),
    [
        ("UPDATE byom_usage_day SET reported_out = reported_out + 3, calls = calls - 1", "calls -1, reported_out +3"),
        ("DELETE FROM byom_usage_day", "calls -"),
        ("UPDATE byom_usage_day SET user_id = '00000000-0000-0000-0000-00000000000a'", "calls +"),
    ],
)
async def test_a_sum_of_a_day_that_is_not_what_its_calls_say_is_found(
    subject: Subject, statement: str, apart: str
) -> None:
    assert (await findings_of(subject))["days"].facts == {"count": 1}
    await change(subject.database, statement)
    found = (await findings_of(subject))["days"]
    assert (found.state, found.code, found.facts["model"]) == ("problem", "backup.check.days.drift", "steady")
    assert found.facts["day"] == datetime.now(UTC).date().isoformat()
    assert str(found.facts["apart"]).startswith(apart)
    assert {name: one.state for name, one in (await findings_of(subject)).items() if one.state != "ok"} == {
        "days": "problem"
    }


async def test_a_closed_day_that_is_not_what_its_days_say_is_found(subject: Subject) -> None:
    """As if it had been closed in another way; nobody's calls are looked at for it."""
    day = day_of(datetime.now(UTC))
    await change(subject.database, f"UPDATE usage_closing SET day = {day}")
    found = (await findings_of(subject))["days"]
    assert (found.state, found.code, found.facts["count"]) == ("problem", "backup.check.days.closed", 2)
    assert (found.facts["of"], found.facts["day"]) == ("steady", datetime.now(UTC).date().isoformat())
    assert str(found.facts["apart"]).startswith("calls -")


async def test_sums_of_days_are_left_out_while_an_erasure_is_half_way(subject: Subject) -> None:
    """Calls have another id before their sums have it."""
    await change(subject.database, "UPDATE byom_usage_event SET user_id = '00000000-0000-0000-0000-00000000000a'")
    assert (await findings_of(subject))["days"].state == "problem"
    async with subject.database.write() as tx:
        await jobs.put_erasure(tx, "person_erasure", new_id(), None, new_id(), {}, whole_account=True)
    found = (await findings_of(subject))["days"]
    assert (found.state, found.code) == ("skipped", "backup.check.days.erasing")


async def test_a_call_whose_budget_is_gone_is_found(subject: Subject) -> None:
    figures = "team_id, user_id, purpose, model_id, tokens_in, tokens_out, count_source, ended, started_at, at"
    await change(
        subject.database,
        f"INSERT INTO standard_usage_event (call_id, {figures}, provider, period_start, charged_tokens) "
        f"SELECT '00000000-0000-0000-0000-00000000000a', {figures}, 'mistral', 1764547200000000, 9 "
        "FROM byom_usage_event WHERE purpose = 'reply'",
    )
    facts = (await findings_of(subject))["ledger"].facts
    assert (facts["calls"], facts["without_budget"]) == (1, 1)
    # Of a team that was erased, what its operator has to bill stays.
    write_past_the_rules(subject, "DELETE FROM team")
    assert (await findings_of(subject))["ledger"].facts["without_budget"] == 0


async def test_a_changed_trail_is_found_with_and_without_keys(subject: Subject) -> None:
    await change(
        subject.database,
        "DROP TRIGGER audit_entry_keeps_values",
        "UPDATE audit_entry SET actor_name = 'Eve' WHERE action = 'connection.created'",
    )
    for one in (subject, replace(subject, sources=None)):
        found = (await findings_of(one))["trail"]
        assert (found.state, found.code) == ("problem", "backup.check.trail.broken")


async def test_without_keys_the_rest_is_checked_and_what_needs_them_is_skipped(subject: Subject) -> None:
    found = await findings_of(replace(subject, sources=None))
    assert {name: one.state for name, one in found.items()} == {
        "file": "ok", "ledger": "ok", "budgets": "ok", "days": "ok", "trail": "ok", "secrets": "skipped"
    }  # fmt: skip
    assert found["trail"].code == "backup.check.trail.unproven"


async def test_keys_of_another_deployment_are_named(subject: Subject) -> None:
    assert (await states_of(replace(subject, sources=ring_of("other"))))["secrets"] == "key_absent"
    ring = subject.sources
    assert ring is not None
    forged = ring_of(ring.current.current_id)
    assert (await states_of(replace(subject, sources=forged)))["secrets"] == "key_wrong"


async def test_a_secret_that_does_not_open_any_more_is_found(subject: Subject) -> None:
    write_past_the_rules(subject, "UPDATE connection SET id = '00000000-0000-0000-0000-00000000000a'")
    found = (await findings_of(subject))["secrets"]
    assert (found.state, found.code) == ("problem", "key_unreadable")


@pytest.mark.parametrize("statement", ["DELETE FROM user_account", "DELETE FROM team"])
async def test_a_row_that_others_refer_to_is_missed(subject: Subject, statement: str) -> None:
    write_past_the_rules(subject, statement)
    assert (await states_of(subject))["file"] == "backup.check.file.damaged"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_check_and_every_finding_has_its_sentence_and_no_other_stands_there(language: Language) -> None:
    source = (ROOT / "moorage" / "backups" / "checks.py").read_text(encoding="utf-8")
    said = set(re.findall(r'"(backup\.check\.[a-z_.]+)"', source)) | {f"backup.check.{name}" for name in CHECKS}
    assert {code for code in known_codes() if code.startswith("backup.check.")} == said
    assert all(sentence(code, {}, language) != code for code in said)
