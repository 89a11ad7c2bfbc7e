"""A connection is healthy by a listed answer and by nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from moorage.connections.health import judge_health
from moorage.connections.store import ConnectionStore
from tests.connections.quay import Quay

SENTENCES = Path(__file__).parents[2] / "moorage" / "locales" / "en"


@pytest.mark.parametrize(
    ("code", "health"),
    [
        (None, "healthy"),
        ("bad_key", "refused"),
        ("rate_limited", "slow"),
        ("connect_refused", "unreachable"),
        ("url_port", "unreachable"),
        ("context_too_long", "healthy"),
        ("model_missing", "healthy"),
        ("midstream_error", "unreachable"),
        ("a code of next year", "unreachable"),
        ("too_many_requests", None),
        ("access_suspended", None),
    ],
)
def test_a_failure_says_something_about_the_connection_or_about_the_question(
    code: str | None, health: str | None
) -> None:
    assert judge_health(code) == health


def _codes() -> Iterator[str]:
    for file in SENTENCES.glob("*.json"):
        yield from json.loads(file.read_text("utf-8"))


def test_no_code_stands_for_a_healthy_connection_but_those_by_which_the_endpoint_answered() -> None:
    """A code that is added later and placed nowhere must not make a broken connection look well."""
    assert {code for code in _codes() if judge_health(code) == "healthy"} == {
        "context_too_long",
        "content_filtered",
        "declined",
        "unsupported_parameter",
        "body_too_large",
        "empty_answer",
        "not_chat_model",
        "model_missing",
        "models_not_offered",
        "models_empty",
        "data_policy_unmet",
    }


async def test_what_is_wrong_on_this_side_leaves_the_health_as_it_was(quay: Quay) -> None:
    connection_id, team_id = await quay.connect(), quay.olga.person.team_id
    for code, expected in [
        ("bad_key", "refused"),
        ("database_crowded", "refused"),
        ("access_suspended", "refused"),
        ("too_many_requests", "refused"),
        (None, "healthy"),
        ("never heard of", "unreachable"),
    ]:
        async with quay.database.write() as tx:
            store = ConnectionStore(tx, team_id)
            await store.note_health(connection_id, code)
            assert (await store.get(connection_id)).health == expected, code
