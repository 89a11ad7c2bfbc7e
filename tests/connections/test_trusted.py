"""P11, P12: certificates of a connection's own are sealed with the key, tested like the address, and told by name."""

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from sqlalchemy import update

from moorage.audit.tables import AuditRow
from moorage.connections.chosen import OwnOpening
from moorage.connections.findings import StageEvent
from moorage.connections.places import Entered
from moorage.connections.tables import ConnectionRow, ConnectionTestRow
from moorage.connections.testing import TESTS_PER_MINUTE, Finished
from moorage.connections.trusting import read_client_pem, read_trust, tell_trust
from moorage.egress.trust import Trust
from moorage.errors import AddressRefused, Invalid, TooMany, Unavailable
from moorage.vault.certificates import public_key_pin, shown_name
from tests.connections.quay import Quay, finish

OTHER_PIN = "A" * 43 + "="


async def pin_of(quay: Quay) -> str:
    """Read the server's pin where a person would: in the test of a typed address."""
    events = [event async for event in await quay.connections.test_draft(quay.olga, quay.entered(), None)]
    tls = next(
        event for event in events if isinstance(event, StageEvent) and event.code is None and event.facts.get("issuer")
    )
    return str(tls.facts["key_sha256"])


async def connect(quay: Quay, trust: Trust) -> UUID:
    entered = replace(quay.entered(), trust=trust)
    finished = await finish(quay.connections.test_draft(quay.olga, entered, None))
    assert finished.findings.passed
    draft = replace(quay.draft(), entered=entered, test_id=finished.test_id)
    return (await quay.connections.make(quay.olga, draft)).id


async def test_the_pin_that_a_test_shows_is_the_one_that_is_accepted(quay: Quay) -> None:
    pin = await pin_of(quay)
    connection_id = await connect(quay, Trust(pin=pin))
    facts = await quay.connections.get(quay.olga, connection_id)
    assert facts.trust == {"private_ca": None, "client_certificate": None, "pinned": True}
    assert await quay.reply(await quay.ref()) == "word1 word2 word3"
    refused = await finish(
        quay.connections.test_draft(quay.olga, replace(quay.entered(), trust=Trust(pin=OTHER_PIN)), None)
    )
    failed = refused.findings.failed
    assert failed is not None
    assert (failed.stage, failed.code) == ("tls", "tls_pin")
    assert not refused.findings.refused


async def test_the_hash_of_the_servers_key_is_for_whoever_typed_the_address_and_kept_nowhere(quay: Quay) -> None:
    """It leads to the host: logs of public certificates are searched by it."""
    pin = await pin_of(quay)
    connection_id = await connect(quay, Trust(pin=pin))
    events = [event async for event in await quay.connections.test_stored(quay.olga, connection_id)]
    assert all("key_sha256" not in event.facts for event in events if isinstance(event, StageEvent))
    ended = events[-1]
    assert isinstance(ended, Finished)
    assert pin not in repr(ended.findings.stages)
    kept = Entered(base_url=None, key=quay.entered().key)
    replaced = await finish(quay.connections.replace_endpoint(quay.olga, connection_id, kept))
    assert replaced.findings.passed
    assert pin not in repr(replaced.findings.stages)
    stored = [*await quay.rows(ConnectionTestRow), *await quay.rows(ConnectionRow)]
    assert len(stored) >= 3
    assert pin not in repr([row._mapping for row in stored])
    facts = await quay.connections.get(quay.olga, connection_id)
    assert pin not in repr(facts)


@pytest.mark.parametrize("change", [{"sealed_trust": None}, {"sealed_trust": b"\x01junk"}])
async def test_who_removes_the_certificates_in_the_database_is_left_without_the_key(
    quay: Quay, change: dict[str, Any]
) -> None:
    connection_id = await connect(quay, Trust(pin=await pin_of(quay)))
    async with quay.database.write() as tx:
        await tx.execute(update(ConnectionRow).where(ConnectionRow.id == connection_id).values(**change))
    chosen = await quay.choose(await quay.ref())
    assert isinstance(chosen.opening, OwnOpening)
    with pytest.raises(Unavailable, match="key_unreadable"):
        await quay.open(chosen)


async def test_certificates_of_another_connection_do_not_open_here(quay: Quay) -> None:
    trust = Trust(pin=await pin_of(quay))
    first = await connect(quay, trust)
    entered = replace(quay.entered(), trust=trust)
    other = await quay.connections.make(quay.olga, replace(quay.draft(), entered=entered, name="Second"))
    rows = {row.id: row for row in await quay.rows(ConnectionRow)}
    async with quay.database.write() as tx:
        moved = {"sealed_trust": rows[other.id].sealed_trust}
        await tx.execute(update(ConnectionRow).where(ConnectionRow.id == first).values(**moved))
    chosen = await quay.choose(await quay.ref())
    with pytest.raises(Unavailable, match="key_unreadable"):
        await quay.open(chosen)


async def test_a_test_with_other_certificates_is_none_of_this_connection(quay: Quay) -> None:
    finished = await quay.test()
    entered = replace(quay.entered(), trust=Trust(pin=await pin_of(quay)))
    with pytest.raises(Invalid, match="test_other_endpoint"):
        await quay.connections.make(quay.olga, replace(quay.draft(), entered=entered, test_id=finished.test_id))


async def test_other_certificates_ask_for_the_key_again_and_a_new_key_keeps_them(quay: Quay) -> None:
    pin = await pin_of(quay)
    connection_id = await connect(quay, Trust(pin=pin))
    without_key = replace(quay.entered(key=None), trust=Trust())
    with pytest.raises(Invalid, match="key_needed"):
        await quay.connections.replace_endpoint(quay.olga, connection_id, without_key)
    kept = replace(quay.entered(), base_url=None)
    assert (await finish(quay.connections.replace_endpoint(quay.olga, connection_id, kept))).findings.passed
    assert (await quay.connections.get(quay.olga, connection_id)).trust["pinned"] is True
    removed = replace(quay.entered(), trust=Trust())
    assert (await finish(quay.connections.replace_endpoint(quay.olga, connection_id, removed))).findings.passed
    assert (await quay.connections.get(quay.olga, connection_id)).trust["pinned"] is False
    assert await quay.reply(await quay.ref()) == "word1 word2 word3"


@pytest.mark.parametrize("trust", [Trust(), Trust(pin=OTHER_PIN)], ids=["removed", "entered"])
async def test_certificates_tell_nobody_whether_they_guessed_the_address_right(quay: Quay, trust: Trust) -> None:
    """Those of a guessed server, tried on the address that is kept, would say whether the guess was right."""
    connection_id = await connect(quay, Trust(pin=await pin_of(quay)))
    guess = replace(quay.entered(), base_url=None, trust=trust)
    with pytest.raises(Invalid, match="address_needed"):
        await quay.connections.replace_endpoint(quay.adam, connection_id, guess)


async def test_a_failed_replacement_leaves_certificates_and_key_as_they_were(quay: Quay) -> None:
    connection_id = await connect(quay, Trust(pin=await pin_of(quay)))
    wrong = replace(quay.entered(), trust=Trust(pin=OTHER_PIN))
    finished = await finish(quay.connections.replace_endpoint(quay.olga, connection_id, wrong))
    assert not finished.findings.passed
    assert await quay.reply(await quay.ref()) == "word1 word2 word3"


async def test_deleting_a_connection_wipes_its_certificates(quay: Quay) -> None:
    connection_id = await connect(quay, Trust(pin=await pin_of(quay)))
    await quay.connections.delete(quay.olga, connection_id)
    row = next(row for row in await quay.rows(ConnectionRow) if row.id == connection_id)
    assert (row.sealed_trust, row.trust_facts, row.sealed_key) == (None, None, None)


def pem_of(certificate: trustme.LeafCert) -> str:
    return certificate.private_key_and_cert_chain_pem.bytes().decode()


def test_what_was_typed_is_told_by_name_and_last_day_only() -> None:
    works = trustme.CA(organization_name="Werk Nord GmbH")
    client = read_client_pem(pem_of(works.issue_cert("moorage@kanzlei.example", organization_name="Kanzlei")))
    trust = read_trust(works.cert_pem.bytes().decode(), client, f"sha256//{OTHER_PIN}")
    assert tell_trust(trust) == {
        "private_ca": {"name": "Werk Nord GmbH", "expires_on": "3000-01-01"},
        "client_certificate": {"name": "Kanzlei", "expires_on": "3000-01-01"},
        "pinned": True,
    }
    assert read_trust("", None, base64_to_hex(OTHER_PIN)).pin == OTHER_PIN
    assert read_trust(" ", read_client_pem(" \n"), " ") == Trust()


def base64_to_hex(text: str) -> str:
    digits = base64.b64decode(text).hex()
    return ":".join(digits[place : place + 2] for place in range(0, len(digits), 2))


@pytest.mark.parametrize(
    ("ca_pem", "client_pem", "pin", "code", "field"),
    [
        ("hello", "", "", "ca_invalid", "tls.ca_pem"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "", "", "ca_invalid", "tls.ca_pem"),
        ("KEY", "", "", "ca_has_private_key", "tls.ca_pem"),
        ("", "CERT", "", "client_key_missing", "tls.client_pem"),
        ("", "hello", "", "client_certificate_invalid", "tls.client_pem"),
        ("", "MIXED", "", "client_key_other", "tls.client_pem"),
        ("", "LOCKED", "", "client_key_encrypted", "tls.client_pem"),
        ("", "", "abc", "pin_invalid", "tls.pin"),
        ("", "", "z" * 64, "pin_invalid", "tls.pin"),
        ("", "", OTHER_PIN[:-4], "pin_invalid", "tls.pin"),
    ],
)
def test_what_can_not_be_used_names_its_field(ca_pem: str, client_pem: str, pin: str, code: str, field: str) -> None:
    one, two = trustme.CA(), trustme.CA()
    mine, other = one.issue_cert("a@example.com"), two.issue_cert("b@example.com")
    certificate = mine.cert_chain_pems[0].bytes().decode()
    texts = {
        "KEY": pem_of(mine),
        "CERT": certificate,
        "MIXED": other.private_key_pem.bytes().decode() + certificate,
        "LOCKED": certificate + "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
    }
    client = read_client_pem(texts.get(client_pem, client_pem))
    with pytest.raises(Invalid) as refused:
        read_trust(texts.get(ca_pem, ca_pem), client, pin)
    assert (refused.value.code, refused.value.field, refused.value.params) == (code, field, {})


def test_a_pin_is_that_of_the_public_key_and_outlives_a_renewed_certificate() -> None:
    """RFC 7469: the same key in another certificate has the same pin."""
    key = ec.generate_private_key(ec.SECP256R1())
    pins = {public_key_pin(self_signed(key, days)) for days in (10, 400)}
    assert len(pins) == 1
    assert pins != {public_key_pin(self_signed(ec.generate_private_key(ec.SECP256R1()), 10))}
    [pin] = pins
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert base64.b64decode(pin) == hashlib.sha256(spki).digest()


def self_signed(key: ec.EllipticCurvePrivateKey, days: int) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "llm.test")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now)
    return builder.not_valid_after(now + timedelta(days=days)).sign(key, SHA256()).public_bytes(Encoding.DER)


async def test_a_refused_address_is_on_record_as_refused_and_nothing_says_why(quay: Quay) -> None:
    """P17: at a test, at saving untested, at re-discovery; the reason is the operator's."""
    await finish(quay.connections.test_draft(quay.olga, quay.entered("https://inside.test"), None))
    with pytest.raises(AddressRefused, match="url_local"):
        await quay.connections.make(quay.olga, replace(quay.draft(), entered=quay.entered("https://10.0.0.1/v1")))
    entered = quay.entered("https://inside.test")
    untested = await quay.connections.make(quay.olga, replace(quay.draft(), entered=entered))
    with pytest.raises(AddressRefused, match="address_not_public"):
        await quay.connections.discover(quay.olga, untested.id)
    refused = [(action, outcome) for action, _, outcome in await quay.acts() if outcome == "refused"]
    assert refused == [
        ("connection.tested", "refused"),
        ("egress.refused", "refused"),
        ("models.discovered", "refused"),
    ]
    assert "private" not in repr([row.details for row in await quay.rows(AuditRow)])


async def test_saving_untested_addresses_is_paced_like_testing_them(quay: Quay) -> None:
    """Both ask the address rules; neither is a way to ask them without end."""
    for number in range(TESTS_PER_MINUTE):
        with pytest.raises(AddressRefused):
            await quay.connections.make(
                quay.olga, replace(quay.draft(), entered=quay.entered(f"https://10.0.0.{number}"))
            )
    with pytest.raises(TooMany, match="tests_limited"):
        await quay.connections.make(quay.olga, replace(quay.draft(), entered=quay.entered("https://10.0.0.99")))


async def test_the_servers_certificate_stays_known_when_a_later_test_does_not_get_that_far(quay: Quay) -> None:
    """Its last day is what the page warns of; a server that is down has one all the same."""
    connection_id = await connect(quay, Trust())
    seen = (await quay.connections.get(quay.olga, connection_id)).server_certificate
    assert seen is not None
    assert (set(seen), seen["expires_on"][:2]) == ({"issuer", "expires_on", "seen_at"}, "30")
    await quay.server.__aexit__(None, None, None)
    stopped = await finish(quay.connections.test_stored(quay.olga, connection_id))
    assert stopped.findings.failed is not None
    assert (await quay.connections.get(quay.olga, connection_id)).server_certificate == seen
    await quay.connections.delete(quay.olga, connection_id)
    assert [row.server_certificate for row in await quay.rows(ConnectionRow)] == [None]


@pytest.mark.parametrize(
    ("organisations", "common_names", "shown"),
    [
        (["Werk Nord GmbH"], ["gpu.kanzlei.example"], "Werk Nord GmbH"),
        ([], ["gpu.kanzlei.example"], "?"),
        (["gpu.kanzlei.example"], ["Kanzlei"], "Kanzlei"),
        (["Example Inc."], [], "Example Inc."),
        ([], ["fd00::5"], "?"),
        (["\x00\u202e "], [], "?"),
    ],
)
def test_a_certificates_name_never_gives_a_host_away(
    organisations: list[str], common_names: list[str], shown: str
) -> None:
    """P12: a server's own certificate may be entered as the one to believe, and names the server."""
    assert shown_name(organisations, common_names) == shown


def test_a_key_of_chosen_numbers_is_not_proven_prime() -> None:
    """The proof takes minutes for large primes and holds every thread; a key that would fail it is simply another's."""
    p, q = (2**521 - 1) * (2**607 - 1), 2**1279 - 1
    e = 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(e, p * q))
    key = numbers.private_key(unsafe_skip_rsa_key_validation=True)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    with pytest.raises(ValueError, match="Invalid private key"):
        load_pem_private_key(pem.encode(), None)
    certificate = trustme.CA().issue_cert("a@example.com").cert_chain_pems[0].bytes().decode()
    with pytest.raises(Invalid, match="client_key_other"):
        read_trust("", read_client_pem(certificate + pem), "")
