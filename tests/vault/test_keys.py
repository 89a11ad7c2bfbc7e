"""P12: every team has data keys of its own, made once, counted before they are used, and kept for a bounded time."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import event, select, update

from moorage.errors import Unavailable
from moorage.storage.database import Database
from moorage.storage.types import DEPLOYMENT, new_id
from moorage.vault.keyring import KeyRing
from moorage.vault.keys import Limits, Vault
from moorage.vault.seal import Place, data_key_of
from moorage.vault.secret import Secret
from moorage.vault.sources import LocalSource, Sources, Wrapped
from moorage.vault.tables import TeamKeyRow
from tests.support.vaults import ring_in, ring_of, seal_as_before

HERE = Place("connection", "row-1", "key", "openai_compatible https://models.example")
SECRET = Secret("sk-secret")


@dataclass
class Counting(LocalSource):
    """A ring that counts what it is asked, and may be away."""

    unwraps: int = 0
    is_away: bool = False
    ring: KeyRing = field(default_factory=lambda: KeyRing({"a": b"a" * 32}, "a"))

    def __post_init__(self) -> None:
        super().__init__(self.ring)

    async def unwrap(self, wrapped: Wrapped, bound: bytes) -> bytes:
        if self.is_away:
            raise Unavailable("key_store_unreachable", reason="connect_refused")
        self.unwraps += 1
        return await super().unwrap(wrapped, bound)


async def rows(database: Database) -> list[tuple[UUID, int, int]]:
    async with database.read() as tx:
        found = await tx.execute(
            select(TeamKeyRow.owner_id, TeamKeyRow.number, TeamKeyRow.uses).order_by(
                TeamKeyRow.owner_id, TeamKeyRow.number
            )
        )
        return [(row[0], row[1], row[2]) for row in found]


async def test_what_one_process_seals_another_opens_and_another_team_does_not(database: Database) -> None:
    olgas, eves = new_id(), new_id()
    sealed = (await Vault(database, ring_of("a")).of(olgas)).seal(SECRET, HERE)
    other = Vault(database, ring_of("a"))
    assert (await other.of(olgas, sealed)).open(sealed, HERE).reveal() == "sk-secret"
    for owner in (eves, DEPLOYMENT):
        with pytest.raises(Unavailable) as refused:
            (await other.of(owner, sealed)).open(sealed, HERE)
        assert refused.value.code == "key_unreadable"


async def test_a_data_key_moved_to_another_team_in_the_database_does_not_unwrap(database: Database) -> None:
    olgas, eves = new_id(), new_id()
    await Vault(database, ring_of("a")).of(olgas)
    async with database.write() as tx:
        await tx.execute(update(TeamKeyRow).values(owner_id=eves))
    with pytest.raises(Unavailable) as refused:
        await Vault(database, ring_of("a")).of(eves)
    assert refused.value.code == "keys_unavailable"


async def test_two_processes_at_once_make_one_first_key(database: Database, database_url: str) -> None:
    team = new_id()
    others = [Database(database_url) for _ in range(3)]
    try:
        vaults = [Vault(one, ring_of("a")) for one in (database, *others) for _ in range(2)]
        keys = await asyncio.gather(*(vault.of(team) for vault in vaults))
    finally:
        for one in others:
            await one.close()
    assert len({one.current_id for one in keys}) == 1
    assert [(owner, number) for owner, number, _ in await rows(database)] == [(team, 1)]


async def test_a_key_that_sealed_its_share_is_followed_by_the_next_by_itself(database: Database) -> None:
    team, limits = new_id(), Limits(seals_per_key=20, block=8, low_water=2)
    vault = Vault(database, ring_of("a"), limits)
    sealed = [(await vault.of(team)).seal(SECRET, HERE) for _ in range(50)]
    by_number = {number: uses for _, number, uses in await rows(database)}
    assert len(by_number) >= 3
    assert all(uses <= 20 for uses in by_number.values())
    used: dict[UUID | None, int] = {}
    for one in sealed:
        used[data_key_of(one)] = used.get(data_key_of(one), 0) + 1
    assert max(used.values()) <= 20
    keys = await Vault(database, ring_of("a"), limits).of(team)
    assert {keys.open(one, HERE).reveal() for one in sealed} == {"sk-secret"}


async def test_seals_beyond_what_was_counted_are_counted_the_next_time(database: Database) -> None:
    team, limits = new_id(), Limits(seals_per_key=1000, block=8, low_water=2)
    vault = Vault(database, ring_of("a"), limits)
    keys = await vault.of(team)
    for _ in range(100):
        keys.seal(SECRET, HERE)
    await vault.of(team)
    [(_, _, uses)] = await rows(database)
    assert 100 <= uses <= 116


async def test_a_fingerprint_stays_when_the_next_key_begins(database: Database) -> None:
    team, limits = new_id(), Limits(seals_per_key=8, block=8, low_water=2)
    vault = Vault(database, ring_of("a"), limits)
    before = (await vault.of(team)).fingerprint("https://x", SECRET)
    for _ in range(10):
        (await vault.of(team)).seal(SECRET, HERE)
    assert len(await rows(database)) > 1
    assert (await vault.of(team)).fingerprint("https://x", SECRET) == before
    assert (await vault.of(new_id())).fingerprint("https://x", SECRET) != before


async def test_an_envelope_of_a_data_key_that_another_process_began_is_opened_at_once(database: Database) -> None:
    team, limits = new_id(), Limits(seals_per_key=8, block=8, low_water=2)
    here, there = Vault(database, ring_of("a"), limits), Vault(database, ring_of("a"), limits)
    await here.of(team)
    sealed = [(await there.of(team)).seal(SECRET, HERE) for _ in range(20)][-1]
    assert (await here.of(team, sealed)).open(sealed, HERE).reveal() == "sk-secret"


async def test_keys_in_the_process_cost_no_query_and_no_unwrapping(database: Database) -> None:
    """The way of a reply."""
    source, now = Counting(), [0.0]
    vault = Vault(database, Sources(source), Limits(kept_s=100), clock=lambda: now[0])
    team = new_id()
    await vault.of(team)
    asked, begun = source.unwraps, []
    event.listen(database.engine.sync_engine, "begin", lambda _connection: begun.append(1))
    for now[0] in (0, 20, 49):
        await vault.of(team)
    assert (source.unwraps, begun) == (asked, [])
    now[0] = 51
    await vault.of(team)
    assert (source.unwraps, len(begun)) == (asked + 1, 1)


async def test_a_short_outage_of_the_key_store_is_outlasted_and_a_long_one_is_not(database: Database) -> None:
    source, now = Counting(), [0.0]
    vault = Vault(database, Sources(source), Limits(kept_s=100), clock=lambda: now[0])
    team = new_id()
    await vault.of(team)
    source.is_away = True
    for now[0] in (49, 51, 60, 99):
        await vault.of(team)
    now[0] = 100
    with pytest.raises(Unavailable) as refused:
        await vault.of(team)
    assert refused.value.code == "keys_unavailable"
    source.is_away = False
    await vault.of(team)


async def test_unwrapped_keys_are_dropped_when_too_many_teams_were_served(database: Database) -> None:
    source = Counting()
    vault = Vault(database, Sources(source), Limits(max_kept=2))
    teams = [new_id() for _ in range(3)]
    for team in teams:
        await vault.of(team)
    asked = source.unwraps
    await vault.of(teams[2])
    assert source.unwraps == asked
    await vault.of(teams[0])
    assert source.unwraps == asked + 1


async def test_keys_are_not_fetched_inside_a_transaction(database: Database) -> None:
    """On SQLite it would wait for itself."""
    vault = Vault(database, ring_of("a"))
    for transaction in (database.read, database.write):
        async with transaction():
            with pytest.raises(RuntimeError):
                await vault.of(DEPLOYMENT)
    await vault.of(DEPLOYMENT)


@pytest.mark.parametrize("owner", [DEPLOYMENT, UUID(int=7)])
async def test_what_was_sealed_under_the_ring_itself_still_opens_in_its_place_only(
    database: Database, owner: UUID
) -> None:
    ring = KeyRing({"old": b"o" * 32}, "old")
    team = "" if owner == DEPLOYMENT else str(owner)
    sealed = seal_as_before(ring, "sk-old", team=team, table="t", row_id="r", column="c", origin="o")
    keys = await Vault(database, Sources(LocalSource(ring))).of(owner, sealed)
    assert keys.open(sealed, Place("t", "r", "c", "o")).reveal() == "sk-old"
    for place in (Place("t", "r", "c", ""), Place("t", "x", "c", "o")):
        with pytest.raises(Unavailable):
            keys.open(sealed, place)
    with pytest.raises(Unavailable):
        (await Vault(database, Sources(LocalSource(ring))).of(new_id(), sealed)).open(sealed, Place("t", "r", "c", "o"))
    for position in range(len(sealed)):
        damaged = bytearray(sealed)
        damaged[position] ^= 1
        with pytest.raises(Unavailable):
            keys.open(bytes(damaged), Place("t", "r", "c", "o"))


async def test_a_running_process_wraps_under_a_key_that_came_to_the_rings_file_meanwhile(
    database: Database, tmp_path: Path
) -> None:
    KeyRing.create(tmp_path / "keys")
    vault = Vault(database, ring_in(tmp_path / "keys"))
    await vault.of(DEPLOYMENT)
    new_ring_id = KeyRing.add(tmp_path / "keys").current_id
    team = new_id()
    await vault.of(team)
    async with database.read() as tx:
        wrapped_under = await tx.scalar(select(TeamKeyRow.key_id).where(TeamKeyRow.owner_id == team))
    assert wrapped_under == new_ring_id
