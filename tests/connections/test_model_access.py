"""Who may use a model: everyone, roles, people; for own models and for standard ones, at the call and in the list."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, select, update

from moorage.accounts.tables import MembershipRow
from moorage.audit.tables import AuditRow
from moorage.connections.access_tables import ModelPersonRow
from moorage.connections.acting import Caller
from moorage.connections.audience import Asker
from moorage.connections.audience_store import Ruled
from moorage.connections.catalogue import Catalogue
from moorage.connections.model_access import AudienceWish, ModelAccess
from moorage.connections.picker import Picker
from moorage.connections.tables import ConnectionRow
from moorage.connections.withdrawn import withdrawn
from moorage.errors import AccessRefused, Conflict, Invalid, MoorageError, NotAllowed, NotFound
from moorage.storage.types import db_now, new_id
from moorage.vault.secret import Secret
from tests.connections.quay import Quay

ROLE_OF = {"olga": "owner", "adam": "admin", "mia": "member"}
STANDARD = "standard:rack/steady"
OTHER = "standard:rack/other"


class Dock:
    """A quay with one own model, two standard ones, and the acts of who decides."""

    def __init__(self, quay: Quay, connection_id: UUID, ref: str, catalogue: Catalogue) -> None:
        self.quay = quay
        self.connection_id = connection_id
        self.ref = ref
        self.picker = Picker(catalogue, demo=True)
        self.access = ModelAccess(quay.database, catalogue)

    @property
    def model_id(self) -> UUID:
        return UUID(self.ref.removeprefix("byom:"))

    def who(self, name: str) -> Caller:
        caller: Caller = getattr(self.quay, name)
        return caller

    async def refusal(self, name: str, ref: str) -> str | None:
        """Give the code with which a call of this person is refused; None when it would be made."""
        async with self.quay.database.write() as tx:
            try:
                await self.picker.choose(tx, self.who(name).asker, ref, self.quay.unsealed())
            except MoorageError as error:
                assert (await self.picker.state(tx, self.who(name).asker, ref)) is not None
                return error.code
            assert (await self.picker.state(tx, self.who(name).asker, ref)) is None
        return None

    async def sees(self, name: str, ref: str) -> bool:
        async with self.quay.database.read() as tx:
            return ref in {line.ref for line in await self.picker.lines(tx, self.who(name).asker)}

    async def losing(self, ref: str) -> set[str]:
        """Whose running answers of this model would be ended now."""
        async with self.quay.database.read() as tx:
            lost = await withdrawn(tx, {(self.who(name).asker, ref) for name in ROLE_OF})
        return {name for name in ROLE_OF if (self.who(name).asker, ref) in lost}

    async def admitted(self, ref: str) -> set[str]:
        """Who may; the call, the list and what ends running answers must agree."""
        may = {name for name in ROLE_OF if await self.refusal(name, ref) is None}
        assert {name for name in ROLE_OF if await self.sees(name, ref)} == may
        assert ROLE_OF.keys() - await self.losing(ref) == may
        return may

    async def acts(self) -> list[tuple[str, str, str]]:
        async with self.quay.database.read() as tx:
            rows = await tx.execute(
                select(AuditRow.action, AuditRow.object_name, AuditRow.details)
                .where(AuditRow.team_id == self.quay.olga.person.team_id, AuditRow.action.like("%audience_changed"))
                .order_by(AuditRow.seq)
            )
        return [(row.action, row.object_name, row.details) for row in rows]


@pytest.fixture
async def dock(quay: Quay, tmp_path: Path) -> Dock:
    connection_id = await quay.connect()
    file = tmp_path / "standard.toml"
    file.write_text(
        f"[rack]\nname = 'Our rack'\nbase_url = '{quay.base_url}'\n"
        "models = [{id = 'steady', name = 'Steady'}, {id = 'other', name = 'Other'}]\n"
    )
    return Dock(quay, connection_id, await quay.ref(), Catalogue.load(file, {"rack": Secret("sk-operator")}))


def wish(kind: Any, *roles: str, people: list[UUID] | None = None) -> AudienceWish:
    return AudienceWish(kind, roles, people or ())


RULES: Mapping[str, set[str]] = {
    "everyone": {"olga", "adam", "mia"},
    "roles owner": {"olga"},
    "roles admin": {"adam"},
    "roles member": {"mia"},
    "roles owner admin": {"olga", "adam"},
    "people mia": {"mia"},
    "people olga mia": {"olga", "mia"},
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("place", ["connection", "model"])
async def test_the_call_the_list_and_what_runs_obey_the_rule(dock: Dock, rule: str, place: str) -> None:
    kind, *names = rule.split()
    wanted = (
        wish(kind, people=[dock.who(name).person.user_id for name in names]) if kind == "people" else wish(kind, *names)
    )
    if place == "connection":
        await dock.access.rule_connection(dock.quay.adam, dock.connection_id, wanted)
    else:
        # The other way round for all models, so that the model's own rule must count.
        await dock.access.rule_connection(dock.quay.adam, dock.connection_id, wish("roles", "member"))
        await dock.access.rule_model(dock.quay.adam, dock.connection_id, dock.model_id, wanted)
    assert await dock.admitted(dock.ref) == RULES[rule]


@pytest.mark.parametrize("rule", [*RULES, "nobody"])
@pytest.mark.parametrize("place", ["provider", "model"])
async def test_standard_models_obey_the_rule(dock: Dock, rule: str, place: str) -> None:
    kind, *names = rule.split()
    expected: set[str] = set() if kind == "nobody" else RULES[rule]
    wanted = (
        wish(kind, people=[dock.who(name).person.user_id for name in names]) if kind == "people" else wish(kind, *names)
    )
    if place == "provider":
        await dock.access.rule_standard(dock.quay.olga, "rack", None, wanted)
        assert await dock.admitted(OTHER) == expected
    else:
        # Who is named for all of a provider's models is not named for the one that has a rule of its own.
        adam = dock.quay.adam.person.user_id
        await dock.access.rule_standard(dock.quay.olga, "rack", None, wish("people", people=[adam]))
        await dock.access.rule_standard(dock.quay.olga, "rack", "steady", wanted)
        assert await dock.admitted(OTHER) == {"adam"}
    assert await dock.admitted(STANDARD) == expected
    assert await dock.admitted(dock.ref) == {"olga", "adam", "mia"}


async def test_a_rule_that_is_taken_away_leaves_what_holds_for_all(dock: Dock) -> None:
    await dock.access.rule_connection(dock.quay.olga, dock.connection_id, wish("roles", "owner"))
    await dock.access.rule_model(dock.quay.olga, dock.connection_id, dock.model_id, wish("everyone"))
    facts = await dock.access.rule_model(dock.quay.olga, dock.connection_id, dock.model_id, None)
    assert [one.ruled for one in facts.models if one.id == dock.model_id] == [Ruled(None)]
    assert await dock.admitted(dock.ref) == {"olga"}
    await dock.access.rule_standard(dock.quay.olga, "rack", None, wish("nobody"))
    await dock.access.rule_standard(dock.quay.olga, "rack", None, None)
    assert await dock.admitted(STANDARD) == {"olga", "adam", "mia"}


async def test_the_gate_stands_before_every_right(dock: Dock) -> None:
    """P14."""
    await dock.access.rule_connection(dock.quay.olga, dock.connection_id, wish("roles", "owner"))
    await dock.quay.set_standing("suspended")
    for name in ROLE_OF:
        assert await dock.refusal(name, dock.ref) == "access_suspended"
    await dock.access.rule_connection(dock.quay.olga, dock.connection_id, wish("roles", "admin"))
    await dock.quay.set_standing("active")
    assert await dock.admitted(dock.ref) == {"adam"}


async def test_what_is_not_open_tells_nothing_of_its_state(dock: Dock) -> None:
    """Whether it is paused, gone or deleted is not for Mia to know, and no sentence says its name."""
    await dock.access.rule_connection(dock.quay.olga, dock.connection_id, wish("roles", "owner"))
    for values in ({"enabled": False}, {"enabled": True, "key_lost_at": db_now()}, {"deleted_at": db_now()}):
        async with dock.quay.database.write() as tx:
            await tx.execute(update(ConnectionRow).values(**values))
        assert await dock.refusal("mia", dock.ref) == "model_not_open"
        assert await dock.refusal("olga", dock.ref) not in {None, "model_not_open"}
    async with dock.quay.database.read() as tx:
        error = await dock.picker.state(tx, dock.quay.mia.asker, dock.ref)
    assert isinstance(error, NotAllowed)
    assert not error.params


@pytest.mark.parametrize("rule", ["everyone", "roles", "people"])
async def test_who_leaves_the_team_or_changes_role_loses_the_right_at_once(dock: Dock, rule: str) -> None:
    mia = dock.quay.mia.person
    wanted = wish(rule, "member", people=[mia.user_id] if rule == "people" else None)
    await dock.access.rule_connection(dock.quay.olga, dock.connection_id, wanted)
    assert await dock.refusal("mia", dock.ref) is None
    async with dock.quay.database.write() as tx:
        await tx.execute(update(MembershipRow).where(MembershipRow.user_id == mia.user_id).values(role="admin"))
    assert (await dock.refusal("mia", dock.ref) is None) == (rule != "roles")
    async with dock.quay.database.write() as tx:
        await tx.execute(delete(MembershipRow).where(MembershipRow.user_id == mia.user_id))
    for ref in (dock.ref, STANDARD, "scripted:demo"):
        assert await dock.refusal("mia", ref) == "model_not_open"
        assert not await dock.sees("mia", ref)
    assert "mia" in await dock.losing(dock.ref)
    async with dock.quay.database.write() as tx:
        values = {"team_id": mia.team_id, "user_id": mia.user_id, "role": "member", "joined_at": db_now()}
        await tx.execute(insert(MembershipRow).values(**values))
    # Who comes back is not named any more.
    assert (await dock.refusal("mia", dock.ref) is None) == (rule != "people")


@pytest.mark.parametrize("model_id", [None, "steady"])
async def test_who_is_named_for_a_standard_model_and_leaves_is_named_no_more(dock: Dock, model_id: str | None) -> None:
    mia = dock.quay.mia.person
    named = wish("people", people=[mia.user_id, dock.quay.adam.person.user_id])
    facts = await dock.access.rule_standard(dock.quay.olga, "rack", model_id, named)
    [ruled] = [facts[0].ruled] if model_id is None else [one for id_, _, one in facts[0].models if id_ == model_id]
    assert [one.name for one in ruled.people] == ["Adam", "Mia"]
    assert await dock.admitted(STANDARD) == {"adam", "mia"}
    async with dock.quay.database.write() as tx:
        await tx.execute(delete(MembershipRow).where(MembershipRow.user_id == mia.user_id))
        values = {"team_id": mia.team_id, "user_id": mia.user_id, "role": "member", "joined_at": db_now()}
        await tx.execute(insert(MembershipRow).values(**values))
    assert await dock.admitted(STANDARD) == {"adam"}
    await dock.access.rule_standard(dock.quay.olga, "rack", model_id, wish("roles", "owner"))
    assert await dock.admitted(STANDARD) == {"olga"}
    assert await dock.quay.count(ModelPersonRow) == 0, "a rule for roles keeps no names"


async def test_a_team_of_ones_own_that_names_one_opens_no_model_of_another(dock: Dock) -> None:
    """Eve is named in her own team's rule about the same model."""
    await dock.access.rule_standard(
        dock.quay.eve, "rack", "steady", wish("people", people=[dock.quay.eve.person.user_id])
    )
    await dock.access.rule_standard(
        dock.quay.olga, "rack", "steady", wish("people", people=[dock.quay.mia.person.user_id])
    )
    assert await dock.admitted(STANDARD) == {"mia"}
    assert await dock.refusal("eve", STANDARD) is None


async def test_a_role_that_nobody_knows_may_nothing(dock: Dock) -> None:
    async with dock.quay.database.write() as tx:
        is_mia = MembershipRow.user_id == dock.quay.mia.person.user_id
        await tx.execute(update(MembershipRow).where(is_mia).values(role="OWNER"))
    for ref in (dock.ref, STANDARD, "scripted:demo"):
        assert await dock.refusal("mia", ref) == "model_not_open"


async def test_another_teams_model_is_as_unknown_as_none(dock: Dock) -> None:
    await dock.access.rule_connection(dock.quay.olga, dock.connection_id, wish("roles", "owner"))
    eve = dock.quay.eve.asker
    for ref in (dock.ref, f"byom:{new_id()}"):
        assert await dock.refusal("eve", ref) == "model_unknown"
    async with dock.quay.database.read() as tx:
        assert (eve, dock.ref) in await withdrawn(tx, {(eve, dock.ref)})
        # Nor does a team of one's own open what another one's asker may use.
        mixed = Asker(dock.quay.olga.person.team_id, dock.quay.eve.person.user_id)
        with pytest.raises(NotAllowed):
            await dock.picker.choose(tx, mixed, dock.ref, dock.quay.unsealed())


async def test_only_owners_and_admins_decide_by_the_role_of_that_moment(dock: Dock) -> None:
    attempts = (
        lambda who: dock.access.of_connection(who, dock.connection_id),
        lambda who: dock.access.rule_connection(who, dock.connection_id, wish("everyone")),
        lambda who: dock.access.rule_model(who, dock.connection_id, dock.model_id, wish("everyone")),
        dock.access.standard,
        lambda who: dock.access.rule_standard(who, "rack", None, wish("nobody")),
    )
    for attempt in attempts:
        with pytest.raises(NotAllowed):
            await attempt(dock.quay.mia)
    async with dock.quay.database.write() as tx:
        is_adam = MembershipRow.user_id == dock.quay.adam.person.user_id
        await tx.execute(update(MembershipRow).where(is_adam).values(role="member"))
    for attempt in attempts[1:3]:
        with pytest.raises(NotAllowed):
            await attempt(dock.quay.adam)
    for attempt in attempts[:3]:
        with pytest.raises(NotFound):
            await attempt(dock.quay.eve)
    assert await dock.acts() == []


@pytest.mark.parametrize(
    ("wanted", "code", "field"),
    [
        (wish("roles"), "audience_empty", "roles"),
        (wish("roles", "guest"), "audience_empty", "roles"),
        (wish("people"), "audience_empty", "people"),
        (wish("people", people=[new_id()]), "person_not_member", "people"),
        (wish("nobody"), "audience_kind", "kind"),
    ],
)
async def test_a_rule_for_nobody_or_strangers_is_refused_and_changes_nothing(
    dock: Dock, wanted: AudienceWish, code: str, field: str
) -> None:
    await dock.access.rule_connection(
        dock.quay.olga, dock.connection_id, wish("people", people=[dock.quay.mia.person.user_id])
    )
    with pytest.raises(Invalid) as refused:
        await dock.access.rule_connection(dock.quay.olga, dock.connection_id, wanted)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert await dock.admitted(dock.ref) == {"mia"}


async def test_another_teams_person_is_as_unknown_as_none(dock: Dock) -> None:
    for stranger in (dock.quay.eve.person.user_id, new_id()):
        with pytest.raises(Invalid) as refused:
            await dock.access.rule_connection(
                dock.quay.olga, dock.connection_id, wish("people", people=[stranger, dock.quay.mia.person.user_id])
            )
        assert refused.value.code == "person_not_member"
    assert await dock.quay.count(ModelPersonRow) == 0


async def test_rules_of_standard_models_name_no_stranger_and_no_strange_model(dock: Dock) -> None:
    for stranger in (new_id(), dock.quay.eve.person.user_id):
        with pytest.raises(Invalid) as refused:
            await dock.access.rule_standard(dock.quay.olga, "rack", None, wish("people", people=[stranger]))
        assert refused.value.code == "person_not_member"
    assert await dock.admitted(STANDARD) == {"olga", "adam", "mia"}
    for provider, model in (("acme", None), ("rack", "gone")):
        with pytest.raises(NotFound):
            await dock.access.rule_standard(dock.quay.olga, provider, model, wish("nobody"))


async def test_every_change_stands_in_the_trail_with_what_was_before(dock: Dock) -> None:
    """P17."""
    mia = dock.quay.mia.person.user_id
    await dock.access.rule_connection(dock.quay.olga, dock.connection_id, wish("roles", "owner", "admin"))
    await dock.access.rule_connection(dock.quay.olga, dock.connection_id, wish("roles", "admin", "owner"))
    await dock.access.rule_model(dock.quay.adam, dock.connection_id, dock.model_id, wish("people", people=[mia]))
    await dock.access.rule_standard(dock.quay.adam, "rack", "steady", wish("nobody"))
    await dock.access.rule_standard(dock.quay.adam, "rack", "steady", wish("people", people=[mia]))
    await dock.access.rule_standard(dock.quay.adam, "rack", "steady", wish("people", people=[mia]))
    assert await dock.acts() == [
        ("connection.audience_changed", "Kanzlei GPU", '{"after":"roles: admin, owner","before":"everyone"}'),
        ("model.audience_changed", "Kanzlei GPU", '{"after":"people: Mia","before":"","model":"steady"}'),
        ("standard.audience_changed", "Our rack: Steady", '{"after":"nobody","before":""}'),
        ("standard.audience_changed", "Our rack: Steady", '{"after":"people: Mia","before":"nobody"}'),
    ]


async def test_a_gated_call_never_counts_the_use_of_a_key(dock: Dock) -> None:
    await dock.access.rule_connection(dock.quay.olga, dock.connection_id, wish("roles", "owner"))
    before = await dock.quay.connections.key_uses(dock.quay.olga, dock.connection_id)
    with pytest.raises(NotAllowed):
        async with dock.quay.database.write() as tx:
            await dock.picker.choose(tx, dock.quay.mia.asker, dock.ref, dock.quay.unsealed())
    assert await dock.quay.connections.key_uses(dock.quay.olga, dock.connection_id) == before


async def test_a_deleted_connection_has_no_rules_to_set(dock: Dock) -> None:
    await dock.quay.connections.delete(dock.quay.olga, dock.connection_id)
    with pytest.raises(NotFound):
        await dock.access.rule_connection(dock.quay.olga, dock.connection_id, wish("everyone"))
    with pytest.raises(Conflict):
        await dock.quay.choose(dock.ref)
    await dock.quay.set_standing("expired")
    with pytest.raises(AccessRefused):
        await dock.quay.choose(dock.ref)
