"""The watch over a quay, driven by hand: time passes when a test says so, and letters stay in a drawer."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from moorage.accounts.notices import Notices, Stationery
from moorage.accounts.post import Letter, Post
from moorage.api.sentences import sentence
from moorage.connections.checking import Checker
from moorage.connections.schedule import Rhythm
from moorage.connections.tables import ConnectionRow
from moorage.connections.telling import Teller
from moorage.connections.uses import UseCounter
from moorage.connections.watch import Watch
from moorage.connections.watch_tables import ConnectionWatchRow
from moorage.errors import Param
from moorage.reports.desk import Reports
from tests.connections.quay import Quay

EVERY = timedelta(minutes=5)
_MOMENTS = {
    "connection": ("health_at", "health_since", "good_at", "failing_since", "opened_at", "slow_since"),
    "connection_watch": ("due_at", "leased_until", "checked_at", "missing_since", "told_at"),
}


@dataclass
class Lookout:
    """One process's watch. `letters` holds what was mailed."""

    quay: Quay
    watch: Watch
    teller: Teller
    post: Post
    letters: list[Letter] = field(default_factory=list)

    async def row(self, connection_id: UUID) -> Any:
        """Give a connection's row."""
        return next(row for row in await self.quay.rows(ConnectionRow) if row.id == connection_id)

    async def plan(self, connection_id: UUID) -> Any:
        """Give what the watch has of a connection."""
        return next(row for row in await self.quay.rows(ConnectionWatchRow) if row.connection_id == connection_id)

    async def check(self) -> int:
        """Look at what is due; begins plans before."""
        await self.watch.judge()
        return await self.watch.check_due()

    async def later(self, **passed: float) -> None:
        """Let time pass: every moment that is stored lies further back."""
        microseconds = timedelta(**passed) // timedelta(microseconds=1)
        async with self.quay.database.write() as tx:
            for table, columns in _MOMENTS.items():
                moved = ", ".join(f"{column} = {column} - {microseconds}" for column in columns)
                await tx.exec_driver_sql(f"UPDATE {table} SET {moved}")

    async def mails(self) -> list[tuple[str, str]]:
        """Give (recipient, subject) of what was mailed since the last time."""
        await self.post.wait_until_tried()
        mails = [(letter.recipient, str(letter.message["Subject"])) for letter in self.letters]
        self.letters.clear()
        return mails


def lookout_over(quay: Quay, *, every: timedelta = EVERY, deadline_s: float = 5.0, **options: Any) -> Lookout:
    """Compose a watch over the quay's connections, as one process of a deployment."""
    letters: list[Letter] = []

    async def send(letter: Letter) -> None:
        letters.append(letter)

    def tell(code: str, params: dict[str, Param], locale: str) -> str:
        return sentence(code, params, "de" if locale == "de" else "en")

    post = Post(send)
    notices = Notices(quay.database, Stationery("moorage@example.com", "https://moorage.example.com", tell), post)
    rhythm = Rhythm(every, lambda: 0.5)
    checker = Checker(
        database=quay.database,
        door=quay.door,
        vault=quay.vault,
        rules=quay.rules,
        uses=UseCounter("lookout"),
        rhythm=rhythm,
        deadline_s=deadline_s,
    )
    teller = Teller(quay.database, notices)
    watch = Watch(quay.database, checker, teller, rhythm, Reports(), **options)
    return Lookout(quay, watch, teller, post, letters)
