"""Connections, their staged test, their models, and the picker. Keys and base URLs go in and never come out (P12)."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from moorage.api.schemas.base import Input, Problem, Shape

ProviderName = Literal["openai_compatible"]
ZoneName = Literal["own_hardware", "own_contract", "router"]
OriginName = Literal["own_hardware", "own_contract", "router", "included", "scripted"]
AuthStyle = Literal["auto", "bearer", "api_key"]
HealthName = Literal["healthy", "slow", "refused", "unreachable", "unproven"]
StageName = Literal["url", "dns", "address", "tcp", "tls", "credential", "models", "completion", "usage"]
StageState = Literal["waiting", "running", "passed", "warned", "failed", "skipped"]
Fact = str | int | float


class PickerModel(Shape):
    """One line of the picker. Unavailable ones stay listed with the reason."""

    ref: str = Field(description="what a message names as its model, e.g. byom:<id> or standard:<provider>/<model>")
    name: str
    model_id: str
    origin: OriginName
    connection_name: str
    context_length: int | None
    inputs: list[str]
    data_location: str
    billed_by: Literal["team", "plan", "nobody"]
    health: HealthName
    available: bool
    problem: Problem | None = None


class PickerView(Shape):
    """Everything a person can write with, from stored state only (P22)."""

    models: list[PickerModel]
    refusal: Problem | None = None
    can_connect: bool


class StageView(Shape):
    """One stage of a connection test. `message` is a sentence in the reader's language, `facts` are its figures."""

    stage: StageName
    state: StageState
    code: str | None = None
    message: str = ""
    facts: dict[str, Fact] = Field(default_factory=dict)
    ms: float | None = None


class FoundModel(Shape):
    """A model that discovery found or a person typed."""

    model_id: str
    name: str
    context_length: int | None
    inputs: list[str]


class TlsInput(Input):
    """What a connection believes and shows beside the system's rules. Empty texts mean: nothing of the kind."""

    ca_pem: str = Field(default="", max_length=65_536, description="the only authorities to believe, PEM")
    client_pem: str = Field(default="", max_length=65_536, description="certificate chain and its private key, PEM")
    pin: str = Field(
        default="", max_length=120, description="SHA-256 of the server's public key: base64, sha256//base64, or hex"
    )


class TestRequest(Input):
    """Test an address and a key before anything is saved."""

    __test__ = False

    provider: ProviderName = "openai_compatible"
    base_url: str = Field(min_length=1, max_length=2048)
    api_key: str = Field(default="", max_length=4096)
    auth_style: AuthStyle = "auto"
    tls: TlsInput | None = None
    model_id: str | None = Field(default=None, max_length=256, description="typed by hand, where no list is offered")


class TestFinished(Shape):
    """The end of a staged test. `test_id` lets a connection be saved with this result."""

    __test__ = False

    test_id: UUID
    passed: bool
    stages: list[StageView]
    models: list[FoundModel]
    models_offered: bool
    notes: list[str] = Field(default_factory=list)


class ModelChoice(Input):
    """A model that the team wants in the picker."""

    model_id: str = Field(min_length=1, max_length=256)
    name: str = Field(default="", max_length=120)
    enabled: bool = True


class ConnectionMake(Input):
    """A new connection. With `test_id` of a test of the same address and key, its result and findings are kept."""

    name: str = Field(min_length=1, max_length=80)
    provider: ProviderName = "openai_compatible"
    base_url: str = Field(min_length=1, max_length=2048)
    api_key: str = Field(default="", max_length=4096)
    auth_style: AuthStyle = "auto"
    tls: TlsInput | None = None
    zone: ZoneName = "own_hardware"
    data_location: str = Field(default="", max_length=120)
    maintainer_id: UUID | None = None
    key_expires_on: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}$")
    models: list[ModelChoice] = Field(default=[], max_length=2000)
    test_id: UUID | None = None


class ConnectionChange(Input):
    """Change what is not secret. The address and the key have their own acts. Absent fields stay as they are."""

    name: str | None = Field(default=None, min_length=1, max_length=80)
    zone: ZoneName | None = None
    data_location: str | None = Field(default=None, max_length=120)
    maintainer_id: UUID | None = None
    key_expires_on: str | None = Field(default=None, pattern=r"^(\d{4}-\d{2}-\d{2})?$", description='"" clears it')
    enabled: bool | None = None


class EndpointReplace(Input):
    """Replace address, certificates and key: a key is bound to the others it was entered for (P12)."""

    base_url: str | None = Field(default=None, max_length=2048, description="null keeps the address")
    api_key: str = Field(default="", max_length=4096)
    auth_style: AuthStyle = "auto"
    tls: TlsInput | None = Field(default=None, description="null keeps it with a kept address, else means none")


class KeyView(Shape):
    """What may be known of a stored key: that it is there, since when, by whom, until when."""

    present: bool
    number: int
    set_at: str
    set_by: str
    expires_on: str | None


class CertificateView(Shape):
    """A certificate that the team entered: whose it is, and its last day."""

    name: str
    expires_on: str
    days_left: int


class ServerCertificateView(Shape):
    """The endpoint's certificate as a test last saw it. `warns` from three weeks before its last day on."""

    issuer: str
    expires_on: str
    days_left: int
    warns: bool
    seen_at: str


class TlsView(Shape):
    """What may be known of a connection's TLS: never a certificate's text, a private key or a hash."""

    private_ca: CertificateView | None
    client_certificate: CertificateView | None
    pinned: bool
    server: ServerCertificateView | None


class ConnectionModelView(Shape):
    """One model of a connection."""

    id: UUID
    ref: str
    model_id: str
    name: str
    enabled: bool
    typed: bool
    context_length: int | None
    inputs: list[str]
    vanished_at: str | None


class TestResult(Shape):
    """The last stored test."""

    __test__ = False

    at: str
    passed: bool
    stages: list[StageView]


class ConnectionView(Shape):
    """A connection as owners and admins see it."""

    id: UUID
    name: str
    provider: ProviderName
    zone: ZoneName
    data_location: str
    enabled: bool
    key: KeyView
    tls: TlsView
    maintainer_id: UUID | None
    maintainer_name: str | None
    health: HealthName
    last_test: TestResult | None
    models: list[ConnectionModelView]
    calls_30d: int
    tokens_30d: int
    created_at: str
    created_by: str
    updated_at: str


class ConnectionList(Shape):
    """All connections of the team; `refusal` says why they can't be used now, if so."""

    connections: list[ConnectionView]
    refusal: Problem | None = None


class DiscoveryView(Shape):
    """What a re-discovery found: new models arrive off, vanished ones stay readable (P9)."""

    connection: ConnectionView
    came: list[str]
    went: list[str]


class ModelsChange(Input):
    """Set which models appear and under what names; typed ids that are new get added."""

    models: list[ModelChoice] = Field(max_length=2000)
