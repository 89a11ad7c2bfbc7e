"""How a finished call is counted: as reported, which teaches; else by an estimate in the model's own measure."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.usage.estimates import Count, believable, count_call
from moorage.usage.scales import Key, Scales


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a call: what its endpoint reported, and what its texts are estimated to have, in tokens.

    `is_words`: nothing but text was sent; the estimate of a picture says nothing about bytes. `begun`: something came.
    """

    reported_in: int | None
    reported_out: int | None
    prompt_estimate: int
    written_estimate: int
    begun: bool
    is_words: bool = True


async def count_told(tx: AsyncConnection, scales: Scales, key: Key, told: Told) -> Count:
    """Decide the count of a finished call. Reported figures stay as they are, and teach."""
    reported_in = believable(told.reported_in, told.prompt_estimate)
    reported_out = believable(told.reported_out, told.written_estimate)
    if reported_in is not None and reported_out is not None:
        if told.is_words:
            scales.learn_prompt(key, told.prompt_estimate, reported_in)
        scales.learn_answer(key, told.written_estimate, reported_out)
        return Count(reported_in, reported_out, "reported")
    scale = await scales.of(tx, key)
    return count_call(
        reported_in,
        reported_out,
        prompt_estimate=scale.prompt(told.prompt_estimate) if told.is_words else told.prompt_estimate,
        written_estimate=scale.answer(told.written_estimate),
        begun=told.begun,
    )
