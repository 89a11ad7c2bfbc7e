"""The operator's desk as it is configured: the keys of standard providers, and billing."""

from functools import partial

from moorage.connections.catalogue import Catalogue
from moorage.connections.credentials import AddressRules
from moorage.connections.offered import ask_for_offer
from moorage.connections.uses import UseCounter
from moorage.egress.door import Door
from moorage.operating.billing import Billing
from moorage.operating.providers import StandardKeys
from moorage.settings import Settings
from moorage.storage.database import Database
from moorage.usage.budgets import Budgets
from moorage.vault.secret import Secret
from moorage.vault.shared_keys import SharedKeys


def build_standard_keys(
    database: Database, catalogue: Catalogue, door: Door, rules: AddressRules, uses: UseCounter
) -> StandardKeys:
    """Make what tells and tests the keys of standard providers."""
    return StandardKeys(database, catalogue, partial(ask_for_offer, door, rules), uses)


def build_billing(settings: Settings, database: Database, budgets: Budgets) -> Billing:
    """Make what takes billing events. Raises SettingsError for a key that is too short."""
    keys = [Secret(key) for key in settings.billing_keys()]
    return Billing(database, SharedKeys(keys) if keys else None, budgets)
