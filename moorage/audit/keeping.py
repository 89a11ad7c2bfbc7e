"""What goes on beside the trail as long as the process runs: pruning by each team's rule, and anchors outside."""

import asyncio
import contextlib
from pathlib import Path
from typing import Final

from moorage.audit.anchors import AnchorWriter
from moorage.audit.pen import pen_of
from moorage.audit.pruning import Pruner
from moorage.errors import Unavailable
from moorage.reports.desk import Reports
from moorage.reports.steady import Steady
from moorage.storage.database import Database

_LOOK_EVERY_S: Final = 2.0


class TrailKeeper:
    """One per process. Without a file there are no anchors."""

    def __init__(
        self,
        database: Database,
        anchor_file: Path | None,
        reports: Reports,
        *,
        look_every_s: float = _LOOK_EVERY_S,
    ) -> None:
        self._database = database
        self._look_every_s = look_every_s
        self._renewer = Steady(self._renew, reports, name="audit-keys", event="audit_keys_not_read")
        self._pruner = Pruner(database, reports)
        self._anchors = None if anchor_file is None else AnchorWriter(database, anchor_file, reports)

    def require_ready(self) -> None:
        """Raise Unavailable("anchor_file_unwritable") before anything begins."""
        if self._anchors is not None:
            self._anchors.require_writable()

    def start(self) -> None:
        """Begin. Needs a running event loop."""
        self._pruner.start()
        self._renewer.start()
        if self._anchors is not None:
            self._anchors.start()

    async def close(self) -> None:
        """Stop; the last heads are anchored. The database must still be open."""
        await self._renewer.aclose()
        await self._pruner.close()
        if self._anchors is not None:
            await self._anchors.close()

    async def _renew(self) -> None:
        """Fetch what a signing key of another process needs. An act that met one meanwhile is told to try again."""
        await asyncio.sleep(self._look_every_s)
        with contextlib.suppress(Unavailable):  # database or key store are away, and say so themselves
            async with self._database.read() as tx:
                pen = pen_of(tx)
                await pen.catch_up(tx)
            if pen.lacks_keys:
                await pen.renew(self._database)
