"""What authenticators say, judged by py_webauthn. A user must have been verified; everything doubtful is one refusal.

A passkey is accepted for one relying party, one origin, one challenge and one kind of act (WebAuthn level 3).
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_attestation_object, parse_client_data_json
from webauthn.helpers.options_to_json_dict import options_to_json_dict
from webauthn.helpers.structs import (
    AttestationFormat,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from moorage.errors import Invalid

CHALLENGE_BYTES: Final = 32
TIMEOUT_MS: Final = 5 * 60 * 1000
MAX_ID_BYTES: Final = 1023  # WebAuthn, 4: Credential ID
_MAX_FIELD_CHARS: Final = 16_384
_MAX_KEY_BYTES: Final = 1_200  # RSA with 8192 bits takes 1,038
# Nothing is known by an attestation here: who would vouch for a maker's device is not asked.
_FORMATS: Final = frozenset({AttestationFormat.NONE, AttestationFormat.PACKED})
_TRANSPORTS: Final = frozenset(one.value for one in AuthenticatorTransport)

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """For whom passkeys are made: a host name, and the one origin whose pages may use them."""

    id: str
    origin: str
    name: str


@dataclass(frozen=True, slots=True)
class Known:
    """A passkey as it is named to a browser."""

    credential_id: bytes
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that was just made. `can_sync`: it may be on several devices; `is_backed_up`: it is."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    can_sync: bool
    is_backed_up: bool
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """A passkey that was just used. Whether `sign_count` went up is for its keeper to say."""

    sign_count: int
    is_backed_up: bool
    user_handle: bytes | None


def new_challenge() -> bytes:
    """Make a challenge of 256 random bits."""
    return secrets.token_bytes(CHALLENGE_BYTES)


def options_to_make(
    party: RelyingParty, challenge: bytes, *, user_handle: bytes, email: str, name: str, known: Iterable[Known]
) -> dict[str, Any]:
    """Give the JSON of `PublicKeyCredentialCreationOptions`: discoverable, user verified, no attestation."""
    return options_to_json_dict(
        generate_registration_options(
            rp_id=party.id,
            rp_name=party.name,
            user_id=user_handle,
            user_name=email,
            user_display_name=name,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[_descriptor(one) for one in known],
        )
    )


def options_to_use(party: RelyingParty, challenge: bytes, known: Iterable[Known]) -> dict[str, Any]:
    """Give the JSON of `PublicKeyCredentialRequestOptions`; with nothing `known` any passkey for us may answer."""
    return options_to_json_dict(
        generate_authentication_options(
            rp_id=party.id,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            allow_credentials=[_descriptor(one) for one in known],
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def credential_id_of(answer: Answer) -> bytes:
    """Give the id that an answer claims. Raises Invalid("passkey_refused")."""
    try:
        credential_id = base64url_to_bytes(_text(answer, "rawId"))
    except ValueError:
        raise Invalid("passkey_refused") from None
    if not 0 < len(credential_id) <= MAX_ID_BYTES:
        raise Invalid("passkey_refused")
    return credential_id


def read_new(party: RelyingParty, challenge: bytes, answer: Answer) -> NewPasskey:
    """Judge what `navigator.credentials.create()` gave. Raises Invalid("passkey_refused") for every doubt."""
    response = _response(answer)
    credential = _credential(answer, response, ("clientDataJSON", "attestationObject"))
    try:
        _require_own_frame(credential)
        attested = parse_attestation_object(base64url_to_bytes(credential["response"]["attestationObject"]))
        if attested.fmt not in _FORMATS:
            raise Invalid("passkey_refused")
        made = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001 - hostile bytes: library and CBOR have many ways to say no, and all mean no
        raise Invalid("passkey_refused") from None
    if len(made.credential_id) > MAX_ID_BYTES or len(made.credential_public_key) > _MAX_KEY_BYTES:
        raise Invalid("passkey_refused")
    named = response.get("transports")
    transports = {one for one in named if isinstance(one, str)} & _TRANSPORTS if isinstance(named, list) else set()
    return NewPasskey(
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        can_sync=made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        is_backed_up=made.credential_backed_up,
        transports=tuple(sorted(transports)),
    )


def read_use(party: RelyingParty, challenge: bytes, answer: Answer, public_key: bytes) -> Use:
    """Judge what `navigator.credentials.get()` gave. Raises Invalid("passkey_refused") for every doubt."""
    response = _response(answer)
    credential = _credential(answer, response, ("clientDataJSON", "authenticatorData", "signature"))
    handle = response.get("userHandle")
    try:
        _require_own_frame(credential)
        used = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            # The library would compare before it checks the signature; the stored count is compared where it is kept.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        user_handle = base64url_to_bytes(handle) if isinstance(handle, str) and handle else None
    except Exception:  # noqa: BLE001 - as above
        raise Invalid("passkey_refused") from None
    return Use(used.new_sign_count, used.credential_backed_up, user_handle)


def _require_own_frame(credential: Mapping[str, Any]) -> None:
    client_data = parse_client_data_json(base64url_to_bytes(credential["response"]["clientDataJSON"]))
    if client_data.cross_origin:
        raise Invalid("passkey_refused")


def _response(answer: Answer) -> Mapping[str, Any]:
    response = answer.get("response")
    if not isinstance(response, dict):
        raise Invalid("passkey_refused")
    return response


def _credential(answer: Answer, response: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Take what is needed and nothing else: browsers may add what they like."""
    return {
        "id": _text(answer, "id"),
        "rawId": _text(answer, "rawId"),
        "type": _text(answer, "type"),
        "response": {name: _text(response, name) for name in names},
    }


def _text(holder: Mapping[str, Any], name: str) -> str:
    value = holder.get(name)
    if not isinstance(value, str) or not value.isascii() or len(value) > _MAX_FIELD_CHARS:
        raise Invalid("passkey_refused")
    return value


def _descriptor(one: Known) -> PublicKeyCredentialDescriptor:
    transports = [AuthenticatorTransport(name) for name in one.transports if name in _TRANSPORTS]
    return PublicKeyCredentialDescriptor(id=one.credential_id, transports=transports or None)
