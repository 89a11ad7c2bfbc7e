"""Exports of usage: what one may see and no more, one log a file, streamed, and no formula in any cell."""

import csv
import io
import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from moorage.accounts.tables import UserRow
from moorage.connections.tables import ConnectionRow
from moorage.usage.exporting import BATCH, COLUMNS
from tests.api.office import DAY, Office, office
from tests.support.running import Person

__all__ = ["office"]

MARCH = {"from_day": "2026-03-01", "to_day": "2026-03-31"}


async def export(person: Person, kind: str = "byom", name: str = "csv", **days: str) -> list[dict[str, Any]]:
    """Export, and read the file."""
    answer = await person.call("POST", "/api/usage/exports", {"kind": kind, "format": name, **MARCH, **days})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    if name == "csv":
        assert answer.headers["content-type"].startswith("text/csv")
        lines = list(csv.DictReader(io.StringIO(answer.text, newline="")))
        assert all(tuple(line) == COLUMNS for line in lines)
        return lines
    opening, *rows, end = [json.loads(line) for line in answer.text.splitlines()]
    assert (opening["type"], opening["log"], opening["from"]) == ("export", kind, days.get("from_day", "2026-03-01"))
    assert end == {"type": "end", "lines": len(rows)}
    return rows


async def test_an_export_holds_what_its_reader_may_see_of_one_log(office: Office) -> None:
    await office.put(
        office.row(office.olga, calls=2),
        office.row(office.mia, calls=3),
        office.row(office.eve, calls=40),
        office.row(office.mia, date(2026, 2, 28), calls=500),
        office.row(office.mia, date(2026, 4, 1), calls=600),
        office.row(office.mia, kind="standard", provider="mistral", calls=5),
    )
    for name in ("csv", "ndjson"):
        own = await export(office.adam, name=name)
        assert sorted((row["person"], int(row["calls"])) for row in own) == [("Mia", 3), ("Olga", 2)]
        assert {row["source"] for row in own} == {"Kanzlei GPU"}
        assert [(row["person"], int(row["calls"])) for row in await export(office.mia, name=name)] == [("Mia", 3)]
        [standard] = await export(office.olga, "standard", name)
        assert (standard["source_id"], int(standard["calls"])) == ("mistral", 5)
    acts = [one for one in (await office.olga.get("/api/audit"))["entries"] if one["action"] == "usage.exported"]
    assert len(acts) == 6
    by_mia = next(one for one in acts if one["actor"] == "Mia")
    assert (by_mia["details"]["filtered"], by_mia["details"]["from"]) == (True, "2026-03-01")


async def test_what_nobody_counted_is_empty_and_not_a_zero_and_prices_are_for_managers(office: Office) -> None:
    """P16."""
    await office.put(
        office.row(office.mia, reported_calls=0, missing_calls=1, reported_in=0, reported_out=0, ttft_calls=0),
        office.row(
            office.mia, model_id="other", reported_calls=0, reported_in=0, estimated_calls=1, estimated_in=10**6
        ),
    )
    price = {"currency": "EUR", "per_million_in": "0.1", "per_million_out": "0"}
    for model_id in ("steady", "other"):
        wish = {"model_id": model_id, "price": price}
        assert (await office.olga.call("PUT", f"/api/usage/prices/{office.connection}", wish)).is_success
    other, missing = sorted(await export(office.olga), key=lambda row: row["model_id"])
    assert (missing["reported_tokens_in"], missing["estimated_tokens_in"], missing["mean_ttft_ms"]) == ("", "", "")
    assert (missing["would_have_cost"], missing["currency"]) == ("", "")
    assert (other["reported_tokens_in"], other["estimated_tokens_in"]) == ("", "1000000")
    assert (other["would_have_cost"], other["currency"]) == ("0.1", "EUR")
    assert {(row["would_have_cost"], row["currency"]) for row in await export(office.mia)} == {("", "")}


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t=", "\r=", "\uff1d"])
async def test_no_cell_becomes_a_formula(office: Office, sign: str) -> None:
    evil = sign + 'HYPERLINK("http://evil.example";"x")'
    await office.put(office.row(office.mia, model_id=evil))
    async with office.harbour.built.parts.database.write() as tx:
        await tx.execute(update(ConnectionRow).values(name=evil))
        await tx.execute(update(UserRow).values(name=evil))
    [row] = await export(office.olga)
    for column in ("source", "model_id", "person"):
        assert row[column] == f"'{evil}"
    [line] = await export(office.olga, name="ndjson")
    assert line["model_id"] == evil, "where nothing reads formulas, what people wrote stays as it is"


async def test_a_long_export_is_read_batch_by_batch_and_loses_no_line(office: Office) -> None:
    await office.put(*(office.row(office.mia, model_id=f"model-{place:05}") for place in range(2 * BATCH + 1)))
    rows = await export(office.olga)
    assert [row["model_id"] for row in rows] == [f"model-{place:05}" for place in range(2 * BATCH + 1)]
    assert {row["day"] for row in rows} == {DAY.isoformat()}


async def test_a_range_that_can_not_be_is_refused_before_anything_is_recorded(office: Office) -> None:
    wish = {"kind": "byom", "format": "csv", "from_day": "2026-03-02", "to_day": "2026-03-01"}
    answer = await office.olga.call("POST", "/api/usage/exports", wish)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "range_invalid")
    acts = [one["action"] for one in (await office.olga.get("/api/audit"))["entries"]]
    assert "usage.exported" not in acts
