"""What a plan includes, as its team and the operator see it."""

from moorage.api.schemas.base import Shape


class PlanTerms(Shape):
    """Of standard models: tokens per month and of one answer, and which they are (`*`: all, `provider/*`: all of one).

    `members`: how many people a team may have; rates are answers in any minute.
    """

    tokens_per_month: int
    answer_tokens: int
    standard_models: list[str]
    members: int
    person_per_minute: int
    team_per_minute: int
