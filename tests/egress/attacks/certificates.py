"""TLS that an honest server would not offer: each function gives one server's side of it, with a real certificate."""

import datetime as dt
import ipaddress
import ssl
import tempfile
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.egress.attacks.rows import Tls
from tests.support.authority import TestAuthority

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Wish:
    """What a certificate is to say. `names=None` leaves out the list of names; "{host}" stands for the row's own."""

    names: tuple[str, ...] | None = ("{host}",)
    common_name: str = "made for a test"
    starts_in_days: int = -30
    ends_in_days: int = 30
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH
    rsa_bits: int = 0
    signs_itself: bool = False


def names(*of: str) -> Tls:
    """Offer a good certificate for other names."""
    return certificate(Wish(names=of))


def certificate(wish: Wish) -> Tls:
    """Offer a certificate that is exactly so."""

    def offer(authority: TestAuthority, host: str) -> ssl.SSLContext:
        told = wish.names and tuple(name.format(host=host) for name in wish.names)
        return _context(*_issue(authority, replace(wish, names=told, common_name=wish.common_name.format(host=host))))

    return offer


def of_a_stranger(_authority: TestAuthority, host: str) -> ssl.SSLContext:
    """Offer a faultless certificate by an authority that nobody knows."""
    with tempfile.TemporaryDirectory() as folder:
        return TestAuthority(Path(folder)).server_context(host)


def speaks_only(version: ssl.TLSVersion) -> Tls:
    """Offer this version of TLS and no other."""

    def offer(authority: TestAuthority, host: str) -> ssl.SSLContext:
        context = authority.server_context(host)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that it is deprecated is the point
            context.minimum_version = version
            context.maximum_version = version
        context.set_ciphers("ALL:@SECLEVEL=0")
        return context

    return offer


def encrypts_with(ciphers: str) -> Tls:
    """Offer TLS 1.2 with these cipher suites and no others."""

    def offer(authority: TestAuthority, host: str) -> ssl.SSLContext:
        context = authority.server_context(host)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
        return context

    return offer


def _issue(authority: TestAuthority, wish: Wish) -> tuple[x509.Certificate, PrivateKey]:
    key: PrivateKey = ec.generate_private_key(ec.SECP256R1())
    if wish.rsa_bits:
        key = rsa.generate_private_key(65537, wish.rsa_bits)
    root_pem, root_key_pem = authority.root_pems()
    root = x509.load_pem_x509_certificate(root_pem)
    root_key = serialization.load_pem_private_key(root_key_pem, None)
    assert isinstance(root_key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, wish.common_name)])
    today = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if wish.signs_itself else root.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today + dt.timedelta(days=wish.starts_in_days))
        .not_valid_after(today + dt.timedelta(days=wish.ends_in_days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([wish.purpose]), critical=True)
    )
    if wish.names is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([_name(one) for one in wish.names]), critical=False)
    if not wish.signs_itself:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False
        )
    return builder.sign(key if wish.signs_itself else root_key, hashes.SHA256()), key


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _context(certificate: x509.Certificate, key: PrivateKey) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")  # the server may be careless, the door must not
    pem = serialization.Encoding.PEM
    key_pem = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with tempfile.TemporaryDirectory() as folder:
        chain = Path(folder) / "chain.pem"
        chain.write_bytes(certificate.public_bytes(pem) + key_pem)
        context.load_cert_chain(chain)
    return context
