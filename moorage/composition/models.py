"""Everything about models, as the operator configured it: the catalogue, own connections, who may use what, names."""

from dataclasses import dataclass

from moorage.composition.ground import Ground
from moorage.composition.operating import build_standard_keys
from moorage.composition.sign_in import WaysIn
from moorage.composition.watching import build_watch
from moorage.connections.aliases import Aliases
from moorage.connections.catalogue import Catalogue
from moorage.connections.credentials import AddressRules
from moorage.connections.facade import Connections
from moorage.connections.model_access import ModelAccess
from moorage.connections.old_uses import UseCleaner
from moorage.connections.opening import ProviderDesk
from moorage.connections.picker import Picker
from moorage.connections.prices import Prices
from moorage.connections.undertakings import Undertakings
from moorage.connections.uses import UseCounter
from moorage.connections.watch import Watch
from moorage.egress.door import Door
from moorage.operating.providers import StandardKeys
from moorage.settings import Settings
from moorage.storage.database import Database
from moorage.usage.ledger import Ledger
from moorage.vault.keys import Vault
from moorage.vault.secret import Secret


@dataclass(frozen=True, slots=True)
class ModelParts:
    """What writes with models and what rules them."""

    picker: Picker
    desk: ProviderDesk
    connections: Connections
    model_access: ModelAccess
    aliases: Aliases
    prices: Prices
    undertakings: Undertakings
    watch: Watch
    use_cleaner: UseCleaner
    standard_keys: StandardKeys


def build_models(
    settings: Settings,
    ground: Ground,
    ways_in: WaysIn,
    ledger: Ledger,
    *,
    database: Database,
    door: Door,
    vault: Vault,
    rules: AddressRules,
) -> ModelParts:
    """Make them. Raises Unavailable for a catalogue that can't be read."""
    keys = {name: Secret(key) for name, key in settings.keys_of_providers().items()}
    catalogue = Catalogue.load(settings.catalogue, keys)
    uses = UseCounter(ledger.instance)
    return ModelParts(
        picker=Picker(catalogue, demo=settings.demo, uses=uses),
        desk=ProviderDesk(database, door, vault, catalogue, rules=rules, demo_pause_s=settings.demo_pause_ms / 1000),
        connections=Connections(
            database=database, door=door, vault=vault, ledger=ledger, rules=rules, uses=uses, reports=ground.reports
        ),
        model_access=ModelAccess(database, catalogue),
        aliases=Aliases(database, catalogue),
        prices=Prices(database, catalogue),
        undertakings=Undertakings(database, catalogue),
        watch=build_watch(
            settings,
            ground,
            ways_in,
            database=database,
            door=door,
            vault=vault,
            rules=rules,
            uses=uses,
            catalogue=catalogue,
        ),
        use_cleaner=UseCleaner(database, ground.reports),
        standard_keys=build_standard_keys(database, catalogue, door, rules, uses),
    )
