"""Second factors: asked for after a right password, taken once, few guesses, changed only by whoever can show one."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from moorage.accounts import authenticator_app, operator, pending
from moorage.accounts.factor_loss import remove_second_factors
from moorage.accounts.factor_tables import AppRow, PasskeyRow, RecoveryCodeRow
from moorage.accounts.limits import SignInLimit
from moorage.accounts.people import NewPerson
from moorage.accounts.principal import Principal
from moorage.accounts.sign_ins import note_proof
from moorage.accounts.tables import SignInRow, TeamRow
from moorage.accounts.teams import Team
from moorage.audit.checking import check
from moorage.audit.deployment import OPERATOR
from moorage.audit.reading import read
from moorage.errors import Conflict, Invalid, MoorageError, NotAllowed, NotFound, TooMany
from moorage.storage.types import db_after
from moorage.vault.tokens import NewToken
from tests.accounts.conftest import PASSWORD, Clock, House
from tests.support.second_factors import Safe, code_of, entered, held_up, next_code_of, safe_for


@pytest.fixture
def safe(house: House, clock: Clock) -> Safe:
    """Give the parts that keep and judge second factors, with a clock that tests turn."""
    return safe_for(house.database, limit=SignInLimit(clock))


async def me(house: House, name: str = "olga") -> Principal:
    found = await house.now(name)
    assert found is not None
    return found


async def with_password(house: House, name: str = "olga") -> str:
    return held_up(await house.people.sign_in(f"{name}@example.com", PASSWORD, house.visit()))


async def told(house: House, who: Principal) -> list[tuple[str, str]]:
    async with house.database.read() as tx:
        assert (await check(tx, who.team_id)).intact
        return [(entry.action, entry.outcome) for entry in await read(tx, who.team_id, None, 20)]


async def forget_steps(house: House) -> None:
    """Let the codes of the present minute be new again; the database's clock can't be turned."""
    async with house.database.write() as tx:
        await tx.execute(update(AppRow).values(last_step=0))


async def test_a_right_password_alone_no_longer_lets_in(house: House, safe: Safe) -> None:
    olga = await house.sign_up("olga")
    secret, _ = await safe.add_app(olga)
    step = await with_password(house)
    assert await house.people.find(step) is None
    token = await safe.step.by_code(step, next_code_of(secret), house.visit())
    found = await house.people.find(token.text)
    assert found is not None
    assert (found.user_id, found.sign_in.has_second_factor) == (olga.user_id, True)
    assert token.text != step


async def test_a_wrong_password_is_answered_as_ever(house: House, safe: Safe) -> None:
    await safe.add_app(await house.sign_up("olga"))
    for email in ("olga@example.com", "nobody@example.com"):
        with pytest.raises(Invalid) as refused:
            await house.people.sign_in(email, "wrong password", house.visit())
        assert (refused.value.code, refused.value.field) == ("sign_in_wrong", None)


async def test_the_second_step_ends_the_sign_in_the_browser_had(house: House, safe: Safe) -> None:
    secret, _ = await safe.add_app(await house.sign_up("olga"))
    step = await with_password(house)
    await safe.step.by_code(step, next_code_of(secret), house.visit(house.tokens["olga"]))
    assert await house.now("olga") is None


async def test_a_secret_counts_only_after_its_first_code(house: House, safe: Safe) -> None:
    olga = await house.sign_up("olga")
    new = await safe.own.begin_app(olga, "Moorage")
    with pytest.raises(Invalid, match="code_wrong"):
        await safe.own.confirm_app(olga, "000000" if code_of(new.text) != "000000" else "000001", "Phone", "r")
    assert isinstance(await house.people.sign_in("olga@example.com", PASSWORD, house.visit()), NewToken)
    await safe.own.confirm_app(olga, code_of(new.text), "Phone", "r")
    assert await with_password(house)


async def test_the_code_that_confirmed_an_app_signs_nobody_in(house: House, safe: Safe) -> None:
    olga = await house.sign_up("olga")
    new = await safe.own.begin_app(olga, "Moorage")
    code = code_of(new.text)
    await safe.own.confirm_app(olga, code, "Phone", "r")
    with pytest.raises(Invalid, match="code_wrong"):
        await safe.step.by_code(await with_password(house), code, house.visit())


async def test_of_several_who_send_the_same_code_at_once_one_is_let_in(house: House, safe: Safe) -> None:
    secret, _ = await safe.add_app(await house.sign_up("olga"))
    steps = [await with_password(house) for _ in range(5)]
    code = next_code_of(secret)
    results = await asyncio.gather(
        *(safe.step.by_code(step, code, house.visit()) for step in steps), return_exceptions=True
    )
    assert sum(isinstance(one, NewToken) for one in results) == 1
    assert {one.code for one in results if isinstance(one, MoorageError)} == {"code_wrong"}


async def test_an_older_code_is_refused_after_a_newer_one(house: House, safe: Safe) -> None:
    secret, _ = await safe.add_app(await house.sign_up("olga"))
    await forget_steps(house)
    await safe.step.by_code(await with_password(house), next_code_of(secret), house.visit())
    with pytest.raises(Invalid, match="code_wrong"):
        await safe.step.by_code(await with_password(house), code_of(secret), house.visit())


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "²²²²²²", "\ud800" * 6])
async def test_what_is_no_code_is_a_wrong_code(house: House, safe: Safe, typed: str) -> None:
    await safe.add_app(await house.sign_up("olga"))
    with pytest.raises(Invalid, match="code_wrong"):
        await safe.step.by_code(await with_password(house), typed, house.visit())


async def test_spaces_in_a_code_do_no_harm(house: House, safe: Safe) -> None:
    secret, _ = await safe.add_app(await house.sign_up("olga"))
    code = next_code_of(secret)
    await safe.step.by_code(await with_password(house), f" {code[:3]} {code[3:]} ", house.visit())


async def test_five_wrong_codes_end_a_sign_in_under_way(house: House, safe: Safe) -> None:
    secret, _ = await safe.add_app(await house.sign_up("olga"))
    step = await with_password(house)
    for _ in range(pending.MAX_TRIES):
        with pytest.raises(Invalid, match="code_wrong"):
            await safe.step.by_code(step, "no", house.visit())
    with pytest.raises(NotFound, match="pending_gone"):
        await safe.step.by_code(step, next_code_of(secret), house.visit())


async def test_new_sign_ins_bring_a_guesser_no_new_tries(house: House, safe: Safe, clock: Clock) -> None:
    secret, codes = await safe.add_app(await house.sign_up("olga"))
    for _ in range(2):
        step = await with_password(house)
        for _ in range(5):
            with pytest.raises(Invalid):
                await safe.step.by_code(step, "no", house.visit())
    with pytest.raises(TooMany) as refused:
        await safe.step.by_code(await with_password(house), next_code_of(secret), house.visit())
    assert refused.value.code == "sign_in_limited"
    # Another process knows nothing of these tries; the day's limit is kept in the database.
    clock.now_s = 901
    for _ in range(2):
        step = await with_password(house)
        for _ in range(5):
            with pytest.raises(Invalid):
                await safe.step.by_code(step, "no", house.visit())
    elsewhere = safe_for(house.database)
    with pytest.raises(TooMany) as limited:
        await elsewhere.step.by_code(await with_password(house), next_code_of(secret), house.visit())
    assert limited.value.code == "codes_limited"
    assert 86_000 < int(limited.value.params["retry_after_s"]) <= 86_401
    assert codes is not None
    await elsewhere.step.by_recovery_code(await with_password(house), codes[0], house.visit())


async def test_after_a_day_codes_are_taken_again(house: House, safe: Safe) -> None:
    secret, _ = await safe.add_app(await house.sign_up("olga"))
    async with house.database.write() as tx:
        day = db_after(-authenticator_app.MISSES_COUNT_FOR)
        await tx.execute(update(AppRow).values(missed=authenticator_app.MAX_MISSES, missed_since=day))
    await safe.step.by_code(await with_password(house), next_code_of(secret), house.visit())


async def test_a_recovery_code_lets_in_once_and_tells_how_many_are_left(house: House, safe: Safe) -> None:
    olga = await house.sign_up("olga")
    _, codes = await safe.add_app(olga)
    assert codes is not None
    assert len(codes) == 10
    _, left = await safe.step.by_recovery_code(await with_password(house), codes[3].upper(), house.visit())
    assert left == 9
    with pytest.raises(Invalid, match="recovery_code_wrong"):
        await safe.step.by_recovery_code(await with_password(house), codes[3], house.visit())
    assert (await safe.own.facts(olga)).recovery_codes == 9
    assert ("recovery.used", "done") in await told(house, olga)


async def test_of_several_who_send_the_same_recovery_code_one_is_let_in(house: House, safe: Safe) -> None:
    _, codes = await safe.add_app(await house.sign_up("olga"))
    assert codes is not None
    steps = [await with_password(house) for _ in range(4)]
    results = await asyncio.gather(
        *(safe.step.by_recovery_code(step, codes[0], house.visit()) for step in steps), return_exceptions=True
    )
    assert sum(isinstance(one, tuple) for one in results) == 1
    assert {one.code for one in results if isinstance(one, MoorageError)} == {"recovery_code_wrong"}


async def test_somebody_elses_recovery_code_is_wrong(house: House, safe: Safe) -> None:
    await safe.add_app(await house.sign_up("olga"))
    _, eves = await safe.add_app(await house.sign_up("eve"))
    assert eves is not None
    with pytest.raises(Invalid, match="recovery_code_wrong"):
        await safe.step.by_recovery_code(await with_password(house), eves[0], house.visit())


async def test_new_recovery_codes_end_the_old_ones(house: House, safe: Safe) -> None:
    await house.sign_up("olga")
    _, old = await safe.add_app(await me(house))
    assert old is not None
    new = await safe.own.new_recovery_codes(await me(house), "r")
    assert not set(new) & set(old)
    with pytest.raises(Invalid):
        await safe.step.by_recovery_code(await with_password(house), old[0], house.visit())
    await safe.step.by_recovery_code(await with_password(house), new[0], house.visit())


async def test_recovery_codes_without_a_factor_are_not_made(house: House, safe: Safe) -> None:
    with pytest.raises(Conflict, match="factor_first"):
        await safe.own.new_recovery_codes(await house.sign_up("olga"), "r")


async def test_neither_codes_nor_secrets_are_stored_as_they_are(house: House, safe: Safe) -> None:
    secret, codes = await safe.add_app(await house.sign_up("olga"))
    async with house.database.read() as tx:
        apps = (await tx.execute(select(AppRow))).all()
        kept = (await tx.execute(select(RecoveryCodeRow))).all()
    assert codes is not None
    stored = b"".join(bytes(row.sealed_secret) for row in apps) + repr(kept).encode()
    assert secret.encode() not in stored
    assert not any(code.encode() in stored or code.replace("-", "").encode() in stored for code in codes)


async def test_a_secret_carried_to_another_persons_row_opens_nothing(house: House, safe: Safe) -> None:
    olgas, _ = await safe.add_app(await house.sign_up("olga"))
    await safe.add_app(await house.sign_up("eve"))
    async with house.database.write() as tx:
        rows = (await tx.execute(select(AppRow.id, AppRow.sealed_secret).order_by(AppRow.created_at))).all()
        await tx.execute(update(AppRow).where(AppRow.id == rows[1].id).values(sealed_secret=rows[0].sealed_secret))
    with pytest.raises(MoorageError, match="key_unreadable"):
        await safe.step.by_code(await with_password(house, "eve"), next_code_of(olgas), house.visit())


async def test_the_first_factor_ends_other_sign_ins_by_password_alone(house: House, safe: Safe) -> None:
    await house.sign_up("olga")
    other = entered(await house.people.sign_in("olga@example.com", PASSWORD, house.visit()))
    await safe.add_app(await me(house))
    assert await house.people.find(other.text) is None
    assert (await me(house)).sign_in.has_second_factor


async def test_changing_factors_asks_who_one_is(house: House, safe: Safe) -> None:
    await house.sign_up("olga")
    await safe.add_app(await me(house))
    async with house.database.write() as tx:
        await tx.execute(update(SignInRow).values(proved_at=db_after(-timedelta(minutes=11))))
    olga = await me(house)
    changes = (
        safe.own.begin_app(olga, "Moorage"),
        safe.own.confirm_app(olga, "000000", "Phone", "r"),
        safe.own.rename_app(olga, "Other", "r"),
        safe.own.remove_app(olga, "r"),
        safe.own.new_recovery_codes(olga, "r"),
    )
    for change in changes:
        with pytest.raises(NotAllowed, match="proof_needed"):
            await change


async def test_a_password_is_not_proof_enough_to_change_the_factors_of_somebody_who_has_one(
    house: House, safe: Safe
) -> None:
    await house.sign_up("olga")
    secret, _ = await safe.add_app(await me(house))
    async with house.database.write() as tx:
        await tx.execute(update(SignInRow).values(second_factor_at=None))
        await note_proof(tx, (await me(house)).sign_in.id)
    with pytest.raises(NotAllowed, match="factor_proof_needed"):
        await safe.own.remove_app(await me(house), "r")
    token = await safe.step.prove_by_code(await me(house), next_code_of(secret), house.visit())
    assert await house.now("olga") is None, "the proof is good under a new token only"
    proved = await house.people.find(token.text)
    assert proved is not None
    await safe.own.remove_app(proved, "r")


async def test_a_wrong_code_proves_nothing_and_is_counted(house: House, safe: Safe) -> None:
    olga = await house.sign_up("olga")
    await safe.add_app(olga)
    for _ in range(10):
        with pytest.raises(Invalid, match="code_wrong"):
            await safe.step.prove_by_code(olga, "no", house.visit())
    with pytest.raises(TooMany):
        await safe.step.prove_by_code(olga, "no", house.visit())
    assert (await told(house, olga))[0] == ("person.second_factor_failed", "refused")


async def test_with_the_last_factor_its_recovery_codes_go(house: House, safe: Safe) -> None:
    await house.sign_up("olga")
    await safe.add_app(await me(house))
    await safe.own.remove_app(await me(house), "r")
    facts = await safe.own.facts(await me(house))
    assert (facts.app, facts.recovery_codes) == (None, 0)
    assert isinstance(await house.people.sign_in("olga@example.com", PASSWORD, house.visit()), NewToken)


async def test_a_new_app_takes_the_place_of_the_old_one_when_it_is_confirmed(house: House, safe: Safe) -> None:
    await house.sign_up("olga")
    old, _ = await safe.add_app(await me(house))
    new = await safe.own.begin_app(await me(house), "Moorage")
    await safe.step.by_code(await with_password(house), next_code_of(old), house.visit())
    assert await safe.own.confirm_app(await me(house), code_of(new.text), "New phone", "r") is None
    await forget_steps(house)
    with pytest.raises(Invalid, match="code_wrong"):
        await safe.step.by_code(await with_password(house), next_code_of(old), house.visit())
    await safe.step.by_code(await with_password(house), code_of(new.text), house.visit())


async def test_a_change_of_factors_ends_sign_ins_that_are_under_way(house: House, safe: Safe) -> None:
    await house.sign_up("olga")
    secret, _ = await safe.add_app(await me(house))
    step = await with_password(house)
    await safe.add_app(await me(house))
    with pytest.raises(NotFound, match="pending_gone"):
        await safe.step.by_code(step, next_code_of(secret), house.visit())


async def test_an_invitation_waits_for_the_second_factor(house: House, safe: Safe) -> None:
    eve = await house.sign_up("eve")
    olga = await house.sign_up("olga")
    secret, _ = await safe.add_app(olga)
    async with house.database.write() as tx:
        _, link = await Team(tx, eve, "r").invite("member", "")
    new = NewPerson("", "olga@example.com", PASSWORD, "en")
    step = held_up(await house.people.join_as_new(link.text, new, house.visit()))
    async with house.database.read() as tx:
        assert len((await Team(tx, eve, "r").facts()).members) == 1
    token = await safe.step.by_code(step, next_code_of(secret), house.visit())
    found = await house.people.find(token.text)
    assert found is not None
    assert (found.team_id, found.role) == (eve.team_id, "member")


async def test_what_is_done_to_factors_is_in_the_trail_of_every_team(house: House, safe: Safe) -> None:
    eve, olga = await house.sign_up("eve"), await house.sign_up("olga")
    async with house.database.write() as tx:
        _, link = await Team(tx, eve, "r").invite("member", "")
    joined = await house.people.join(link.text, olga, house.visit())
    now = await house.people.find(joined.text)
    assert now is not None
    await safe.add_app(now)
    house.tokens["olga"] = joined.text
    await safe.own.rename_app(await me(house), "Old phone", "r")
    await safe.own.remove_app(await me(house), "r")
    for team in (eve, olga):
        assert [action for action, _ in await told(house, team)][:3] == [
            "factor.removed",
            "factor.renamed",
            "factor.added",
        ]


async def test_the_operator_removes_what_was_lost_and_ends_every_sign_in(house: House, safe: Safe) -> None:
    olga = await house.sign_up("olga")
    await safe.add_app(olga)
    step = await with_password(house)
    async with house.database.write() as tx:
        assert await remove_second_factors(tx, await operator.find(tx, " OLGA@example.com "), OPERATOR) == 1
    assert await house.now("olga") is None
    with pytest.raises(NotFound):
        await safe.step.by_recovery_code(step, "x", house.visit())
    async with house.database.read() as tx:
        for table in (AppRow, PasskeyRow, RecoveryCodeRow):
            assert await tx.scalar(select(func.count()).select_from(table)) == 0
    assert (await told(house, olga))[0] == ("factor.all_removed", "done")
    async with house.database.read() as tx:
        assert (await read(tx, olga.team_id, None, 1))[0].actor_name == OPERATOR.name
    assert isinstance(await house.people.sign_in("olga@example.com", PASSWORD, house.visit()), NewToken)
    async with house.database.write() as tx:
        with pytest.raises(NotFound, match="person_unknown"):
            await operator.find(tx, "nobody@example.com")


async def test_the_last_factor_stays_while_a_team_asks_for_one(house: House, safe: Safe) -> None:
    await house.sign_up("olga")
    await safe.add_app(await me(house))
    async with house.database.write() as tx:
        await tx.execute(update(TeamRow).values(needs_second_factor=True))
    with pytest.raises(Conflict, match="factor_required"):
        await safe.own.remove_app(await me(house), "r")
    facts = await safe.own.facts(await me(house))
    assert facts.app is not None
    assert facts.recovery_codes == 10
