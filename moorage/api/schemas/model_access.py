"""Who may use which model, and a team's own names for models."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from moorage.api.schemas.accounts import RoleName
from moorage.api.schemas.base import Input, Problem, Shape
from moorage.api.schemas.connections import OriginName

KindName = Literal["everyone", "roles", "people", "nobody"]


class NamedPerson(Shape):
    """Somebody whom a rule names."""

    id: UUID
    name: str


class AudienceView(Shape):
    """A rule. `roles` and `people` belong to the kinds of their name and are empty for the others."""

    kind: KindName
    roles: list[RoleName]
    people: list[NamedPerson]


class AudienceChange(Input):
    """Who may use the models of a connection that have no rule of their own."""

    kind: Literal["everyone", "roles", "people"]
    roles: list[RoleName] = Field(default_factory=list, max_length=10)
    people: list[UUID] = Field(default_factory=list, max_length=500)


class ModelAudienceChange(Input):
    """Who may use one model; "inherit": what holds for its connection."""

    kind: Literal["inherit", "everyone", "roles", "people"]
    roles: list[RoleName] = Field(default_factory=list, max_length=10)
    people: list[UUID] = Field(default_factory=list, max_length=500)


class StandardAudienceChange(Input):
    """Who may use a standard model, or with `model_id` null all of the provider that have no rule of their own.

    "inherit" takes a rule away: what holds for the provider counts then, in the end everyone.
    """

    provider: str = Field(min_length=1, max_length=50)
    model_id: str | None = Field(default=None, max_length=256)
    kind: Literal["inherit", "everyone", "roles", "people", "nobody"]
    roles: list[RoleName] = Field(default_factory=list, max_length=10)
    people: list[UUID] = Field(default_factory=list, max_length=500)


class ModelAudienceView(Shape):
    """One model's own rule; null: what holds for its connection."""

    id: UUID
    name: str
    audience: AudienceView | None


class ConnectionAudienceView(Shape):
    """Who may use the models of a connection."""

    audience: AudienceView
    models: list[ModelAudienceView]


class StandardModelView(Shape):
    """A standard model and its own rule; null: what holds for its provider."""

    ref: str
    model_id: str
    name: str
    audience: AudienceView | None


class StandardProviderView(Shape):
    """A standard provider and what holds for its models; null: everyone may use them."""

    provider: str
    name: str
    data_location: str
    audience: AudienceView | None
    models: list[StandardModelView]


class StandardModelsView(Shape):
    """All standard models, whoever may use them."""

    providers: list[StandardProviderView]


class ModelState(Shape):
    """Whether this person may write with a model now, and why not. Says nothing about what is not open to them."""

    ref: str
    available: bool
    problem: Problem | None = None


class AliasMake(Input):
    """A new name for a model. `target_ref` is an own or a standard model's."""

    name: str = Field(min_length=1, max_length=200)
    target_ref: str = Field(min_length=1, max_length=320)
    reason: str = Field(default="", max_length=200)


class AliasRename(Input):
    """Another name."""

    name: str = Field(min_length=1, max_length=200)


class AliasPoint(Input):
    """Let a name stand for another model. `confirmed`: also if words travel farther than before."""

    target_ref: str = Field(min_length=1, max_length=320)
    reason: str = Field(default="", max_length=200)
    confirmed: bool = False


class AliasView(Shape):
    """A name of the team's own and what it stands for; names and zone as they were when it was pointed there."""

    id: UUID
    ref: str
    name: str
    target_ref: str
    model_name: str
    connection_name: str
    origin: OriginName
    since: str


class AliasList(Shape):
    """All names of the team's own, by name."""

    aliases: list[AliasView]


class AliasTurnView(Shape):
    """One entry of the history: from when on it stood for what, by whom, and why if they said so."""

    at: str
    by_name: str
    target_ref: str
    model_name: str
    connection_name: str
    origin: OriginName
    reason: str


class AliasHistoryView(Shape):
    """A name with what it stood for, newest first."""

    alias: AliasView
    turns: list[AliasTurnView]
