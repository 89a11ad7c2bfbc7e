"""Passkeys are judged by the real library: one origin, one question, one person, one use, a verified user. P12."""

import asyncio
import hashlib
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from moorage.accounts.factor_tables import PasskeyRow
from moorage.accounts.passkeys import MAX_PER_PERSON, Refused
from moorage.accounts.principal import Principal
from moorage.accounts.relying_party import read_relying_party
from moorage.accounts.sign_ins import note_proof
from moorage.accounts.tables import PendingRow, SignInRow
from moorage.audit.reading import read
from moorage.errors import Conflict, NotAllowed, NotFound, TooMany
from moorage.storage.types import db_after, new_id
from moorage.vault.tokens import NewToken
from tests.accounts.conftest import PASSWORD, House
from tests.support.authenticator import BACKED_UP, CAN_SYNC, PRESENT, USUAL, VERIFIED, Authenticator
from tests.support.second_factors import PARTY, Safe, held_up, safe_for


@pytest.fixture
def safe(house: House) -> Safe:
    """Give the parts that keep and judge second factors."""
    return safe_for(house.database)


async def me(house: House, name: str = "olga") -> Principal:
    found = await house.now(name)
    assert found is not None
    return found


async def equipped(house: House, safe: Safe, name: str = "olga", **facts: Any) -> Authenticator:
    """Sign somebody up and give them a passkey."""
    await house.sign_up(name)
    authenticator = Authenticator(PARTY.origin, **facts)
    await safe.add_passkey(await me(house, name), authenticator)
    return authenticator


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
async def test_a_passkey_alone_signs_in_as_two_factors(house: House, safe: Safe, algorithm: str) -> None:
    authenticator = await equipped(house, safe, algorithm=algorithm)
    token = await safe.enter_by_passkey(authenticator, house.visit(house.tokens["olga"]))
    found = await house.people.find(token.text)
    assert found is not None
    assert (found.name, found.sign_in.method, found.sign_in.has_second_factor) == ("olga", "passkey", True)
    assert await house.now("olga") is None


async def test_the_first_passkey_brings_recovery_codes(house: House, safe: Safe) -> None:
    await house.sign_up("olga")
    codes = await safe.add_passkey(await me(house), Authenticator(PARTY.origin))
    assert codes is not None
    assert len(codes) == 10
    assert await safe.add_passkey(await me(house), Authenticator(PARTY.origin)) is None


async def test_a_passkey_is_asked_for_after_a_password_too(house: House, safe: Safe) -> None:
    authenticator = await equipped(house, safe)
    step = held_up(await house.people.sign_in("olga@example.com", PASSWORD, house.visit()))
    token = await safe.enter_by_passkey(authenticator, house.visit(), step)
    found = await house.people.find(token.text)
    assert found is not None
    assert (found.sign_in.method, found.sign_in.has_second_factor) == ("password", True)
    with pytest.raises(NotFound):
        await safe.enter_by_passkey(authenticator, house.visit(), step)


LIES: dict[str, dict[str, Any]] = {
    "another origin": {"origin": "https://moorage.example.evil.test"},
    "the origin over http": {"origin": "http://moorage.example"},
    "another port": {"origin": "https://moorage.example:8443"},
    "another relying party": {"rp_id": "evil.test"},
    "another challenge": {"challenge": "AAAA"},
    "the other act": {"type": "webauthn.create"},
    "nobody present": {"flags": VERIFIED},
    "nobody verified": {"flags": PRESENT},
    "no flags": {"flags": 0},
    "backed up but not able to be": {"flags": USUAL | BACKED_UP},
    "in a frame of another site": {"cross_origin": True},
    "another signature": {"signature": bytes(70)},
    "no owner named": {"user_handle": None},
    "another owner named": {"user_handle": bytes(16)},
    "an unknown passkey": {"credential_id": bytes(32)},
    "a passkey without an id": {"credential_id": b""},
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_doubtful_answer_is_refused_by_one_sentence(house: House, safe: Safe, lie: str) -> None:
    authenticator = await equipped(house, safe)
    if lie == "a passkey without an id":
        authenticator.credential_id = b""
    with pytest.raises(Refused) as refused:
        await safe.enter_by_passkey(authenticator, house.visit(), **LIES[lie])
    assert (refused.value.code, dict(refused.value.params), refused.value.field) == ("passkey_refused", {}, None)


@pytest.mark.parametrize(
    "change",
    [
        {"response": None},
        {"response": {}},
        {"response": []},
        {"rawId": 7},
        {"id": "AAAA"},
        {"type": "password"},
        {"rawId": "ä" * 40},
        {"rawId": "A" * 20_000},
    ],
)
async def test_a_malformed_answer_is_refused_by_the_same_sentence(
    house: House, safe: Safe, change: dict[str, Any]
) -> None:
    authenticator = await equipped(house, safe)
    asked = await safe.step.ask_for_passkey(PARTY, None, house.visit())
    answer = authenticator.use(asked.options) | change
    with pytest.raises(Refused):
        await safe.step.by_passkey(PARTY, None, asked.token.text, answer, house.visit())


@pytest.mark.parametrize("name", ["clientDataJSON", "authenticatorData", "signature"])
@pytest.mark.parametrize("raw", ["", "AA", "!!!!", "////", "oWNmbXQ", None, 5])
async def test_hostile_bytes_are_refused_by_the_same_sentence(house: House, safe: Safe, name: str, raw: Any) -> None:
    authenticator = await equipped(house, safe)
    asked = await safe.step.ask_for_passkey(PARTY, None, house.visit())
    answer = authenticator.use(asked.options)
    answer["response"][name] = raw
    with pytest.raises(Refused):
        await safe.step.by_passkey(PARTY, None, asked.token.text, answer, house.visit())


async def test_an_answer_is_good_once(house: House, safe: Safe) -> None:
    authenticator = await equipped(house, safe, counts=False)
    asked = await safe.step.ask_for_passkey(PARTY, None, house.visit())
    answer = authenticator.use(asked.options)
    results = await asyncio.gather(
        *(safe.step.by_passkey(PARTY, None, asked.token.text, answer, house.visit()) for _ in range(4)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, NewToken) for one in results) == 1
    assert sum(isinstance(one, Refused) for one in results) == 3


async def test_a_question_is_used_up_by_a_wrong_answer(house: House, safe: Safe) -> None:
    authenticator = await equipped(house, safe)
    asked = await safe.step.ask_for_passkey(PARTY, None, house.visit())
    for lies in ({"signature": bytes(70)}, {}):
        answer = authenticator.use(asked.options, **lies)
        with pytest.raises(Refused):
            await safe.step.by_passkey(PARTY, None, asked.token.text, answer, house.visit())


async def test_an_answer_that_comes_too_late_is_refused(house: House, safe: Safe) -> None:
    authenticator = await equipped(house, safe)
    asked = await safe.step.ask_for_passkey(PARTY, None, house.visit())
    async with house.database.write() as tx:
        await tx.execute(update(PendingRow).values(expires_at=db_after(-timedelta(seconds=1))))
    with pytest.raises(Refused):
        await safe.step.by_passkey(PARTY, None, asked.token.text, authenticator.use(asked.options), house.visit())


async def test_a_question_of_one_purpose_answers_no_other(house: House, safe: Safe) -> None:
    authenticator = await equipped(house, safe)
    olga = await me(house)
    for asked in (
        await safe.step.ask_for_proof(PARTY, olga, house.visit()),
        await safe.own.begin_passkey(olga, PARTY),
    ):
        challenge = {"challenge": asked.options["challenge"], "rpId": PARTY.id}
        with pytest.raises(Refused):
            await safe.step.by_passkey(PARTY, None, asked.token.text, authenticator.use(challenge), house.visit())
    step = held_up(await house.people.sign_in("olga@example.com", PASSWORD, house.visit()))
    for_step = await safe.step.ask_for_passkey(PARTY, step, house.visit())
    with pytest.raises(Refused):
        await safe.step.prove_by_passkey(
            PARTY, olga, for_step.token.text, authenticator.use(for_step.options), house.visit()
        )
    for_all = await safe.step.ask_for_passkey(PARTY, None, house.visit())
    with pytest.raises(Refused):
        await safe.step.prove_by_passkey(
            PARTY, olga, for_all.token.text, authenticator.use(for_all.options), house.visit()
        )


async def test_another_persons_passkey_finishes_nobodys_sign_in(house: House, safe: Safe) -> None:
    await equipped(house, safe)
    eves = await equipped(house, safe, "eve")
    step = held_up(await house.people.sign_in("olga@example.com", PASSWORD, house.visit()))
    for lies in ({}, {"user_handle": None}, {"user_handle": (await me(house)).user_id.bytes}):
        with pytest.raises(Refused):
            await safe.enter_by_passkey(eves, house.visit(), step, **lies)
    assert await house.people.find(step) is None
    async with house.database.read() as tx:
        found = await read(tx, (await me(house)).team_id, None, 1)
    assert (found[0].action, found[0].outcome, found[0].actor_id) == ("person.second_factor_failed", "refused", None)


async def test_a_count_that_does_not_go_up_is_refused_as_a_copy_and_told(house: House, safe: Safe) -> None:
    authenticator = await equipped(house, safe)
    for _ in range(3):
        await safe.enter_by_passkey(authenticator, house.visit())
    authenticator.sign_count = 1
    with pytest.raises(Refused):
        await safe.enter_by_passkey(authenticator, house.visit())
    facts = (await safe.own.facts(await me(house))).passkeys
    assert facts[0].suspected_at is not None
    async with house.database.read() as tx:
        assert (await read(tx, (await me(house)).team_id, None, 1))[0].action == "passkey.copy_suspected"


async def test_a_false_signature_with_an_old_count_raises_no_suspicion(house: House, safe: Safe) -> None:
    authenticator = await equipped(house, safe)
    for _ in range(3):
        await safe.enter_by_passkey(authenticator, house.visit())
    authenticator.sign_count = 0
    with pytest.raises(Refused):
        await safe.enter_by_passkey(authenticator, house.visit(), signature=bytes(70))
    assert (await safe.own.facts(await me(house))).passkeys[0].suspected_at is None


async def test_an_authenticator_that_never_counts_is_welcome_again_and_again(house: House, safe: Safe) -> None:
    authenticator = await equipped(house, safe, counts=False)
    for _ in range(3):
        await safe.enter_by_passkey(authenticator, house.visit())


async def test_whether_a_passkey_is_backed_up_is_told_as_it_was_last(house: House, safe: Safe) -> None:
    authenticator = await equipped(house, safe, flags=USUAL | CAN_SYNC)
    facts = (await safe.own.facts(await me(house))).passkeys[0]
    assert (facts.can_sync, facts.is_backed_up, facts.used_at) == (True, False, None)
    authenticator.flags = USUAL | CAN_SYNC | BACKED_UP
    await safe.enter_by_passkey(authenticator, house.visit())
    facts = (await safe.own.facts(await me(house))).passkeys[0]
    assert facts.is_backed_up
    assert facts.used_at is not None


@pytest.mark.parametrize(
    "lies",
    [
        {"origin": "https://evil.test"},
        {"rp_id": "evil.test"},
        {"challenge": "AAAA"},
        {"type": "webauthn.get"},
        {"flags": PRESENT},
        {"flags": VERIFIED},
        {"cross_origin": True},
        {"fmt": "tpm"},
        {"fmt": "made-up"},
        {"fmt": "fido-u2f"},
        {"statement": {"sig": b"x"}},
    ],
)
async def test_a_doubtful_new_passkey_is_not_kept(house: House, safe: Safe, lies: dict[str, Any]) -> None:
    await house.sign_up("olga")
    with pytest.raises(Refused) as refused:
        await safe.add_passkey(await me(house), Authenticator(PARTY.origin), **lies)
    assert refused.value.code == "passkey_refused"
    assert (await safe.own.facts(await me(house))).passkeys == []


async def test_a_passkey_is_asked_for_with_a_verified_user_and_without_attestation(house: House, safe: Safe) -> None:
    authenticator = await equipped(house, safe)
    olga = await me(house)
    options = (await safe.own.begin_passkey(olga, PARTY)).options
    assert options["rp"] == {"name": "Moorage", "id": "moorage.example"}
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert [one["id"] for one in options["excludeCredentials"]] == [
        authenticator.use({"challenge": "AAAA", "rpId": PARTY.id})["id"]
    ]
    assert sorted(one["alg"] for one in options["pubKeyCredParams"]) == [-257, -8, -7]
    asked = (await safe.step.ask_for_passkey(PARTY, None, house.visit())).options
    assert (asked["userVerification"], asked["allowCredentials"], asked["rpId"]) == ("required", [], PARTY.id)


async def test_a_passkey_that_is_known_is_not_kept_for_somebody_else(house: House, safe: Safe) -> None:
    olgas = await equipped(house, safe)
    await house.sign_up("eve")
    copied = Authenticator(PARTY.origin, credential_id=olgas.credential_id)
    with pytest.raises(Refused):
        await safe.add_passkey(await me(house, "eve"), copied)
    await safe.enter_by_passkey(olgas, house.visit())


async def test_the_question_for_a_new_passkey_is_for_one_person(house: House, safe: Safe) -> None:
    olga, eve = await house.sign_up("olga"), await house.sign_up("eve")
    asked = await safe.own.begin_passkey(olga, PARTY)
    answer = Authenticator(PARTY.origin).make(asked.options)
    with pytest.raises(Refused):
        await safe.own.add_passkey(eve, PARTY, asked.token.text, answer, "Laptop", "r")


async def test_nobody_renames_or_removes_a_passkey_of_others(house: House, safe: Safe) -> None:
    await equipped(house, safe)
    await equipped(house, safe, "eve")
    olgas = (await safe.own.facts(await me(house))).passkeys[0].id
    for passkey_id in (olgas, new_id()):
        with pytest.raises(NotFound, match="passkey_gone"):
            await safe.own.rename_passkey(await me(house, "eve"), passkey_id, "Mine", "r")
        with pytest.raises(NotFound, match="passkey_gone"):
            await safe.own.remove_passkey(await me(house, "eve"), passkey_id, "r")
    await safe.own.rename_passkey(await me(house), olgas, "Old laptop", "r")
    assert (await safe.own.facts(await me(house))).passkeys[0].name == "Old laptop"


async def test_a_removed_passkey_opens_nothing(house: House, safe: Safe) -> None:
    authenticator = await equipped(house, safe)
    asked = await safe.step.ask_for_passkey(PARTY, None, house.visit())
    await safe.own.remove_passkey(await me(house), (await safe.own.facts(await me(house))).passkeys[0].id, "r")
    with pytest.raises(Refused):
        await safe.step.by_passkey(PARTY, None, asked.token.text, authenticator.use(asked.options), house.visit())


async def test_a_passkey_proves_who_one_is(house: House, safe: Safe) -> None:
    authenticator = await equipped(house, safe)
    async with house.database.write() as tx:
        await tx.execute(update(SignInRow).values(second_factor_at=None))
        await note_proof(tx, (await me(house)).sign_in.id)
    olga = await me(house)
    with pytest.raises(NotAllowed, match="factor_proof_needed"):
        await safe.own.begin_passkey(olga, PARTY)
    asked = await safe.step.ask_for_proof(PARTY, olga, house.visit())
    token = await safe.step.prove_by_passkey(
        PARTY, olga, asked.token.text, authenticator.use(asked.options), house.visit()
    )
    proved = await house.people.find(token.text)
    assert proved is not None
    assert proved.sign_in.has_second_factor


async def test_twenty_passkeys_are_as_many_as_are_kept(house: House, safe: Safe) -> None:
    await equipped(house, safe)
    async with house.database.write() as tx:
        row = (await tx.execute(select(PasskeyRow))).one()
        for number in range(MAX_PER_PERSON - 1):
            copy = {**row._mapping, "id": new_id(), "credential_id": hashlib.sha256(bytes([number])).digest()}
            await tx.execute(insert(PasskeyRow).values(copy))
    with pytest.raises(Conflict, match="too_many_passkeys"):
        await safe.own.begin_passkey(await me(house), PARTY)


async def test_questions_are_not_asked_without_end(house: House, safe: Safe) -> None:
    for _ in range(300):
        await safe.step.ask_for_passkey(PARTY, None, house.visit())
    with pytest.raises(TooMany, match="sign_in_limited"):
        await safe.step.ask_for_passkey(PARTY, None, house.visit())
    await safe.step.ask_for_passkey(PARTY, None, house.visit(client="198.51.100.7"))


@pytest.mark.parametrize(
    ("public_url", "host", "party"),
    [
        ("https://hub.example", "evil.test", ("hub.example", "https://hub.example")),
        ("https://hub.example:8443/", "x", ("hub.example", "https://hub.example:8443")),
        ("https://HUB.example:443", "x", ("hub.example", "https://hub.example")),
        ("http://localhost:8080", "x", ("localhost", "http://localhost:8080")),
        ("", "localhost:8080", ("localhost", "http://localhost:8080")),
        ("", "localhost", ("localhost", "http://localhost")),
        ("http://hub.example", "hub.example", None),
        ("https://192.0.2.1", "x", None),
        ("https://[2001:db8::1]", "x", None),
        ("", "hub.example", None),
        ("", "localhost.evil.test", None),
        ("", "127.0.0.1:8080", None),
        ("", "localhost:99999999", None),
        ("", "", None),
        ("", "[", None),
    ],
)
def test_passkeys_are_for_the_public_address_or_localhost(
    public_url: str, host: str, party: tuple[str, str] | None
) -> None:
    found = read_relying_party(public_url, host)
    assert (None if found is None else (found.id, found.origin)) == party
