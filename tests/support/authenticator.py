"""A passkey authenticator in software: real CBOR and COSE, real signatures, and any lie a test wants it to tell."""

import base64
import hashlib
import json
import os
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

PRESENT: Final = 0x01
VERIFIED: Final = 0x04
CAN_SYNC: Final = 0x08
BACKED_UP: Final = 0x10
ATTESTED: Final = 0x40
USUAL: Final = PRESENT | VERIFIED

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def encode(raw: bytes) -> str:
    """Give base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Read base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def make_key(algorithm: str) -> PrivateKey:
    """Make a key: ES256, EdDSA or RS256."""
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def cose(key: PrivateKey) -> bytes:
    """Give the public key as COSE (RFC 9052)."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        point = key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return cbor2.dumps({1: 1, 3: -8, -1: 6, -2: key.public_key().public_bytes_raw()})
    numbers = key.public_key().public_numbers()
    return cbor2.dumps({1: 3, 3: -257, -1: numbers.n.to_bytes(256, "big"), -2: numbers.e.to_bytes(3, "big")})


def sign(key: PrivateKey, data: bytes) -> bytes:
    """Sign as the key's algorithm does."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(SHA256()))
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    return key.sign(data, padding.PKCS1v15(), SHA256())


@dataclass
class Authenticator:
    """Holds one passkey. What it says of itself can be changed, before each answer."""

    origin: str
    algorithm: str = "ES256"
    flags: int = USUAL
    counts: bool = True
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    user_handle: bytes = b""
    sign_count: int = 0

    def __post_init__(self) -> None:
        self.key = make_key(self.algorithm)

    def make(self, options: dict[str, Any], **lies: Any) -> dict[str, Any]:
        """Answer `navigator.credentials.create()`. Lies: origin, rp_id, challenge, type, flags, fmt, cross_origin."""
        self.user_handle = decode(options["user"]["id"])
        rp_id = lies.get("rp_id", options["rp"]["id"])
        attested = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id + cose(self.key)
        data = self._authenticator_data(rp_id, lies.get("flags", self.flags) | ATTESTED) + attested
        client_data = self._client_data("webauthn.create", options["challenge"], lies)
        statement = (
            self._u2f_statement(rp_id, client_data) if lies.get("fmt") == "fido-u2f" else lies.get("statement", {})
        )
        attestation = cbor2.dumps({"fmt": lies.get("fmt", "none"), "attStmt": statement, "authData": data})
        return self._answer(
            {
                "clientDataJSON": encode(client_data),
                "attestationObject": encode(attestation),
                "transports": ["internal", "made-up"],
            }
        )

    def use(self, options: dict[str, Any], **lies: Any) -> dict[str, Any]:
        """Answer `navigator.credentials.get()`. Lies as for `make`; also user_handle, signature, credential_id."""
        self.sign_count += int(self.counts)
        data = self._authenticator_data(lies.get("rp_id", options["rpId"]), lies.get("flags", self.flags))
        client_data = self._client_data("webauthn.get", options["challenge"], lies)
        signature = lies.get("signature") or sign(self.key, data + hashlib.sha256(client_data).digest())
        handle = lies.get("user_handle", self.user_handle)
        return self._answer(
            {
                "clientDataJSON": encode(client_data),
                "authenticatorData": encode(data),
                "signature": encode(signature),
                "userHandle": None if handle is None else encode(handle),
            },
            lies.get("credential_id"),
        )

    def _u2f_statement(self, rp_id: str, client_data: bytes) -> dict[str, Any]:
        """Vouch for the passkey with a certificate of one's own, as a maker's device would."""
        assert isinstance(self.key, ec.EllipticCurvePrivateKey)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Maker")])
        maker = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(maker.public_key())
            .serial_number(1)
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
            .sign(maker, SHA256())
        )
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        parts = (b"\0", hashlib.sha256(rp_id.encode()), hashlib.sha256(client_data), self.credential_id, point)
        vouched = b"".join(part if isinstance(part, bytes) else part.digest() for part in parts)
        return {"sig": sign(maker, vouched), "x5c": [certificate.public_bytes(Encoding.DER)]}

    def _authenticator_data(self, rp_id: str, flags: int) -> bytes:
        return hashlib.sha256(rp_id.encode()).digest() + struct.pack(">BI", flags, self.sign_count)

    def _client_data(self, kind: str, challenge: str, lies: dict[str, Any]) -> bytes:
        said = {
            "type": lies.get("type", kind),
            "challenge": lies.get("challenge", challenge),
            "origin": lies.get("origin", self.origin),
            "crossOrigin": lies.get("cross_origin", False),
        }
        return json.dumps(said).encode()

    def _answer(self, response: dict[str, Any], credential_id: bytes | None = None) -> dict[str, Any]:
        named = encode(credential_id or self.credential_id)
        return {
            "id": named,
            "rawId": named,
            "type": "public-key",
            "response": response,
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
        }
