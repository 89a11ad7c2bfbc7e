"""Estimates come to speak the model's own measure, learnt from what its endpoint reports (P16)."""

import pytest
from sqlalchemy import select

from moorage.storage.types import new_id
from moorage.usage.counting import Told, count_told
from moorage.usage.estimates import Count
from moorage.usage.ledger import Ledger
from moorage.usage.scales import LEAST_ESTIMATE, NARROWEST, WIDEST, Key, Scale, Scales
from moorage.usage.tables import TokenScaleRow
from tests.usage.quayside import ANSWER, Quayside, quayside

__all__ = ["quayside"]

GPT = Key("openai", "gpt")


class Clock:
    """Seconds that go on when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def hear(quayside: Quayside, scales: Scales, told: Told, key: Key = GPT) -> Count:
    async with quayside.database.read() as tx:
        return await count_told(tx, scales, key, told)


async def test_what_is_reported_stays_and_what_is_not_is_estimated_as_the_reports_have_taught(
    quayside: Quayside,
) -> None:
    scales = Scales()
    silent = Told(None, None, 100, 200, begun=True)
    assert await hear(quayside, scales, silent) == Count(100, 200, "estimated")
    reported = Told(150, 100, 100, 200, begun=True)
    assert await hear(quayside, scales, reported) == Count(150, 100, "reported")
    await scales.store(quayside.writer)
    assert await hear(quayside, scales, silent) == Count(150, 100, "estimated")
    assert await hear(quayside, scales, Told(None, 7, 100, 200, begun=True)) == Count(150, 7, "estimated")
    # Each model, and each connection, for itself.
    assert await hear(quayside, scales, silent, Key("openai", "other")) == Count(100, 200, "estimated")
    assert await hear(quayside, scales, silent, Key(str(new_id()), "gpt")) == Count(100, 200, "estimated")


async def test_another_process_and_a_later_start_know_it_too(quayside: Quayside) -> None:
    first, clock = Scales(), Clock()
    second = Scales(clock)
    async with quayside.database.read() as tx:
        assert await second.of(tx, GPT) == Scale()
    await hear(quayside, first, Told(300, 400, 100, 200, begun=True))
    await first.store(quayside.writer)
    clock.now = 61.0
    async with quayside.database.read() as tx:
        assert await second.of(tx, GPT) == Scale(3.0, 2.0)


async def test_many_reports_outweigh_one_and_newer_ones_outweigh_old(quayside: Quayside) -> None:
    scales = Scales()
    for _ in range(9):
        await hear(quayside, scales, Told(100, 100, 100, 100, begun=True))
    await scales.store(quayside.writer)
    await hear(quayside, scales, Told(200, 200, 100, 100, begun=True))
    await scales.store(quayside.writer)
    async with quayside.database.read() as tx:
        assert (await scales.of(tx, GPT)).tokens_in == pytest.approx(1.1)
    for _ in range(200):
        await hear(quayside, scales, Told(200, 200, 100, 100, begun=True))
        await scales.store(quayside.writer)
    async with quayside.database.read() as tx:
        assert (await scales.of(tx, GPT)).tokens_in == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize(
    "told",
    [
        Told(900, 900, LEAST_ESTIMATE - 1, LEAST_ESTIMATE - 1, begun=True),  # a template outweighs so few words
        Told(0, 0, 100, 100, begun=True),
    ],
)
async def test_what_says_nothing_about_bytes_teaches_nothing(quayside: Quayside, told: Told) -> None:
    scales = Scales()
    await hear(quayside, scales, told)
    await scales.store(quayside.writer)
    assert await quayside.count(TokenScaleRow) == 0


async def test_a_picture_teaches_nothing_about_words_and_is_not_measured_by_them(quayside: Quayside) -> None:
    scales = Scales()
    await hear(quayside, scales, Told(900, 100, 100, 100, begun=True, is_words=False))
    await scales.store(quayside.writer)
    async with quayside.database.read() as tx:
        assert await scales.of(tx, GPT) == Scale()
    await hear(quayside, scales, Told(200, 100, 100, 100, begun=True))
    await scales.store(quayside.writer)
    assert await hear(quayside, scales, Told(None, None, 100, 100, begun=True, is_words=False)) == Count(
        100, 100, "estimated"
    )


async def test_an_endpoint_that_lies_moves_an_estimate_within_bounds_only(quayside: Quayside) -> None:
    scales = Scales()
    await hear(quayside, scales, Told(10**9, 1, 100, 10**6, begun=True))
    await scales.store(quayside.writer)
    async with quayside.database.read() as tx:
        assert await scales.of(tx, GPT) == Scale(WIDEST, NARROWEST)


async def test_what_was_learnt_makes_a_hold_larger_and_never_smaller(quayside: Quayside) -> None:
    ledger = Ledger("here", "boot1")
    await hear(quayside, ledger.scales, Told(200, 100, 100, 100, begun=True))
    await ledger.scales.store(quayside.writer)
    assert (await quayside.begin(quayside.call(100), ledger)).held_tokens == 200 + ANSWER
    other = Ledger("here", "boot2")
    await hear(quayside, other.scales, Told(50, 100, 100, 100, begun=True), Key("openai", "terse"))
    await other.scales.store(quayside.writer)
    assert (await quayside.begin(quayside.call(100, model_id="terse"), other)).held_tokens == 100 + ANSWER


async def test_what_can_not_be_stored_now_is_kept_for_the_next_time(quayside: Quayside) -> None:
    """Also what is heard of the same model while the database says no."""
    scales = Scales()

    class Refusing:
        async def do(self, work: object) -> None:
            await hear(quayside, scales, Told(100, 200, 100, 100, begun=True))
            await hear(quayside, scales, Told(200, 100, 100, 100, begun=True), Key("openai", "other"))
            raise OSError

    await hear(quayside, scales, Told(300, 100, 100, 100, begun=True))
    refusing: object = Refusing()
    with pytest.raises(OSError):  # noqa: PT011 - of the writer above
        await scales.store(refusing)  # type: ignore[arg-type]
    await scales.store(quayside.writer)
    async with quayside.database.read() as tx:
        known = await scales.of(tx, GPT)
        assert (known.tokens_in, known.tokens_out) == pytest.approx((2.0, 1.5))
        assert (await scales.of(tx, Key("openai", "other"))).tokens_in == pytest.approx(2.0)
        rows = await tx.execute(select(TokenScaleRow.model_id, TokenScaleRow.calls_in).order_by(TokenScaleRow.model_id))
        assert [tuple(row) for row in rows] == [("gpt", 2), ("other", 1)]
