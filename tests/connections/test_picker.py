"""The picker offers own, standard and scripted models side by side, and tells apart who runs and who pays (P1)."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from moorage.connections.catalogue import Catalogue
from moorage.connections.health import judge_health
from moorage.connections.opening import ProviderDesk
from moorage.connections.pace import Pace
from moorage.connections.picker import Picker
from moorage.connections.runs import Runs
from moorage.errors import Conflict, EndpointFailure, Invalid, NotFound, TooMany, Unavailable
from moorage.providers.protocol import ChatRequest, Delta, Quirks, Turn
from moorage.providers.scripted import Scripted
from moorage.storage.types import new_id
from moorage.vault.secret import Secret
from tests.connections.quay import HOST, KEY, Quay

OPERATORS_FILE = """
[open]
name = "Our rack"
base_url = "{base_url}"
data_location = "Hamburg"
models = [{{ id = "steady", name = "Steady", context_length = 8192 }}, {{ id = "echo" }}]
"""


@pytest.fixture
def catalogue(quay: Quay, tmp_path: Path) -> Catalogue:
    """Give a catalogue in which the operator's own file names a host for open models."""
    file = tmp_path / "standard.toml"
    file.write_text(OPERATORS_FILE.format(base_url=quay.base_url))
    return Catalogue.load(file, {"open": Secret(KEY), "mistral": Secret("sk-m")})


def test_a_provider_without_a_key_or_an_address_is_absent() -> None:
    """P1."""
    assert Catalogue.load(None, {}).providers == {}
    assert list(Catalogue.load(None, {"mistral": Secret("sk"), "open": Secret("sk")}).providers) == ["mistral"]


def test_the_shipped_list_knows_what_its_providers_refuse() -> None:
    providers = Catalogue.load(None, {"openai": Secret("sk"), "mistral": Secret("sk")}).providers
    assert providers["openai"].quirks == Quirks(limit_field="max_completion_tokens")
    assert providers["mistral"].quirks == Quirks(stream_usage=False)
    assert all(provider.models for provider in providers.values())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("open = 1", "catalogue_invalid"),
        ('[open]\nname = "x"\nbase_url = "https://secret.example"\nmodel = []', "catalogue_invalid"),
        ("not toml", "catalogue_unreadable"),
    ],
)
def test_a_wrong_file_of_the_operator_stops_the_start_with_its_cause(tmp_path: Path, text: str, code: str) -> None:
    file = tmp_path / "standard.toml"
    file.write_text(text)
    with pytest.raises(Unavailable) as refused:
        Catalogue.load(file, {"open": Secret("sk")})
    assert refused.value.code == code
    assert "secret" not in str(dict(refused.value.params))


def test_a_missing_file_of_the_operator_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as refused:
        Catalogue.load(tmp_path / "nowhere.toml", {})
    assert refused.value.code == "catalogue_unreadable"


async def test_own_standard_and_scripted_models_stand_side_by_side(quay: Quay, catalogue: Catalogue) -> None:
    await quay.connect()
    picker = Picker(catalogue, demo=True)
    async with quay.database.read() as tx:
        lines = await picker.lines(tx, quay.olga.person.team_id)
    assert [(line.origin, line.connection_name, line.billed_by) for line in lines] == [
        ("own_hardware", "Kanzlei GPU", "team"),
        ("included", "Mistral", "plan"),
        ("included", "Mistral", "plan"),
        ("included", "Mistral", "plan"),
        ("included", "Our rack", "plan"),
        ("included", "Our rack", "plan"),
        ("scripted", "", "nobody"),
    ]
    assert all(line.problem_code is None for line in lines)
    assert picker.provider_names() == {"mistral": "Mistral", "open": "Our rack"}


async def test_a_standard_model_answers_with_the_operators_key(quay: Quay, catalogue: Catalogue) -> None:
    """P1: through the same door as everything else."""
    picker = Picker(catalogue, demo=False)
    desk = ProviderDesk(quay.door, quay.vault, catalogue, rules=quay.desk._rules, demo_pause_s=0)
    async with quay.database.read() as tx:
        chosen = await picker.choose(tx, quay.olga.person.team_id, "standard:open/steady")
    assert (chosen.kind, chosen.provider, chosen.connection_id) == ("standard", "open", None)
    assert KEY not in repr(chosen) + repr(catalogue.providers)
    assert HOST not in repr(catalogue.providers)
    provider = desk.open(chosen, team_id=new_id(), person_id=new_id())
    request = ChatRequest("steady", (Turn("user", "Hello"),), max_tokens=2)
    assert "".join([item.text async for item in provider.reply(request) if isinstance(item, Delta)]) == "word1 word2 "
    assert quay.server.last_headers["authorization"] == f"Bearer {KEY}"
    async with quay.database.write() as tx:
        await desk.remember(tx, chosen, provider.quirks)
    assert desk.open(chosen, team_id=new_id(), person_id=new_id()).quirks.stream_usage is True


@pytest.mark.parametrize(
    ("ref", "error", "code"),
    [
        ("standard:open/gone", NotFound, "model_gone"),
        ("standard:acme/steady", NotFound, "model_gone"),
        ("scripted:demo", NotFound, "model_gone"),
        ("standard:open", Invalid, "model_unknown"),
        ("byom:not-an-id", Invalid, "model_unknown"),
        ("scripted:other", Invalid, "model_unknown"),
        ("", Invalid, "model_unknown"),
    ],
)
async def test_a_model_that_is_not_there_is_never_replaced_in_silence(
    quay: Quay, catalogue: Catalogue, ref: str, error: type[Exception], code: str
) -> None:
    """P20."""
    picker = Picker(catalogue, demo=False)
    async with quay.database.read() as tx:
        with pytest.raises(error) as refused:
            await picker.choose(tx, quay.olga.person.team_id, ref)
    assert getattr(refused.value, "code", None) == code


async def test_the_demo_recites_and_reaches_nothing(quay: Quay) -> None:
    async with quay.database.read() as tx:
        chosen = await quay.picker.choose(tx, quay.olga.person.team_id, "scripted:demo")
    provider = quay.open(chosen)
    assert isinstance(provider, Scripted)
    request = ChatRequest(chosen.model_id, (Turn("user", "Hello"),))
    assert [item async for item in provider.reply(request)]
    assert quay.server.counts.connections == 0


@pytest.mark.parametrize(
    ("code", "health"),
    [
        (None, "healthy"),
        ("bad_key", "refused"),
        ("rate_limited", "slow"),
        ("connect_refused", "unreachable"),
        ("url_port", "unreachable"),
        ("context_too_long", "healthy"),
        ("model_missing", "healthy"),
    ],
)
def test_a_failure_says_something_about_the_connection_or_about_the_question(code: str | None, health: str) -> None:
    assert judge_health(code) == health


def test_a_window_of_acts_opens_again_with_time() -> None:
    now = [0.0]
    pace = Pace(2, "tests_limited", clock=lambda: now[0])
    team, other = new_id(), new_id()
    pace.take(team)
    now[0] = 30
    pace.take(team)
    pace.take(other)
    now[0] = 59
    with pytest.raises(TooMany) as refused:
        pace.take(team)
    assert refused.value.params["retry_after_s"] == 2
    now[0] = 60
    pace.take(team)
    with pytest.raises(TooMany):
        pace.take(team)


async def test_what_a_run_raises_reaches_its_reader() -> None:
    async def work(emit: object) -> UUID:
        raise Conflict("connection_changed")

    runs: Runs[str, UUID] = Runs()
    events: AsyncIterator[str | UUID] = runs.follow(work)
    with pytest.raises(Conflict):
        await anext(events)
    await runs.aclose()


async def test_the_operators_key_never_goes_to_a_teams_address(quay: Quay, catalogue: Catalogue) -> None:
    """P12: an own connection without a key sends none, whatever keys the operator has."""
    desk = ProviderDesk(quay.door, quay.vault, catalogue, rules=quay.desk._rules, demo_pause_s=0)
    made = await quay.connections.make(quay.olga, quay.draft(entered=quay.entered(key=None)))
    chosen = await quay.choose(await quay.ref())
    assert chosen.connection_id == made.id
    provider = desk.open(chosen, team_id=quay.olga.person.team_id, person_id=quay.olga.person.user_id)
    with pytest.raises(EndpointFailure, match="key_missing"):
        await provider.list_models()
    assert {"authorization", "api-key", "x-api-key"}.isdisjoint(quay.server.last_headers)
