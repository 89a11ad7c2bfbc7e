"""Roles: somebody always owns the team, admins never touch owners, strangers touch nothing."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select, update

from moorage.accounts.invitations import make, peek
from moorage.accounts.people import NewPerson
from moorage.accounts.permissions import PERMISSIONS, Permission, allows
from moorage.accounts.principal import Principal
from moorage.accounts.tables import InvitationRow, MembershipRow
from moorage.accounts.teams import Team
from moorage.audit.reading import read
from moorage.errors import Conflict, Invalid, MoorageError, NotAllowed, NotFound
from tests.accounts.conftest import PASSWORD, House
from tests.support.second_factors import entered


async def invite(house: House, who: Principal, role: str = "member") -> str:
    async with house.database.write() as tx:
        _, link = await Team(tx, who, "r").invite(role, "")
    return link.text


async def roles(house: House, who: Principal) -> dict[str, str]:
    async with house.database.read() as tx:
        return {one.name: one.role for one in (await Team(tx, who, "r").facts()).members}


async def refusal(doing: Awaitable[object]) -> str:
    with pytest.raises(MoorageError) as refused:
        await doing
    return refused.value.code


def test_a_role_nobody_has_heard_of_may_do_nothing() -> None:
    for role in (None, "", "root", "Owner", "owner "):
        assert not any(allows(role, permission) for permission in Permission)


def test_members_reach_neither_connections_nor_the_trail() -> None:
    assert PERMISSIONS["member"] == {Permission.WRITE, Permission.SEE_TEAM, Permission.SEE_TALLY}
    assert PERMISSIONS["member"] < PERMISSIONS["admin"] < PERMISSIONS["owner"]


async def test_owners_change_roles_and_the_change_ends_old_sign_ins(house: House) -> None:
    olga = await house.sign_up("olga")
    mia = await house.add(olga, "mia", "member")
    await house.change_role(olga, mia.user_id, "admin")
    assert await roles(house, olga) == {"olga": "owner", "mia": "admin"}
    assert await house.now("mia") is None
    token = entered(await house.people.sign_in("mia@example.com", PASSWORD, house.visit()))
    again = await house.people.find(token.text)
    assert again is not None
    assert again.role == "admin"


async def test_members_change_nothing(house: House) -> None:
    olga = await house.sign_up("olga")
    mia, adam = await house.add(olga, "mia", "member"), await house.add(olga, "adam", "admin")
    assert await refusal(house.change_role(mia, mia.user_id, "admin")) == "not_allowed"
    assert await refusal(house.remove(mia, adam.user_id)) == "not_allowed"
    assert await refusal(invite(house, mia)) == "not_allowed"

    async def rename() -> None:
        async with house.database.write() as tx:
            await Team(tx, mia, "r").rename("Mine")

    assert await refusal(rename()) == "not_allowed"
    assert await roles(house, olga) == {"olga": "owner", "mia": "member", "adam": "admin"}


async def test_admins_never_touch_owners(house: House) -> None:
    olga = await house.sign_up("olga")
    adam = await house.add(olga, "adam", "admin")
    mia = await house.add(olga, "mia", "member")
    assert await refusal(house.change_role(adam, olga.user_id, "member")) == "owners_only"
    assert await refusal(house.change_role(adam, adam.user_id, "owner")) == "owners_only"
    assert await refusal(house.change_role(adam, mia.user_id, "owner")) == "owners_only"
    assert await refusal(house.remove(adam, olga.user_id)) == "owners_only"
    assert await refusal(invite(house, adam, "owner")) == "owners_only"
    await house.change_role(adam, mia.user_id, "admin")


async def test_an_admin_who_was_demoted_a_moment_ago_is_refused(house: House) -> None:
    olga = await house.sign_up("olga")
    adam = await house.add(olga, "adam", "admin")
    await house.change_role(olga, adam.user_id, "member")
    assert await refusal(invite(house, adam)) == "not_allowed"


async def test_the_last_owner_neither_leaves_nor_steps_down(house: House) -> None:
    olga = await house.sign_up("olga")
    adam = await house.add(olga, "adam", "admin")
    assert await refusal(house.change_role(olga, olga.user_id, "member")) == "last_owner"
    assert await refusal(house.remove(olga, olga.user_id)) == "last_owner"
    await house.change_role(olga, adam.user_id, "owner")
    await house.remove(olga, olga.user_id)
    assert await house.now("olga") is None


@pytest.mark.parametrize("leaves", [True, False])
async def test_of_two_owners_who_go_at_once_one_stays(house: House, leaves: bool) -> None:
    olga = await house.sign_up("olga")
    adam = await house.add(olga, "adam", "owner")

    def go(who: Principal) -> Awaitable[None]:
        return house.remove(who, who.user_id) if leaves else house.change_role(who, who.user_id, "member")

    results = await asyncio.gather(go(olga), go(adam), return_exceptions=True)
    assert [type(one) for one in results if one is not None] == [Conflict]
    async with house.database.read() as tx:
        owners = (await tx.scalars(select(MembershipRow.user_id).where(MembershipRow.role == "owner"))).all()
    assert len(owners) == 1


async def test_a_removed_member_is_out_at_once_and_so_are_their_invitations(house: House) -> None:
    olga = await house.sign_up("olga")
    adam = await house.add(olga, "adam", "admin")
    link = await invite(house, adam)
    await house.remove(olga, adam.user_id)
    assert await house.now("adam") is None
    new = NewPerson("mia", "mia@example.com", PASSWORD, "en")
    assert await refusal(house.people.join_as_new(link, new, house.visit())) == "invitation_gone"
    signing_in = house.people.sign_in("adam@example.com", PASSWORD, house.visit())
    assert await refusal(signing_in) == "no_team"


async def test_an_owner_who_was_demoted_has_left_no_link_that_makes_owners(house: House) -> None:
    olga = await house.sign_up("olga")
    other = await house.add(olga, "other", "owner")
    link = await invite(house, other, "owner")
    await house.change_role(olga, other.user_id, "admin")
    with pytest.raises(NotFound) as gone:
        entered(
            await house.people.join_as_new(link, NewPerson("again", "again@example.com", PASSWORD, "en"), house.visit())
        )
    assert gone.value.code == "invitation_gone"


async def test_eve_finds_nobody_of_our_team(house: House) -> None:
    olga, eve = await house.sign_up("olga"), await house.sign_up("eve")
    mia = await house.add(olga, "mia", "member")
    assert await refusal(house.change_role(eve, mia.user_id, "member")) == "member_gone"
    assert await refusal(house.remove(eve, mia.user_id)) == "member_gone"
    link = await invite(house, olga)

    async def revoke() -> None:
        async with house.database.write() as tx:
            offer = await peek(tx, link)
            await Team(tx, eve, "r").revoke_invitation(offer.id)

    assert await refusal(revoke()) == "invitation_gone"
    assert set(await roles(house, eve)) == {"eve"}


async def test_open_invitations_are_for_those_who_may_invite(house: House) -> None:
    olga = await house.sign_up("olga")
    mia = await house.add(olga, "mia", "member")
    await invite(house, olga)
    async with house.database.read() as tx:
        assert len((await Team(tx, olga, "r").facts()).invitations) == 1
        assert (await Team(tx, mia, "r").facts()).invitations == []


async def test_a_link_works_once(house: House) -> None:
    olga = await house.sign_up("olga")
    link = await invite(house, olga)

    def join(name: str) -> Awaitable[object]:
        return house.people.join_as_new(link, NewPerson(name, f"{name}@example.com", PASSWORD, "en"), house.visit())

    results = await asyncio.gather(join("mia"), join("adam"), join("eve"), return_exceptions=True)
    assert sorted(one.code for one in results if isinstance(one, MoorageError)) == ["invitation_gone"] * 2
    assert len(await roles(house, olga)) == 2


async def used(house: House, link: str, olga: Principal) -> None:
    await house.people.join_as_new(link, NewPerson("mia", "mia@example.com", PASSWORD, "en"), house.visit())


async def revoked(house: House, link: str, olga: Principal) -> None:
    async with house.database.write() as tx:
        await Team(tx, olga, "r").revoke_invitation((await peek(tx, link)).id)


async def outdated(house: House, link: str, olga: Principal) -> None:
    async with house.database.write() as tx:
        await tx.execute(update(InvitationRow).values(expires_at=InvitationRow.created_at))


@pytest.mark.parametrize("what", [used, revoked, outdated])
async def test_a_dead_link_tells_nothing(
    house: House, what: Callable[[House, str, Principal], Awaitable[None]]
) -> None:
    olga = await house.sign_up("olga")
    link = await invite(house, olga)
    await what(house, link, olga)
    async with house.database.read() as tx:
        with pytest.raises(NotFound):
            await peek(tx, link)


async def test_an_account_that_exists_joins_with_its_own_password(house: House) -> None:
    olga, eve = await house.sign_up("olga"), await house.sign_up("eve")
    link = await invite(house, olga)
    with pytest.raises(Invalid) as refused:
        entered(
            await house.people.join_as_new(
                link, NewPerson("", "eve@example.com", "wrong password", "en"), house.visit()
            )
        )
    assert refused.value.code == "sign_in_wrong"
    token = entered(
        await house.people.join_as_new(link, NewPerson("", "eve@example.com", PASSWORD, "en"), house.visit())
    )
    now = await house.people.find(token.text)
    assert now is not None
    assert (now.user_id, now.team_id, now.role) == (eve.user_id, olga.team_id, "member")


async def test_nobody_joins_twice(house: House) -> None:
    olga = await house.sign_up("olga")
    link = await invite(house, olga)
    assert await refusal(house.people.join(link, olga, house.visit(house.tokens["olga"]))) == "already_member"
    assert await house.now("olga") is not None


async def test_what_happens_to_a_team_is_in_its_trail(house: House) -> None:
    olga = await house.sign_up("olga")
    mia = await house.add(olga, "mia", "member")
    await house.change_role(olga, mia.user_id, "admin")
    await house.remove(olga, mia.user_id)
    async with house.database.write() as tx:
        await Team(tx, olga, "r").rename("Werft Nord")
        invitation_id, _ = await make(tx, olga.team_id, olga.user_id, "member", "")
        await Team(tx, olga, "r").revoke_invitation(invitation_id)
    async with house.database.read() as tx:
        actions = [entry.action for entry in await read(tx, olga.team_id, None, 20)]
    assert actions[:7] == [
        "invitation.revoked",
        "team.renamed",
        "member.removed",
        "member.role_changed",
        "person.signed_in",
        "member.joined",
        "member.invited",
    ]


async def test_a_refused_change_leaves_no_trace(house: House) -> None:
    olga = await house.sign_up("olga")
    with pytest.raises(NotAllowed):
        await house.change_role(await house.add(olga, "mia", "member"), olga.user_id, "member")
    async with house.database.read() as tx:
        assert "member.role_changed" not in {entry.action for entry in await read(tx, olga.team_id, None, 20)}
