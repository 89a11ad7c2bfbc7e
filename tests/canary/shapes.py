"""Judges the shapes of all answers in the API's document: what no field may be called, and which texts are known.

A field passes by its type (numbers, ids, closed lists, other shapes). A text passes by its name in TEXTS; one whose
name sounds like a secret or an address passes only as itself in DOUBTFUL; a free-form dictionary only in FREE_FORMS.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.support.samples import Document, operations, resolve

# Names of fields that hold texts, by what these texts are.
TEXTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("name", "team_name", "title", "text", "reasoning", "arguments", "note", "reason", "email"),
        "what people wrote or said",
    ),
    **dict.fromkeys(
        ("author", "actor", "owner_name", "invited_by", "set_by", "created_by", "by_name", "maintainer_name"),
        "a person's name",
    ),
    **dict.fromkeys(("connection_name", "object_name", "data_location", "provider_name"), "a name that a person gave"),
    **dict.fromkeys(
        ("model_id", "model_name", "model_reported", "came", "went", "finish_reason", "finish_stated"),
        "said by an endpoint: cut, cleaned of control characters, and judged by the canary test",
    ),
    **dict.fromkeys(("ref", "model_ref", "target_ref", "next", "starred"), "made by us of ids and times"),
    **dict.fromkeys(
        ("message", "sentence", "notes", "health_cause", "cause"), "our own sentence of locales/, parameters filled in"
    ),
    **dict.fromkeys(
        (
            "code",
            "field",
            "action",
            "actions",
            "plan",
            "standing",
            "inputs",
            "inputs_before",
            "inputs_now",
            "found_inputs",
            "abilities",
            "kind",
            "method",
        ),
        "a word of our own lists",
    ),
    **dict.fromkeys(
        ("at", "created_at", "updated_at", "set_at", "seen_at", "joined_at", "expires_at", "vanished_at"), "a moment"
    ),
    **dict.fromkeys(("day", "from_day", "to_day", "expires_on", "retires_on", "last_day", "resets_on"), "a day"),
    **dict.fromkeys(
        (
            "used_at",
            "shared_at",
            "ends_at",
            "suspected_at",
            "signed_in_at",
            "tested_at",
            "last_at",
            "health_since",
            "zone_since",
            "last_good",
            "since",
        ),
        "a moment",
    ),
    **dict.fromkeys(("object_type", "groups"), "a word of our own lists"),
    "media_type": "of a short list of ours, found in the content (chat/attachments.py)",
    "provider": "a provider's name in the operator's catalogue",
    **dict.fromkeys(("request_id", "connection_id", "object_id"), "an id"),
    **dict.fromkeys(("client", "network"), "a network that a request came from, as coarse as the team's rule has it"),
    **dict.fromkeys(("browser", "system"), "of a short list of ours (accounts/devices.py)"),
    **dict.fromkeys(("client_id", "scopes", "groups_claim", "group"), "how owners registered us at their provider"),
    "version": "Moorage's own",
    # the operator's desk
    **dict.fromkeys(("text_en", "text_de"), "what the operator announces to everybody"),
    **dict.fromkeys(("from_at", "until_at"), "a moment"),
    **dict.fromkeys(("month", "made_on"), "a day"),
    **dict.fromkeys(("standings", "plan_before", "standing_before"), "a word of our own lists"),
    "event_id": "what a billing system calls its event, told back to it alone",
    "engine": "sqlite or postgresql",
    "schema_revision": "the name of a revision of ours",
    "standard_models": "patterns of the operator's own file of plans",
    "missing": "ids of the operator's own list of models",
    # statistics
    **dict.fromkeys(("amount", "per_million_in", "per_million_out"), "an exact decimal"),
    "currency": "three letters, as ISO 4217 has them",
    # privacy
    **dict.fromkeys(("table", "matter", "why"), "a word of our own lists (privacy/fates.py)"),
    **dict.fromkeys(("asked_at", "done_at"), "a moment"),
    **dict.fromkeys(("operator", "owners", "team", "signer", "document"), "a name that a person gave"),
    "sha256": "of a finished export's file, for who may fetch it",
}
# Shape.field that sounds like a secret or an address, and why it is none.
DOUBTFUL: Final[Mapping[str, str]] = {
    "SessionView.csrf_token": "worth nothing without the cookie it is derived from, which scripts can't read",
    "FactorAdded.csrf_token": "as in SessionView: the sign-in goes on under a new cookie",
    "InvitationMade.path": "the link itself, shown once to who made it; only its hash is stored",
    "ModelFactsView.no_retention_hosts": "names of companies, from OpenRouter's list; behind the veil like a label",
    "SourceView.url": "of a page that an answer names, behind the same veil as every label of an endpoint",
    "ConnectionView.key": "KeyView: that there is one, since when, by whom",
    "KeyView.number": "how often it was replaced",
    "Tokens.tokens_in": "a count",
    "Tokens.tokens_out": "a count",
    "Receipt.tokens_in": "a count",
    "Receipt.tokens_out": "a count",
    "ConnectionView.tokens_30d": "a count",
    "ForeseenView.tokens": "a count",
    "CallsView.tokens": "counts",
    "StandardModelUse.tokens": "counts",
    "PlanView.tokens_per_month": "a count",
    "PlanView.answer_tokens": "a count",
    "PlanTerms.tokens_per_month": "a count",
    "PlanTerms.answer_tokens": "a count",
    "ConversationRulesView.sealed_to": "zones, by name",
    "ConversationLine.sealed_to": "zones, by name",
    "ConversationView.sealed_to": "zones, by name",
    "SharedLineView.sealed_to": "zones, by name",
    "SharedView.sealed_to": "zones, by name",
    "PickerView.new_sealed_to": "zones, by name",
    "Receipt.sealed_to": "zones, by name",
    "SealView.sealed_to": "zones, by name",
    "ConversationView.sealed_at": "a moment",
    "SealView.sealed_at": "a moment",
    "UsageRow.tokens": "counts",
    "UsageDay.tokens": "counts",
    "UsageSource.tokens": "counts",
    "PersonUsageView.tokens": "counts",
    "ServerCertificateView.issuer": "an organisation's name, never one that may be a host's (vault/certificates.py)",
    "IdentityProviderView.issuer": "the provider's public name, which is an address; to who may see the sign-in rules",
    "IdentityProviderView.has_secret": "whether there is one",
    "IdentityProviderView.needs_secret": "whether one was lost",
    "IdentityProviderView.am_linked": "yes or no",
    "IdentityProviderView.unlinked": "a count",
    "IdentityView.linked_at": "a moment",
    "IdentityList.linkable": "LinkableProvider: names",
    "ProviderFound.is_linked": "yes or no",
    "ProviderBegun.url": "where the browser goes: the provider's page; its state is worth nothing without a cookie",
    "SignInRulesView.redirect_uri": "our own address, to be entered at the provider",
    "SignInRulesView.logout_uri": "our own address, to be entered at the provider",
    "SignInRulesView.sign_in_path": "a path of our own pages, which a team gives to its people",
    "AppSetup.secret": "shown once to who sets an app up, before it counts; stored sealed",
    "AppSetup.uri": "the same secret as apps read it",
    "QrCode.path": "the same as a picture",
    "FactorAdded.recovery_codes": "shown once to who added a first factor; only hashes are stored",
    "RecoveryCodes.codes": "shown once to who made them; only hashes are stored",
    "FactorsView.recovery_codes": "a count",
    "FactorsView.passkeys": "PasskeyView: names and moments",
    "FactorsView.passkeys_work": "yes or no",
    "SessionView.passkeys_work": "yes or no",
    "SessionView.recovery_left": "a count",
    "SecondStepView.passkey": "yes or no",
    "SecondStepView.recovery_code": "yes or no",
    "TlsView.private_ca": "CertificateView: a short name and a day",
    "TlsView.client_certificate": "CertificateView: a short name and a day",
}
# Dictionaries whose keys the document does not tell, and what bounds them.
FREE_FORMS: Final[Mapping[str, str]] = {
    "StageView.facts": "figures of a stage, by the keys of connections/stages.py; texts are names and days",
    "KeyUseDay.uses": "counts by purpose, a word of our own list (connections/uses.py)",
    "PasskeyQuestion.options": "what browsers are asked: a challenge for this once, and the person's own name",
    "AuditEntryView.details": "numbers, codes and names of ours, at most 200 characters each (audit/trail.py)",
}
# Answers without a shape in the document, and what holds them.
UNSHAPED: Final[Mapping[str, str]] = {
    "GET /api/openapi.json": "this document: written from the code, before anybody is known",
    "POST /api/audit/exports": "a file: entries as AuditEntryView has them, hashes and signatures (audit/formats.py)",
    "GET /api/attachments/{attachment_id}/content": "the file that its reader attached (chat/attachments.py)",
    "GET /api/shared-conversations/{conversation_id}/attachments/{attachment_id}/content": "the same, for its readers",
    "POST /api/team/privacy/exports/{export_id}/file": "the export that its reader asked for (privacy/stages.py)",
    "POST /api/usage/exports": "a file: lines of one of the team's own logs (usage/exporting.py)",
    "GET /api/metrics": "Prometheus' text: counters with labels of fixed lists; tests/canary reads it",
}
_SOUNDS_SECRET: Final = re.compile(
    r"key|token|secret|passw|phrase|url|uri|host|address|path|link|pem|pin|private|hash|digest|finger|cookie|csrf|cert"
    r"|credential|sealed|cipher|nonce|salt|seed|otp|recovery|backup|challenge|dsn|endpoint|header|origin_of|ring|wrapped"
)
# Closed lists and names that the expression hits by accident.
_NO_SECRET: Final = frozenset({"pinned"})


@dataclass(frozen=True)
class Field:
    """One field of an answer's shape."""

    shape: str
    name: str
    schema: dict[str, Any]

    @property
    def place(self) -> str:
        return f"{self.shape}.{self.name}"


@dataclass(frozen=True)
class Judgement:
    """What is wrong, and which lines of the tables were needed."""

    wrong: list[str]
    used: set[str]


def answer_shapes(document: Document) -> dict[str, dict[str, Any]]:
    """Give every shape that any answer or event can hold, by name."""
    found: dict[str, dict[str, Any]] = {}
    for _, _, operation in operations(document):
        for response in operation["responses"].values():
            for content in response.get("content", {}).values():
                _collect(document, content.get("schema", {}), found)
    return found


def input_shapes(document: Document) -> dict[str, dict[str, Any]]:
    """Give every shape that any request can hold, by name."""
    found: dict[str, dict[str, Any]] = {}
    for _, _, operation in operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            _collect(document, content.get("schema", {}), found)
    return found


def sounds_secret(name: str) -> bool:
    """True for a name that a key, a password or an address could have."""
    return name not in _NO_SECRET and _SOUNDS_SECRET.search(name.lower()) is not None


def judge(document: Document) -> Judgement:
    """Judge all answers of a document."""
    wrong, used = [], set()
    for method, path, operation in operations(document):
        if not _has_shape(operation):
            used.add(f"{method} {path}")
            if f"{method} {path}" not in UNSHAPED:
                wrong.append(f"{method} {path}: an answer without a shape; give it one or a line in UNSHAPED")
    for field in _fields(document):
        used |= {field.name, field.place}
        if sounds_secret(field.name) and field.place not in DOUBTFUL:
            wrong.append(f"{field.place}: sounds like a secret or an address; take it out, or say in DOUBTFUL why not")
        else:
            wrong += _judge_type(document, field)
    return Judgement(wrong, used)


def _judge_type(document: Document, field: Field) -> Iterator[str]:
    for leaf in _leaves(document, field.schema):
        kind = leaf.get("type")
        if kind == "object" and "properties" not in leaf:
            if field.place not in FREE_FORMS:
                yield f"{field.place}: a dictionary of anything; give it a shape, or say in FREE_FORMS what bounds it"
        elif kind == "string" and not _is_closed(leaf):
            if field.name not in TEXTS and field.place not in DOUBTFUL:
                yield f"{field.place}: a text nobody knows; say in TEXTS of tests/canary/shapes.py what it holds"
        elif kind is None and not _is_closed(leaf):
            yield f"{field.place}: may hold anything; give it a type"


def _is_closed(leaf: dict[str, Any]) -> bool:
    return "enum" in leaf or "const" in leaf or leaf.get("format") in {"uuid", "date", "date-time"}


def _leaves(document: Document, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Walk what a field may be, through lists and alternatives; other shapes are judged as themselves."""
    if "$ref" in schema:
        target = resolve(document, schema)
        if "properties" not in target and "enum" not in target:
            yield from _leaves(document, target)
        return
    options = schema.get("anyOf", schema.get("oneOf", schema.get("allOf")))
    if options is not None:
        for option in options:
            yield from _leaves(document, option)
    elif schema.get("type") == "array":
        items = [schema["items"]] if "items" in schema else schema.get("prefixItems", [{}])
        for item in items:
            yield from _leaves(document, item)
    else:
        yield schema


def _fields(document: Document) -> Iterator[Field]:
    for shape, schema in sorted(answer_shapes(document).items()):
        for name, one in schema.get("properties", {}).items():
            yield Field(shape, name, one)
        if schema.get("additionalProperties") not in {None, False}:
            yield Field(shape, "*", {"type": "object"})


def _has_shape(operation: dict[str, Any]) -> bool:
    good = [response for status, response in operation["responses"].items() if status.startswith("2")]
    schemas = [content.get("schema") for response in good for content in response.get("content", {}).values()]
    return bool(schemas) and any(schema and schema != {"type": "string"} for schema in schemas)


def _collect(document: Document, schema: Any, found: dict[str, dict[str, Any]]) -> None:
    if isinstance(schema, list):
        for one in schema:
            _collect(document, one, found)
    elif isinstance(schema, dict):
        name = str(schema.get("$ref", "")).rsplit("/", 1)[-1]
        if name and name not in found:
            found[name] = resolve(document, schema)
            _collect(document, found[name], found)
        for key, one in schema.items():
            if key != "$ref":
                _collect(document, one, found)
