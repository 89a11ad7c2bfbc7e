"""The watch over connections as the operator configured it."""

from datetime import timedelta
from random import SystemRandom

from moorage.composition.ground import Ground
from moorage.composition.sign_in import WaysIn
from moorage.connections.catalogue import Catalogue
from moorage.connections.checking import Checker
from moorage.connections.credentials import AddressRules
from moorage.connections.schedule import Rhythm
from moorage.connections.telling import Teller
from moorage.connections.undertaking_news import UndertakingTeller
from moorage.connections.uses import UseCounter
from moorage.connections.watch import Watch
from moorage.egress.door import Door
from moorage.settings import Settings
from moorage.storage.database import Database
from moorage.vault.keys import Vault


def build_watch(
    settings: Settings,
    ground: Ground,
    ways_in: WaysIn,
    *,
    database: Database,
    door: Door,
    vault: Vault,
    rules: AddressRules,
    uses: UseCounter,
    catalogue: Catalogue,
) -> Watch:
    """Make it; nothing runs before its start."""
    rhythm = Rhythm(timedelta(seconds=settings.check_every_s), SystemRandom().random)
    checker = Checker(database=database, door=door, vault=vault, rules=rules, uses=uses, rhythm=rhythm)
    notices = ways_in.accounts.notices
    undertakings = UndertakingTeller(database, notices, catalogue)
    return Watch(database, checker, Teller(database, notices), rhythm, ground.reports, undertakings)
