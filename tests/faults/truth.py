"""`ledger_is_true`: what the model server knows that it generated, what people were told, and every row of the ledger.

All tests of faults end with it. The server's own count is the ground truth; nothing of it comes from Moorage.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from moorage.chat.tables import MessageRow, ReplyRow
from moorage.storage.database import Database
from moorage.usage.drift import find_closed_drift, find_day_drift, find_drift
from moorage.usage.tables import (
    BudgetPeriodRow,
    ByomCorrectionRow,
    ByomDayRow,
    ByomUsageRow,
    ReservationRow,
    StandardCorrectionRow,
    StandardDayRow,
    StandardUsageRow,
)
from tests.support.model_server import ModelServer
from tests.support.model_server.misbehaviour import Exchange

# Every question of these tests begins so; what the staged test of a connection asks does not.
QUESTION = "question "
# More than so much is not believed of one call.
MOST = 10**9
_ENDS = frozenset({"ok", "stopped", "upstream_error", "timeout", "crashed", "shutdown"})


@dataclass(frozen=True, slots=True)
class Sent:
    """One call that reached the provider. `exchange` knows the words that went out; `limit`: its `max_tokens`."""

    question: str
    exchange: Exchange
    limit: object


class TruthfulServer(ModelServer):
    """A model server that remembers each question, and what it wrote to it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.sent: list[Sent] = []

    def _note(self, exchange: Exchange) -> None:
        turns = exchange.asked["messages"]
        assert isinstance(turns, list)
        question = str(turns[-1]["content"])
        if question.startswith(QUESTION):
            self.sent.append(Sent(question, exchange, exchange.asked.get("max_tokens")))

    def hold(self) -> None:
        """Hold back again what `release` let go."""
        self.released.clear()

    @property
    def words(self) -> int:
        """How many words it has sent in all."""
        return sum(one.exchange.tokens for one in self.sent)


@dataclass
class Told:
    """What people were told: replies that were accepted (201), and the receipts whose end somebody saw."""

    accepted: list[UUID] = field(default_factory=list)
    ends: dict[UUID, Mapping[str, Any]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Books:
    """What the ledger came to, for a test to say more about: events by question, and how many of which kind."""

    events: Mapping[str, Mapping[str, Any]]
    kinds: Counter[tuple[str, str]]
    """Source of the count, and end."""

    @property
    def lines(self) -> list[str]:
        """Say it for a record."""
        return [f"{number:6d}  {source}/{ended}" for (source, ended), number in sorted(self.kinds.items())]


async def ledger_is_true(database: Database, truth: TruthfulServer, told: Told | None = None) -> Books:
    """Compare everything with everything, once nothing is under way any more. Gives what the ledger came to.

    Lost 0: each question that reached the provider, and each reply that was accepted, has its event. Double 0: each has
    one. Budgets are the sums of their rows and within their limits; sums per day are those of the events, by person and
    model; receipts say what the ledger says; nothing is reserved and no reply is running.
    """
    async with database.read() as tx:
        found = await read_books(tx)
        drift, day_drift = list(await find_drift(tx)), list(await find_day_drift(tx))
        assert await find_closed_drift(tx) == []
        question, answer = aliased(MessageRow), aliased(MessageRow)
        rows = await tx.execute(
            select(ReplyRow.id, question.text, answer.text)
            .join(answer, answer.id == ReplyRow.message_id)
            .join(question, question.id == answer.parent_id)
        )
        texts = {reply_id: (asked, said) for reply_id, asked, said in rows}
        if database.is_sqlite:
            assert (await tx.execute(text("PRAGMA integrity_check"))).scalar_one() == "ok"
    replies = {one["id"]: one for one in found["reply"]}
    standard, byom = (_replies_of(found[name]) for name in ("standard_usage_event", "byom_usage_event"))
    events = standard | byom
    assert found["reservation"] == []
    assert drift == []
    assert not set(standard) & set(byom)
    # Lost 0, double 0: the key of both tables is the call, and a call is a reply.
    assert set(events) == set(replies)
    by_question = {asked: reply_id for reply_id, (asked, _) in texts.items()}
    assert len(by_question) == len(texts) == len(replies)
    reached = Counter(one.question for one in truth.sent)
    assert {asked: number for asked, number in reached.items() if number > 1} == {}
    assert set(reached) <= set(by_question)
    counts = _counts_of(events, found)
    for one in truth.sent:
        reply_id = by_question[one.question]
        _is_as_sent(one, events[reply_id], counts[reply_id], replies[reply_id], texts[reply_id][1])
    for reply_id, reply in replies.items():
        count = counts[reply_id]
        assert reply["state"] != "running"
        receipt = (reply["tokens_in"], reply["tokens_out"], reply["count_source"])
        assert receipt == (count["tokens_in"], count["tokens_out"], count["count_source"]), reply
    _budgets_hold(found)
    assert day_drift == []
    days_hold(found)
    if told is not None:
        _is_as_told(told, replies)
    kinds = Counter((str(one["count_source"]), str(one["ended"])) for one in counts.values())
    return Books({texts[call_id][0]: {**events[call_id], **counts[call_id]} for call_id in events}, kinds)


_TABLES: tuple[Any, ...] = (
    ReplyRow,
    ReservationRow,
    StandardUsageRow,
    ByomUsageRow,
    StandardCorrectionRow,
    ByomCorrectionRow,
    BudgetPeriodRow,
    StandardDayRow,
    ByomDayRow,
)
Found = Mapping[str, list[dict[str, Any]]]


async def read_books(tx: AsyncConnection) -> Found:
    """Read every row of every table that is compared, by table."""
    return {
        row.__tablename__: [dict(one) for one in (await tx.execute(select(*row.__table__.c))).mappings()]
        for row in _TABLES
    }


def _replies_of(events: list[dict[str, Any]]) -> dict[UUID, dict[str, Any]]:
    return {one["call_id"]: one for one in events if one["purpose"] == "reply"}


def _counts_of(events: Mapping[UUID, dict[str, Any]], found: Found) -> dict[UUID, dict[str, Any]]:
    """Give the counts of each call: those of its correction, where one took the event's place."""
    names = ("tokens_in", "tokens_out", "count_source", "ended")
    counts = {call_id: {name: event[name] for name in names} for call_id, event in events.items()}
    corrections = found["standard_usage_correction"] + found["byom_usage_correction"]
    assert len({one["call_id"] for one in corrections}) == len(corrections)
    for one in corrections:
        assert events[one["call_id"]]["count_source"] == "orphan"
        counts[one["call_id"]] = {name: one[name] for name in names}
    return counts


def _is_as_sent(sent: Sent, event: Mapping[str, Any], count: Mapping[str, Any], reply: Any, said: str) -> None:
    exchange = sent.exchange
    assert count["ended"] in _ENDS
    if count["count_source"] == "reported":
        usage = exchange.usage()
        told = [min(int(str(usage[name])), MOST) for name in ("prompt_tokens", "completion_tokens")]
        assert [count["tokens_in"], count["tokens_out"]] == told
    # Nothing is made up, and what is said to be whole is whole.
    assert len(said.split()) <= exchange.tokens
    if reply["state"] == "done":
        assert (len(said.split()), count["ended"]) == (exchange.tokens, "ok")
    if exchange.tokens and count["count_source"] == "estimated":
        assert count["tokens_out"] >= len(said.split())
    if "held_tokens" in event:
        assert isinstance(sent.limit, int)
        assert event["held_tokens"] >= sent.limit


def _budgets_hold(found: Found) -> None:
    overrun: Counter[Any] = Counter()
    for one in found["standard_usage_event"]:
        charged, held, used = (
            one["charged_tokens"],
            one["held_tokens"],
            (one["tokens_in"] or 0) + (one["tokens_out"] or 0),
        )
        if one["count_source"] == "orphan" and one["tokens_out"] is None:
            assert charged == held
        elif one["count_source"] != "missing":
            assert charged == used
        elif one["ended"] == "upstream_error":
            # Refused before a word of it came.
            assert charged == 0
        assert one["overrun"] == (charged > held)
        overrun[one["team_id"], one["period_start"]] += max(0, charged - held)
    for one in found["standard_usage_correction"]:
        overrun[one["team_id"], one["period_start"]] += max(0, one["charged_delta"])
    for period in found["budget_period"]:
        assert period["reserved"] == 0
        assert 0 <= period["settled"] <= period["limit_tokens"] + overrun[period["team_id"], period["period_start"]]


def days_hold(found: Found) -> None:
    """Count calls and tokens of each team, day, person and model once more, row by row.

    The product holds its sums against events by itself (`find_day_drift`), and could be wrong on both sides alike.
    """
    for kind in ("standard", "byom"):
        corrected = {one["call_id"]: one for one in found[f"{kind}_usage_correction"]}
        counted: Counter[Any] = Counter()
        for event in found[f"{kind}_usage_event"]:
            # Asking for a list of models is no usage.
            if event["purpose"] != "discovery":
                last = corrected.get(event["call_id"], event)
                used = (last["tokens_in"] or 0) + (last["tokens_out"] or 0)
                of = event["team_id"], event["at"].astimezone(UTC).date(), event["user_id"], event["model_id"]
                counted.update({(*of, "calls"): 1, (*of, "tokens"): used})
        summed: Counter[Any] = Counter()
        for row in found[f"{kind}_usage_day"]:
            used = sum(row[name] for name in ("reported_in", "reported_out", "estimated_in", "estimated_out"))
            of = row["team_id"], date(1970, 1, 1) + timedelta(days=row["day"]), row["user_id"], row["model_id"]
            summed.update({(*of, "calls"): row["calls"], (*of, "tokens"): used})
        assert summed == counted


def _is_as_told(told: Told, replies: Mapping[UUID, Mapping[str, Any]]) -> None:
    assert set(told.accepted) <= set(replies)
    for reply_id, receipt in told.ends.items():
        stored = replies[reply_id]
        names = ("state", "tokens_in", "tokens_out", "count_source")
        assert [receipt[name] for name in names] == [stored[name] for name in names]
