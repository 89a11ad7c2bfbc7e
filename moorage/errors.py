"""Every error a person can meet, in one tree; sentences live in `locales/`, the HTTP status in `api/errors.py`.

    MoorageError                 code · params · field · retryable
    ├── Invalid                  what was sent is wrong; `field` names the input
    ├── SignInNeeded             nobody is signed in, or the session ended
    ├── NotAllowed               signed in, but the role may not do this
    │   └── ModelRefused         the team's rule leaves this person out of a model
    ├── AccessRefused            the plan gate said no (P14)
    ├── BudgetSpent              the plan's budget of standard models is used up until `params["resets_on"]` (P15)
    ├── NotFound                 does not exist, or belongs to another team: the same answer for both
    ├── Conflict                 somebody or something was faster
    │   ├── SealRefused          the seal of a conversation does not admit where its words would go (P19)
    │   └── NotCleared           the team's rule asks for an undertaking that whoever runs the model has not given
    ├── TooMany                  a rate limit; `params["retry_after_s"]` says how long
    ├── Unavailable              this deployment can't do it right now (database gone, draining, key missing)
    └── EndpointFailure          a model's endpoint, or the way to it, failed; never carries a word the endpoint said
        └── AddressRefused       URL rules or address policy refused before anything was sent (P11)

`code` is stable and public: pages, tests and docs/failures.md refer to it. A code's sentence says what happened and
what to do, in English and German (`locales/<language>/<room>.json`), with `{placeholders}` filled from `params`.
`params` must hold nothing secret: they are stored with failed replies and shown to people.
"""

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

Param = str | int | float


class MoorageError(Exception):
    """An expected error. `code` picks the sentence; `params` fill it; `field` names the wrong input, if one is."""

    retryable: ClassVar[bool] = False

    def __init__(self, code: str, *, field: str | None = None, **params: Param) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.params: Mapping[str, Param] = params


class Invalid(MoorageError):
    """What was sent can't be accepted as it is."""


class SignInNeeded(MoorageError):
    """The request needs a signed-in person."""


class NotAllowed(MoorageError):
    """The person's role does not include this."""


class ModelRefused(NotAllowed):
    """The team's rule does not open a model to this person.

    Which one it was is for the audit trail alone: they are not told whether there is such a model.
    """

    def __init__(self, code: str, *, ref: str, model: str, connection: str, field: str | None = None) -> None:
        super().__init__(code, field=field)
        self.ref = ref
        self.model = model
        self.connection = connection

    def at(self, field: str) -> "ModelRefused":
        """Give the same refusal, naming the input that it is about."""
        return ModelRefused(self.code, ref=self.ref, model=self.model, connection=self.connection, field=field)


class AccessRefused(MoorageError):
    """The plan gate refused: (plan, standing) is not on the allow-list."""


class BudgetSpent(MoorageError):
    """What is left of the month's budget is not enough. Own models know no budget."""


class NotFound(MoorageError):
    """No such thing for this team."""


class Conflict(MoorageError):
    """The present state does not admit this."""


class SealRefused(Conflict):
    """The seal of a conversation said no: its words stay where they are (P19). `zone` is where they would have gone."""

    def __init__(
        self, code: str, conversation_id: UUID, zone: str, *, field: str | None = None, **params: Param
    ) -> None:
        super().__init__(code, field=field, **params)
        self.conversation_id = conversation_id
        self.zone = zone

    def at(self, field: str) -> "SealRefused":
        """Give the same refusal, naming the input that it is about."""
        return SealRefused(self.code, self.conversation_id, self.zone, field=field, **self.params)


class NotCleared(Conflict):
    """Only cleared models may have a team's words, and this one is not, or not any more."""


class TooMany(MoorageError):
    """A rate limit was reached."""

    retryable = True


class Unavailable(MoorageError):
    """The deployment can't serve this at the moment."""

    retryable = True


class EndpointFailure(MoorageError):
    """The endpoint of a model, or the way to it, failed. The class is named, its words are never repeated."""

    retryable = True


class AddressRefused(EndpointFailure):
    """Refused by URL rules or address policy; nothing was sent.

    `reason` is for the operator's log and counter alone: told to a person, it would answer what stands in a network.
    """

    retryable = False

    def __init__(self, code: str, *, field: str | None = None, reason: str = "", **params: Param) -> None:
        super().__init__(code, field=field, **params)
        self.reason = reason or code
