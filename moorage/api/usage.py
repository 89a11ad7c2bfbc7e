"""Statistics over HTTP: owners and admins see the team, members see themselves."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from fastapi import Query

from moorage.accounts.permissions import Permission, allows
from moorage.api.parts import PartsDep
from moorage.api.schemas.oversight import Tokens, UsageDay, UsageLog, UsageRow, UsageView
from moorage.api.signed_in import SignedIn
from moorage.connections.store import ConnectionStore
from moorage.errors import Invalid
from moorage.usage.statistics import Statistics, TokenSum, UsageReport

MAX_DAYS = 400
# A month of days and more must fit before and after whatever is asked for.
EARLIEST, LATEST = date(1970, 1, 1), date(9990, 12, 31)


async def get_usage(
    parts: PartsDep,
    who: SignedIn,
    first: Annotated[date | None, Query(alias="from", ge=EARLIEST, le=LATEST)] = None,
    last: Annotated[date | None, Query(alias="to", ge=EARLIEST, le=LATEST)] = None,
) -> UsageView:
    """Usage of a range of days (UTC), by default the last 30; own and standard models apart."""
    last = last or datetime.now(UTC).date()
    first = first or last - timedelta(days=29)
    if first > last or (last - first).days > MAX_DAYS:
        raise Invalid("range_invalid", field="from", days=MAX_DAYS)
    whose = None if allows(who.role, Permission.SEE_TEAM_USAGE) else who.user_id
    async with parts.database.read() as tx:
        statistics = Statistics(tx, who.team_id, whose)
        byom = await statistics.report("byom", first, last)
        standard = await statistics.report("standard", first, last)
        names = {str(key): name for key, name in (await ConnectionStore(tx, who.team_id).names()).items()}
    return UsageView(
        from_day=first.isoformat(),
        to_day=last.isoformat(),
        byom=_log("byom", byom, names),
        standard=_log("standard", standard, parts.picker.provider_names()),
    )


def _log(kind: Literal["byom", "standard"], report: UsageReport, names: dict[str, str]) -> UsageLog:
    return UsageLog(
        kind=kind,
        total=_tokens(report.total),
        calls=report.calls,
        rows=[
            UsageRow(
                connection_id=row.source_id if kind == "byom" else None,
                connection_name=names.get(row.source_id, row.source_id if kind == "standard" else "–"),
                model_id=row.model_id,
                calls=row.calls,
                failed_calls=row.failed_calls,
                tokens=_tokens(row.tokens),
                ttft_ms=row.ttft_ms,
            )
            for row in report.rows
        ],
        days=[UsageDay(day=day, tokens=_tokens(tokens)) for day, tokens in report.days],
    )


def _tokens(total: TokenSum) -> Tokens:
    return Tokens(
        tokens_in=total.tokens_in,
        tokens_out=total.tokens_out,
        reported_calls=total.reported_calls,
        estimated_calls=total.estimated_calls,
        missing_calls=total.missing_calls,
    )
