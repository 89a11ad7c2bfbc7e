"""From a stored connection's row to something that speaks to its endpoint, for whoever was admitted and counted."""

from typing import Any

from sqlalchemy import Row as ResultRow

from moorage.accounts.access import Admission
from moorage.connections.adapters import adapter_of, speak_as
from moorage.connections.admitted import AdmittedDoor
from moorage.connections.credentials import Credentials, StoredReach
from moorage.connections.uses import KeyUse
from moorage.egress.door import Door, Scope
from moorage.providers.openai_compatible import OpenAICompatible
from moorage.providers.protocol import Quirks


async def speak_to_stored(
    door: Door, credentials: Credentials, admission: Admission, row: ResultRow[Any], use: KeyUse
) -> OpenAICompatible:
    """Open the row's address and key and give what speaks to it; nothing is sent yet. Not inside a transaction.

    Raises as `TeamCredentials.open` and `Vault.of`.
    """
    stored = StoredReach.of_row(row)
    reach = (await credentials.of(row.team_id, *stored.envelopes)).open(use, stored)
    scope = Scope(str(row.team_id), str(row.id))
    line = AdmittedDoor(door, admission).line(scope, reach.endpoint, reach.trust)
    quirks = Quirks.from_json(row.quirks)
    return speak_as(adapter_of(row.provider), line, reach.endpoint, reach.key, quirks=quirks)
