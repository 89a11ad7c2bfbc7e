"""Comparisons, what people found of them, and the team's tally."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from moorage.api.schemas.base import Input, Shape
from moorage.api.schemas.connections import OriginName
from moorage.api.schemas.conversations import ComparisonOutcome, ComparisonView, MessageView, WordsAndFiles


class ComparisonAgain(Input):
    """Ask two to four models at once for answers to a question that is stored. Blind: who wrote what is told later.

    `client_id` is a UUID made by the client: sent again, it returns the same comparison. `may_leave`: as for a message.
    """

    client_id: UUID
    model_refs: list[Annotated[str, Field(min_length=1, max_length=320)]] = Field(max_length=20)
    blind: bool = False
    may_leave: bool = False


class ComparisonAsk(ComparisonAgain, WordsAndFiles):
    """Ask two to four models at once a new question, which gets `client_id` as its own id."""

    parent_id: UUID | None = None


class ComparisonMade(Shape):
    """The question, the answers that are now being written, in the order they are shown, and the comparison."""

    question: MessageView
    answers: list[MessageView]
    comparison: ComparisonView


class VerdictGiven(Input):
    """What somebody finds: one is better (`message_id` says which), all are alike, or none is good."""

    outcome: ComparisonOutcome
    message_id: UUID | None = None


class AnswerChosen(Input):
    """The answer to go on from."""

    message_id: UUID


class TallyModel(Shape):
    """A model as it was when it was judged. Counts are of comparisons, each counted once.

    `wins`: it was found better; `losses`: another was; `ties`: all were alike; `nones`: none was good.
    """

    model_ref: str
    name: str
    model_id: str
    connection_name: str
    origin: OriginName
    wins: int
    losses: int
    ties: int
    nones: int


class TallyPair(Shape):
    """Two models that answered the same questions; `first` and `second` are places in `models`, counted from 0.

    `wins` are the first's, `losses` those of the second's. `low` and `high` bound the share of wins among both with
    95 % (Wilson). `finding` says what that allows to say.
    """

    first: int
    second: int
    wins: int
    losses: int
    ties: int
    nones: int
    people: int
    low: float
    high: float
    finding: Literal["too_few", "no_difference", "first", "second"]


class TallyPart(Shape):
    """Verdicts of one kind. `left_out` had fewer than two answers that came to their end."""

    verdicts: int
    left_out: int
    people: int
    models: list[TallyModel]
    pairs: list[TallyPair]


class TallyView(Shape):
    """How the team's comparisons came out in a range of days (UTC, inclusive). `enough` verdicts are needed to say."""

    from_day: str
    to_day: str
    enough: int
    blind: TallyPart
    open: TallyPart
