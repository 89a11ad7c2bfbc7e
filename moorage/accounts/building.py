"""What accounts are made of, put together once: one limit for all tries, one judge of passwords, one set of threads."""

import time
from dataclasses import dataclass

from moorage.accounts.authenticator_app import AppSecrets
from moorage.accounts.entry import Entrance
from moorage.accounts.limits import ResetLimit, SignInLimit
from moorage.accounts.notices import Notices
from moorage.accounts.own_factors import OwnFactors
from moorage.accounts.own_password import OwnPassword
from moorage.accounts.password_check import PasswordCheck
from moorage.accounts.password_policy import PasswordPolicy
from moorage.accounts.people import People
from moorage.accounts.resets import Resets
from moorage.accounts.second_step import SecondStep
from moorage.storage.database import Database
from moorage.vault.keys import Vault
from moorage.vault.passwords import Passwords


@dataclass(frozen=True, slots=True)
class Accounts:
    """The parts that know people."""

    entrance: Entrance
    people: People
    own_password: OwnPassword
    resets: Resets
    notices: Notices
    second_step: SecondStep
    own_factors: OwnFactors


def build_accounts(
    database: Database,
    vault: Vault,
    *,
    sign_up_open: bool,
    only_provider: bool = False,
    notices: Notices | None = None,
    passwords: Passwords | None = None,
    limit: SignInLimit | None = None,
    reset_limit: ResetLimit | None = None,
    failure_takes_s: float = 0.4,
) -> Accounts:
    """Put the parts together. `failure_takes_s`: every failed check of a password takes that long."""
    notices, passwords, policy = notices or Notices(), passwords or Passwords(), PasswordPolicy()
    limit = limit or SignInLimit(time.monotonic)
    check = PasswordCheck(database, passwords, limit, failure_takes_s=failure_takes_s, only_provider=only_provider)
    entrance = Entrance(database, notices, only_provider=only_provider)
    return Accounts(
        entrance=entrance,
        people=People(
            database,
            sign_up_open=sign_up_open,
            entrance=entrance,
            check=check,
            passwords=passwords,
            policy=policy,
            limit=limit,
        ),
        own_password=OwnPassword(database, check=check, passwords=passwords, policy=policy, notices=notices),
        resets=Resets(
            database,
            passwords=passwords,
            policy=policy,
            notices=notices,
            limit=reset_limit or ResetLimit(time.monotonic),
        ),
        notices=notices,
        second_step=SecondStep(database, AppSecrets(vault), entrance=entrance),
        own_factors=OwnFactors(database, AppSecrets(vault)),
    )
