"""`ledger_is_true` finds what is not: each row that is lost, doubled, changed or left over is noticed."""

from pathlib import Path

import pytest

from tests.faults.rig import Rig, make_rig
from tests.faults.truth import days_hold, read_books
from tests.support.kept_rows import change
from tests.support.nursery import Nursery

MODELS = ("standard/burst-300", "own/steady", "standard/no-usage")
LIES = {
    "an entry is lost": "DELETE FROM standard_usage_event WHERE tokens_out = 300",
    "an entry of an own model is lost": "DELETE FROM byom_usage_event WHERE purpose = 'reply'",
    "a reply is lost": "DELETE FROM reply WHERE tokens_out = 20",
    "a count is another": "UPDATE byom_usage_event SET tokens_out = 19 WHERE tokens_out = 20",
    "a count and its receipt are another": (
        "UPDATE byom_usage_event SET tokens_out = 19 WHERE tokens_out = 20; "
        "UPDATE reply SET tokens_out = 19 WHERE tokens_out = 20"
    ),
    "a charge is another": "UPDATE standard_usage_event SET charged_tokens = charged_tokens + 1",
    "a budget is another": "UPDATE budget_period SET settled = settled - 1",
    "something stays reserved": "UPDATE budget_period SET reserved = 1",
    "a budget is passed": "UPDATE budget_period SET limit_tokens = 10",
    "a reply never ends": "UPDATE reply SET state = 'running' WHERE tokens_out = 300",
    "words are lost": "UPDATE message SET text = 'word' WHERE role = 'assistant'",
    "a day is another": "UPDATE standard_usage_day SET reported_out = reported_out + 1",
    "a day of an own model is another": "UPDATE byom_usage_day SET calls = calls + 1",
    "a sum stands on the wrong day": "UPDATE standard_usage_day SET day = day + 1",
    "a sum stands on the wrong person": "UPDATE byom_usage_day SET user_id = '00000000-0000-0000-0000-00000000000a'",
    "more was asked for than held": "UPDATE standard_usage_event SET held_tokens = 1, overrun = 1",
    "an overrun is hidden": "UPDATE standard_usage_event SET held_tokens = charged_tokens - 1",
    "who was told an end is told another": "UPDATE reply SET state = 'interrupted' WHERE tokens_out = 300",
}
# These are seen by the product's own comparison, too, and have to be without it.
OF_DAYS = {
    "a day is another",
    "a day of an own model is another",
    "a sum stands on the wrong day",
    "a sum stands on the wrong person",
}


async def test_each_way_in_which_a_ledger_can_be_untrue_is_noticed(tmp_path: Path, nursery: Nursery) -> None:
    async with make_rig("sqlite", tmp_path, nursery) as rig:
        serving = rig.process()
        await serving.start()
        olga = await rig.sign_up(serving)
        for model in MODELS:
            await rig.follow(olga, await rig.ask(olga, model))
        assert await serving.stop() == 0
        await rig.is_true()
        file = rig.folder / "data" / "moorage.db"
        sound = file.read_bytes()
        for what, statements in LIES.items():
            await change(rig.database, *statements.split("; "))
            assert await _is_noticed(rig), what
            if what in OF_DAYS:
                await _is_noticed_by_the_recount(rig)
            await rig.database.close()
            for ending in ("-wal", "-shm"):
                file.with_name(file.name + ending).unlink(missing_ok=True)
            file.write_bytes(sound)
        await rig.is_true()
        # What reached the provider and is nowhere: a call that nobody announced.
        rig.truth.sent.append(rig.truth.sent[0])
        assert await _is_noticed(rig)


async def _is_noticed(rig: Rig) -> bool:
    try:
        await rig.is_true()
    except AssertionError:
        return True
    return False


async def _is_noticed_by_the_recount(rig: Rig) -> None:
    async with rig.database.read() as tx:
        found = await read_books(tx)
    with pytest.raises(AssertionError):
        days_hold(found)
