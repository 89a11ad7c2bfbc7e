"""Connections, their staged test, their models, and the picker. Keys and base URLs go in and never come out (P12)."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from moorage.api.schemas.base import Input, Problem, Shape

ProviderName = Literal["openai_compatible", "ollama", "openrouter"]
ZoneName = Literal["own_hardware", "own_contract", "router"]
OriginName = Literal["own_hardware", "own_contract", "router", "included", "scripted"]
SealZoneName = Literal["own_hardware", "own_contract", "included", "router"]
PlaceZoneName = Literal["own_hardware", "own_contract", "included", "router", "unstated", "scripted"]
AuthStyle = Literal["auto", "bearer", "api_key"]
HealthName = Literal["healthy", "slow", "refused", "unreachable", "unproven", "needs_key"]
StageName = Literal["url", "dns", "address", "tcp", "tls", "credential", "models", "completion", "usage"]
StageState = Literal["waiting", "running", "passed", "warned", "failed", "skipped"]
LimitField = Literal["max_tokens", "max_completion_tokens", "none"]
DataPolicy = Literal["any", "no_training", "no_retention"]
Streaming = Literal["any", "always", "never"]
InputName = Literal["text", "image", "audio", "video", "file"]
HabitName = Literal["stream_usage", "limit_field", "takes_system", "streaming", "data_policy"]
SettableName = Literal[HabitName, "context_length", "inputs"]
Fact = str | int | float


class ConditionShape(Shape):
    """The state of a connection: a word, why in the reader's language, since when, when it was last well."""

    health: HealthName
    health_cause: str | None = None
    health_since: str | None = None
    last_good: str | None = None


class PointsToView(Shape):
    """What a name of the team's own stands for, and since when."""

    ref: str
    name: str
    since: str


class PickerModel(ConditionShape):
    """One line of the picker. Unavailable ones stay listed with the reason.

    With `alias` the name is one of the team's own; everything else is of the model that it stands for.
    `origin` says who answers for it, `zone` where words go; `zone_since`: when that was stated anew.
    """

    ref: str = Field(
        description="what a message names as its model, e.g. byom:<id>, standard:<provider>/<model> or alias:<id>"
    )
    name: str
    model_id: str
    origin: OriginName
    connection_name: str
    context_length: int | None
    inputs: list[str]
    data_location: str
    billed_by: Literal["team", "plan", "nobody"]
    available: bool
    problem: Problem | None = None
    zone: PlaceZoneName
    zone_since: str | None = None
    alias: PointsToView | None = None
    data_policy: DataPolicy | None = Field(
        default=None, description="which providers behind a router may have the words; null: no router in between"
    )


class PickerView(Shape):
    """Everything a person can write with, from stored state only (P22).

    `new_sealed_to`: the zones that a new conversation is sealed to by the team's rule; null: none. `starred`: the
    references of those among `models` that this person has starred, in the order of starring.
    """

    models: list[PickerModel]
    refusal: Problem | None = None
    can_connect: bool
    new_sealed_to: list[SealZoneName] | None = None
    starred: list[str]


class FavouriteMake(Input):
    """A model to star."""

    model_ref: str = Field(min_length=1, max_length=320)


class FavouriteList(Shape):
    """The references of what this person has starred and can see, in the order of starring."""

    starred: list[str]


class StageView(Shape):
    """One stage of a connection test. `message` is a sentence in the reader's language, `facts` are its figures."""

    stage: StageName
    state: StageState
    code: str | None = None
    message: str = ""
    facts: dict[str, Fact] = Field(default_factory=dict)
    ms: float | None = None


class ModelFactsView(Shape):
    """What a server says of a model beside length and inputs. Lengths in tokens, prices in US dollars per million."""

    trained_context: int | None = None
    max_output: int | None = None
    abilities: list[str] = Field(default=[])
    is_remote: bool = False
    retires_on: str | None = None
    price_in: float | None = None
    price_out: float | None = None
    no_retention_hosts: list[str] | None = Field(
        default=None, description="who behind a router runs it and keeps nothing; null: not known"
    )


class FoundModel(Shape):
    """A model that discovery found or a person typed."""

    model_id: str
    name: str
    context_length: int | None
    inputs: list[str]
    facts: ModelFactsView


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
    base_url: str = Field(default="", max_length=2048, description="not read where there is only one address")
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
    base_url: str = Field(default="", max_length=2048, description="not read where there is only one address")
    api_key: str = Field(default="", max_length=4096)
    auth_style: AuthStyle = "auto"
    tls: TlsInput | None = None
    # Who does not say where it runs gets the zone that the fewest seals admit.
    zone: ZoneName = "router"
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


class HabitsView(Shape):
    """How a model wants to be spoken to. `stream_usage` null: not known yet, so it is tried."""

    stream_usage: bool | None
    limit_field: LimitField
    takes_system: bool
    streaming: Streaming
    data_policy: DataPolicy


class ModelProfileView(Shape):
    """What holds for a model in `habits`; `learnt` and `set_by_people` name what calls showed and what people set."""

    habits: HabitsView
    learnt: list[HabitName]
    set_by_people: list[SettableName]
    found_context_length: int | None
    found_inputs: list[str]


class ModelProfileChange(Input):
    """What people know better. Null: as it is found; absent fields stay as they are."""

    context_length: int | None = Field(default=None, ge=1, le=1_000_000_000, description="in tokens")
    inputs: list[InputName] | None = Field(default=None, min_length=1, max_length=5)
    stream_usage: bool | None = None
    limit_field: LimitField | None = None
    takes_system: bool | None = None
    streaming: Streaming | None = None
    data_policy: DataPolicy | None = None


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
    facts: ModelFactsView
    profile: ModelProfileView
    vanished_at: str | None


class TestResult(Shape):
    """The last stored test."""

    __test__ = False

    at: str
    passed: bool
    stages: list[StageView]


class ConnectionView(ConditionShape):
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
    maintainer_left: bool = Field(description="who is named left the team: owners are told in their place")
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


class GoneModel(Shape):
    """A model that is no longer listed. `conversations_30d`: in how many conversations it answered of late."""

    model_id: str
    name: str
    was_on: bool
    conversations_30d: int


class ChangedModel(Shape):
    """A model whose window (in tokens; null: not told) or inputs are others now."""

    model_id: str
    context_before: int | None
    context_now: int | None
    inputs_before: list[str]
    inputs_now: list[str]


class DiscoveryView(Shape):
    """What a re-discovery found: new models arrive off, vanished ones stay readable (P9). Those that were on first."""

    connection: ConnectionView
    came: list[str]
    went: list[GoneModel]
    changed: list[ChangedModel]


class MatterView(Shape):
    """Something to see to. `cause` says why in the reader's language; `days_left` of a key, below 0: it is over."""

    connection_id: UUID
    connection_name: str
    kind: Literal["unreachable", "refused", "key_ends"]
    cause: str | None
    since: str | None
    last_good: str | None
    last_day: str | None
    days_left: int | None
    is_urgent: bool


class AttentionView(Shape):
    """What the reader should see to, what fell over first; for members what they maintain."""

    matters: list[MatterView]


class ModelsChange(Input):
    """Set which models appear and under what names; typed ids that are new get added."""

    models: list[ModelChoice] = Field(max_length=2000)
