"""The picker offers own, standard and scripted models side by side, and tells apart who runs and who pays (P1)."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from moorage.connections.catalogue import Catalogue
from moorage.connections.opening import ProviderDesk
from moorage.connections.pace import Pace
from moorage.connections.picker import Picker
from moorage.connections.runs import Runs
from moorage.errors import Conflict, EndpointFailure, Invalid, NotFound, TooMany, Unavailable
from moorage.operator_files import MAX_BYTES
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
OPEN = '[open]\nname = "x"\nbase_url = "https://secret.example"'


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
    ("text", "code", "line", "place"),
    [
        ("open = 1", "catalogue_invalid", 1, "open"),
        ("# a remark\nnot toml", "catalogue_syntax", 2, None),
        ('[open]\nname = "x"\nmodels = [', "catalogue_syntax", 3, None),
        (f"{OPEN}\nmodel = []", "catalogue_unknown", 4, "open.model"),
        (OPEN, "catalogue_missing", 1, "open.models"),
        (f'{OPEN}\nspeaks = "gopher"\nmodels = []', "catalogue_invalid", 4, "open.speaks"),
        (f'{OPEN}\nmodels = [\n  {{ id = "a" }},\n  {{ id = "b", price_in = "4" }},\n]', "catalogue_invalid", 6,
         "open.models.2.price_in"),
        (f'{OPEN}\nmodels = [\n  {{ name = "{{ \\" id = 3" }}, # {{ }}\n]', "catalogue_missing", 5, "open.models.1.id"),
        (f'{OPEN}\n[[open.models]]\nid = "a"\n[[open.models]]\nid = "b"\nretires_on = "soon"', "catalogue_invalid", 8,
         "open.models.2.retires_on"),
        (f'{OPEN}\nmodels = [{{ id = "a", inputs = ["text", "smell"] }}]', "catalogue_invalid", 4,
         "open.models.1.inputs.2"),
    ],
)  # fmt: skip
def test_a_wrong_file_of_the_operator_stops_the_start_with_line_and_field(
    tmp_path: Path, text: str, code: str, line: int, place: str | None
) -> None:
    file = tmp_path / "standard.toml"
    file.write_text(text)
    with pytest.raises(Unavailable) as refused:
        Catalogue.load(file, {"open": Secret("sk")})
    params = refused.value.params
    assert (refused.value.code, params["line"], params.get("place")) == (code, line, place)
    assert "secret" not in str(dict(params))


def test_a_missing_file_of_the_operator_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as refused:
        Catalogue.load(tmp_path / "nowhere.toml", {})
    assert refused.value.code == "catalogue_unreadable"


def test_a_file_of_the_operator_that_is_too_long_is_refused_and_not_cut(tmp_path: Path) -> None:
    """Cut, it would be TOML all the same: a provider moved to a proxy below would be dialled at its maker's."""
    file = tmp_path / "standard.toml"
    file.write_text("#" * MAX_BYTES + "\n[openai]\nname = 'Ours'\nbase_url = 'https://proxy.test'\nmodels = []\n")
    with pytest.raises(Unavailable) as refused:
        Catalogue.load(file, {"openai": Secret("sk")})
    assert refused.value.code == "catalogue_unreadable"


async def test_own_standard_and_scripted_models_stand_side_by_side(quay: Quay, catalogue: Catalogue) -> None:
    await quay.connect()
    picker = Picker(catalogue, demo=True)
    async with quay.database.read() as tx:
        lines = await picker.lines(tx, quay.olga.asker)
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
    desk = ProviderDesk(quay.database, quay.door, quay.vault, catalogue, rules=quay.desk._rules, demo_pause_s=0)
    team_id = quay.olga.person.team_id
    async with quay.database.write() as tx:
        chosen = await picker.choose(tx, quay.olga.asker, "standard:open/steady", quay.unsealed())
    assert (chosen.kind, chosen.provider, chosen.connection_id) == ("standard", "open", None)
    assert KEY not in repr(chosen) + repr(catalogue.providers)
    assert HOST not in repr(catalogue.providers)
    provider = await desk.open(chosen, team_id=team_id, person_id=new_id())
    request = ChatRequest("steady", (Turn("user", "Hello"),), max_tokens=2)
    assert "".join([item.text async for item in provider.reply(request) if isinstance(item, Delta)]) == "word1 word2 "
    assert quay.server.last_headers["authorization"] == f"Bearer {KEY}"
    async with quay.database.write() as tx:
        await desk.remember(tx, chosen, provider.quirks)
        chosen = await picker.choose(tx, quay.olga.asker, "standard:open/steady", quay.unsealed())
    assert (await desk.open(chosen, team_id=team_id, person_id=new_id())).quirks.stream_usage is True


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
            await picker.choose(tx, quay.olga.asker, ref, quay.unsealed())
    assert getattr(refused.value, "code", None) == code


async def test_the_demo_recites_and_reaches_nothing(quay: Quay) -> None:
    async with quay.database.read() as tx:
        chosen = await quay.picker.choose(tx, quay.olga.asker, "scripted:demo", quay.unsealed())
    provider = await quay.open(chosen)
    assert isinstance(provider, Scripted)
    request = ChatRequest(chosen.model_id, (Turn("user", "Hello"),))
    assert [item async for item in provider.reply(request)]
    assert quay.server.counts.connections == 0


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
    desk = ProviderDesk(quay.database, quay.door, quay.vault, catalogue, rules=quay.desk._rules, demo_pause_s=0)
    made = await quay.connections.make(quay.olga, quay.draft(entered=quay.entered(key=None)))
    chosen = await quay.choose(await quay.ref())
    assert chosen.connection_id == made.id
    provider = await desk.open(chosen, team_id=quay.olga.person.team_id, person_id=quay.olga.person.user_id)
    with pytest.raises(EndpointFailure, match="key_missing"):
        await provider.list_models()
    assert {"authorization", "api-key", "x-api-key"}.isdisjoint(quay.server.last_headers)
