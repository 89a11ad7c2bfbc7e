"""A team's own names for models: what they stand for, who may use them, and the history of where they pointed."""

import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from moorage.audit.tables import AuditRow
from moorage.connections.access_tables import AliasRow
from moorage.connections.aliases import Aliases, fold, read_alias_name
from moorage.connections.catalogue import Catalogue
from moorage.connections.chosen import OwnOpening, StandardOpening
from moorage.connections.model_access import AudienceWish, ModelAccess
from moorage.connections.picker import Picker, PickerLine
from moorage.connections.store import Wanted
from moorage.connections.tables import ConnectionRow
from moorage.errors import Conflict, Invalid, MoorageError, NotAllowed, NotFound
from moorage.storage.types import new_id
from moorage.vault.secret import Secret
from tests.connections.quay import Quay

RACK, CELLAR, VENDOR = "standard:rack/steady", "standard:cellar/m", "standard:vendor/m"


class Names:
    """A quay with an own model and a standard one, and what people do with names for them."""

    def __init__(self, quay: Quay, connection_id: UUID, own: str, catalogue: Catalogue) -> None:
        self.quay = quay
        self.connection_id = connection_id
        self.own = own
        self.catalogue = catalogue
        self.picker = Picker(catalogue, demo=True)
        self.aliases = Aliases(quay.database, catalogue)

    async def make(self, name: str = "House model", target: str = "") -> UUID:
        made = await self.aliases.make(self.quay.olga, name, target or self.own, "")
        return made.facts.id

    async def lines(self, who: str = "mia") -> list[PickerLine]:
        async with self.quay.database.read() as tx:
            return await self.picker.lines(tx, getattr(self.quay, who).asker)

    async def choose(self, ref: str, who: str = "mia") -> Any:
        async with self.quay.database.write() as tx:
            return await self.picker.choose(tx, getattr(self.quay, who).asker, ref, self.quay.unsealed())

    async def refusal(self, ref: str, who: str = "mia") -> str | None:
        try:
            await self.choose(ref, who)
        except MoorageError as error:
            return error.code
        return None

    def catalogue_without(self, provider: str) -> Catalogue:
        rest = {name: one for name, one in self.catalogue.providers.items() if name != provider}
        return Catalogue(rest, self.catalogue.made_on)

    async def acts(self) -> list[tuple[str, str, dict[str, Any]]]:
        async with self.quay.database.read() as tx:
            rows = await tx.execute(
                select(AuditRow.action, AuditRow.object_name, AuditRow.details)
                .where(AuditRow.action.like("alias.%"))
                .order_by(AuditRow.seq)
            )
        return [(row.action, row.object_name, json.loads(row.details)) for row in rows]


@pytest.fixture
async def names(quay: Quay, tmp_path: Path) -> Names:
    connection_id = await quay.connect()
    file = tmp_path / "standard.toml"
    file.write_text(
        f"[rack]\nname = 'Our rack'\nbase_url = '{quay.base_url}'\nmodels = [\n"
        "  {id = 'steady', name = 'Steady'},\n  {id = 'old', name = 'Old', retires_on = 2020-01-01},\n]\n"
        + "".join(
            f"[{name}]\nname = '{name}'\nzone = '{zone}'\nbase_url = '{quay.base_url}'\nmodels = [{{id = 'm'}}]\n"
            for name, zone in (("cellar", "own_hardware"), ("vendor", "included"))
        )
    )
    key = Secret("sk-operator")
    catalogue = Catalogue.load(file, {"rack": key, "cellar": key, "vendor": key})
    return Names(quay, connection_id, await quay.ref(), catalogue)


async def test_a_name_stands_first_in_the_picker_and_leads_to_its_model(names: Names) -> None:
    alias_id = await names.make()
    first, second, *_ = await names.lines()
    assert (first.ref, first.name, first.model_id) == (f"alias:{alias_id}", "House model", "steady")
    assert first.alias is not None
    assert (first.alias.ref, first.alias.name) == (names.own, second.name)
    assert (first.origin, first.connection_name, first.billed_by) == ("own_hardware", "Kanzlei GPU", "team")
    chosen = await names.choose(first.ref)
    assert (chosen.ref, chosen.target_ref, chosen.model_id) == (first.ref, names.own, "steady")
    assert (chosen.alias.id, chosen.alias.name, chosen.origin) == (alias_id, "House model", "own_hardware")
    assert isinstance(chosen.opening, OwnOpening)


async def test_a_name_can_be_pointed_elsewhere_and_its_history_says_who_when_from_where_and_why(names: Names) -> None:
    alias_id = await names.make()
    moved = await names.aliases.point(names.quay.adam, alias_id, RACK, "The GPU is sold.", confirmed=True)
    assert [(turn.by_name, turn.target_ref, turn.origin, turn.reason) for turn in moved.turns] == [
        ("Adam", RACK, "included", "The GPU is sold."),
        ("Olga", names.own, "own_hardware", ""),
    ]
    assert moved.turns[0].at >= moved.turns[1].at
    assert (moved.facts.target_ref, moved.facts.since) == (RACK, moved.turns[0].at)
    chosen = await names.choose(f"alias:{alias_id}")
    assert (chosen.kind, chosen.target_ref, chosen.origin, chosen.model_name) == (
        "standard",
        RACK,
        "included",
        "Steady",
    )
    assert isinstance(chosen.opening, StandardOpening)
    assert await names.acts() == [
        ("alias.created", "House model", {"reason": "", "to": "steady (Kanzlei GPU)", "to_zone": "own_hardware"}),
        (
            "alias.repointed",
            "House model",
            {
                "confirmed": True,
                "from": "steady (Kanzlei GPU)",
                "from_zone": "own_hardware",
                "reason": "The GPU is sold.",
                "to": "Steady (Our rack)",
                "to_zone": "unstated",
            },
        ),
    ]


async def test_words_go_farther_than_before_only_where_that_is_confirmed(names: Names) -> None:
    alias_id = await names.make()
    with pytest.raises(Conflict) as asked:
        await names.aliases.point(names.quay.olga, alias_id, RACK, "", confirmed=False)
    assert (asked.value.code, dict(asked.value.params)) == (
        "alias_goes_farther",
        {"alias": "House model", "model": "Steady"},
    )
    assert (await names.choose(f"alias:{alias_id}")).target_ref == names.own
    await names.aliases.point(names.quay.olga, alias_id, RACK, "", confirmed=True)
    back = await names.aliases.point(names.quay.olga, alias_id, names.own, "", confirmed=False)
    again = await names.aliases.point(names.quay.olga, alias_id, names.own, "", confirmed=False)
    assert len(again.turns) == len(back.turns) == 3, "the same again is no entry"
    # Somebody called the connection a router when the name was pointed at it, and corrected that since.
    async with names.quay.database.write() as tx:
        await tx.execute(update(ConnectionRow).values(zone="router"))
    relabelled = await names.make("Other name")
    async with names.quay.database.write() as tx:
        await tx.execute(update(ConnectionRow).values(zone="own_hardware"))
    with pytest.raises(Conflict):
        await names.aliases.point(names.quay.olga, relabelled, RACK, "", confirmed=False)


async def test_how_far_words_go_is_told_by_the_zone_that_the_operator_states(names: Names) -> None:
    """P19: a standard model may run on own hardware; words go farther from there as from the team's own."""
    alias_id = await names.make()
    await names.aliases.point(names.quay.olga, alias_id, CELLAR, "", confirmed=False)
    for target in (VENDOR, RACK):
        with pytest.raises(Conflict, match="alias_goes_farther"):
            await names.aliases.point(names.quay.olga, alias_id, target, "", confirmed=False)
    assert (await names.choose(f"alias:{alias_id}")).target_ref == CELLAR
    away = await names.aliases.point(names.quay.olga, alias_id, VENDOR, "", confirmed=True)
    assert (away.facts.target_ref, away.facts.origin) == (VENDOR, "included")
    await names.aliases.point(names.quay.olga, alias_id, CELLAR, "", confirmed=False)
    told = [details for _, _, details in await names.acts()]
    assert [(one.get("from_zone"), one["to_zone"], "confirmed" in one) for one in told] == [
        (None, "own_hardware", False),
        ("own_hardware", "own_hardware", False),
        ("own_hardware", "included", True),
        ("included", "own_hardware", False),
    ]


async def test_nobody_knows_how_near_a_provider_was_that_is_gone(names: Names) -> None:
    """P19: rather asked once too often."""
    alias_id = await names.make(target=CELLAR)
    left = Aliases(names.quay.database, names.catalogue_without("cellar"))
    with pytest.raises(Conflict, match="alias_goes_farther"):
        await left.point(names.quay.olga, alias_id, VENDOR, "", confirmed=False)
    await left.point(names.quay.olga, alias_id, names.own, "", confirmed=False)
    assert [details.get("from_zone") for _, _, details in await names.acts()] == [None, "unstated"]


async def test_the_right_to_a_name_is_the_right_to_what_it_stands_for(names: Names) -> None:
    """An alias grants nothing, and who may not use its model doesn't see it."""
    access = ModelAccess(names.quay.database, names.catalogue)
    ref = f"alias:{await names.make()}"
    await access.rule_connection(names.quay.olga, names.connection_id, AudienceWish("roles", ["owner"]))
    assert await names.refusal(ref) == "model_not_open"
    assert ref not in {line.ref for line in await names.lines()}
    assert await names.refusal(ref, "olga") is None
    await names.aliases.point(names.quay.olga, UUID(ref.removeprefix("alias:")), RACK, "", confirmed=True)
    assert await names.refusal(ref) is None
    await access.rule_standard(names.quay.olga, "rack", "steady", AudienceWish("roles", ["owner"]))
    assert await names.refusal(ref) == "model_not_open"
    await names.aliases.delete(names.quay.olga, UUID(ref.removeprefix("alias:")))
    assert await names.refusal(ref) == "model_not_open"


async def test_if_what_it_stands_for_is_down_nothing_else_is_tried(names: Names) -> None:
    """P20: the name stays in the list with the reason."""
    ref = f"alias:{await names.make()}"
    sent = names.quay.server.counts.requests
    await names.quay.connections.change(names.quay.olga, names.connection_id, {"enabled": False})
    assert await names.refusal(ref) == "connection_paused"
    await names.quay.connections.change(names.quay.olga, names.connection_id, {"enabled": True})
    wanted = [Wanted("steady", "", enabled=False)]
    await names.quay.connections.set_models(names.quay.olga, names.connection_id, wanted)
    assert await names.refusal(ref) == "model_off"
    await names.quay.connections.delete(names.quay.olga, names.connection_id)
    assert await names.refusal(ref) == "connection_deleted"
    [line] = [line for line in await names.lines() if line.ref == ref]
    assert (line.name, line.problem_code, line.connection_name) == ("House model", "connection_deleted", "Kanzlei GPU")
    assert names.quay.server.counts.requests == sent


async def test_a_deleted_name_says_so_and_is_free_again(names: Names) -> None:
    alias_id = await names.make()
    await names.aliases.delete(names.quay.olga, alias_id)
    assert await names.refusal(f"alias:{alias_id}") == "alias_gone"
    assert [line for line in await names.lines() if line.alias is not None] == []
    other = await names.make("HOUSE model")
    assert other != alias_id
    for act in (
        lambda: names.aliases.get(names.quay.olga, alias_id),
        lambda: names.aliases.rename(names.quay.olga, alias_id, "New"),
        lambda: names.aliases.point(names.quay.olga, alias_id, RACK, "", confirmed=True),
        lambda: names.aliases.delete(names.quay.olga, alias_id),
    ):
        with pytest.raises(NotFound, match="alias_unknown"):
            await act()
    assert await names.quay.count(AliasRow) == 2


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("house MODEL", "alias_name_taken"),
        ("House  model", "alias_name_taken"),
        ("Ｈouse model", "alias_name_taken"),
        ("steady", "alias_shadows"),
        ("STEADY", "alias_shadows"),
        ("demo (scripted, no model)", "alias_shadows"),
        ("\u200b\u200b", "alias_name_unreadable"),
        ("\ufdfa" * 60, "alias_name_unreadable"),
    ],
)
async def test_no_name_is_taken_for_another(names: Names, name: str, code: str) -> None:
    await names.make()
    other = await names.make("Another")
    for act in (
        lambda: names.make(name),
        lambda: names.aliases.rename(names.quay.olga, other, name),
    ):
        with pytest.raises(MoorageError) as refused:
            await act()
        assert (refused.value.code, refused.value.field) == (code, "name")


async def test_a_name_may_be_spelt_otherwise(names: Names) -> None:
    alias_id = await names.make()
    renamed = await names.aliases.rename(names.quay.adam, alias_id, "HOUSE MODEL")
    assert renamed.facts.name == "HOUSE MODEL"
    assert (await names.acts())[-1] == ("alias.renamed", "HOUSE MODEL", {"before": "House model"})


async def test_names_end_at_a_hundred(names: Names) -> None:
    for number in range(100):
        await names.make(f"Name {number}")
    with pytest.raises(Conflict, match="too_many_aliases"):
        await names.make("One more")


@pytest.mark.parametrize("target", ["", "scripted:demo", "byom:x", "standard:rack/old", "standard:rack/none", "alias:"])
async def test_it_stands_for_a_model_and_for_nothing_else(names: Names, target: str) -> None:
    alias_id = await names.make()
    target = f"alias:{alias_id}" if target == "alias:" else target
    with pytest.raises(Invalid, match="target_unknown"):
        await names.aliases.make(names.quay.olga, "Second", target, "")
    with pytest.raises(Invalid, match="target_unknown"):
        await names.aliases.point(names.quay.olga, alias_id, target, "", confirmed=True)


async def test_another_teams_names_and_models_are_as_unknown_as_none(names: Names) -> None:
    alias_id = await names.make()
    eve = names.quay.eve
    for ref in (f"alias:{alias_id}", f"alias:{new_id()}", "alias:x", "alias:"):
        assert await names.refusal(ref, "eve") == "model_unknown"
    assert [line.name for line in await names.lines("eve") if line.alias is not None] == []
    for one in (alias_id, new_id()):
        with pytest.raises(NotFound, match="alias_unknown"):
            await names.aliases.get(eve, one)
        with pytest.raises(NotFound, match="alias_unknown"):
            await names.aliases.delete(eve, one)
    for target in (names.own, f"byom:{new_id()}"):
        with pytest.raises(Invalid, match="target_unknown"):
            await names.aliases.make(eve, "House model", target, "")
    theirs = await names.aliases.make(eve, "House model", RACK, "")
    assert await names.refusal(f"alias:{theirs.facts.id}", "olga") == "model_unknown"


async def test_only_owners_and_admins_name_models(names: Names) -> None:
    alias_id = await names.make()
    mia = names.quay.mia
    acts: list[Callable[[], Coroutine[Any, Any, Any]]] = [
        lambda: names.aliases.list(mia),
        lambda: names.aliases.get(mia, alias_id),
        lambda: names.aliases.make(mia, "Mine", names.own, ""),
        lambda: names.aliases.point(mia, alias_id, RACK, "", confirmed=True),
        lambda: names.aliases.rename(mia, alias_id, "Mine"),
        lambda: names.aliases.delete(mia, alias_id),
    ]
    for act in acts:
        with pytest.raises(NotAllowed):
            await act()
    assert [action for action, _, _ in await names.acts()] == ["alias.created"]


@given(text=st.text(max_size=120))
def test_a_name_reads_the_same_however_it_is_compared(text: str) -> None:
    """Whatever is taken as a name folds to one thing, and that thing to itself."""
    try:
        name, folded = read_alias_name(text)
    except Invalid:
        return
    assert fold(folded) == folded
    assert fold(name.upper().lower()) == fold(fold(name.upper().lower()))
    assert 0 < len(folded) <= 240
    assert len(name) <= 80
