"""How people come in and hear from us: accounts, mail, identity providers."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from moorage.accounts.building import Accounts, build_accounts
from moorage.accounts.notices import Notices, Stationery
from moorage.accounts.oidc.client import OidcClient, Registration
from moorage.accounts.post import Letter, Post
from moorage.accounts.provider_logout import ProviderLogout
from moorage.accounts.provider_sign_in import ProviderSignIn
from moorage.accounts.provider_trial import ProviderTrial
from moorage.accounts.providers import DeploymentProvider, Providers
from moorage.accounts.role_map import parse_rules
from moorage.api.sentences import sentence
from moorage.composition.ground import Ground
from moorage.connections.credentials import AddressRules
from moorage.egress.door import Door
from moorage.egress.mail import parse_mail_url
from moorage.egress.operators import parse_service_url
from moorage.errors import Param
from moorage.reports.desk import Reports
from moorage.settings import Settings
from moorage.storage.database import Database
from moorage.vault.keys import Vault
from moorage.vault.secret import Secret


@dataclass(frozen=True, slots=True)
class WaysIn:
    """All that has to do with who somebody is."""

    accounts: Accounts
    post: Post | None
    providers: Providers
    provider_sign_in: ProviderSignIn
    provider_trial: ProviderTrial
    provider_logout: ProviderLogout


def build_ways_in(
    settings: Settings,
    database: Database,
    vault: Vault,
    *,
    door: Door,
    ground: Ground,
    rules: AddressRules,
) -> WaysIn:
    """Make them. Raises MoorageError for an address in the settings that can't be used."""
    post, is_open = build_post(settings, ground.operator_door, ground.reports), settings.sign_up == "open"
    providers = Providers(
        database=database,
        vault=vault,
        door=door,
        operator_door=ground.operator_door,
        read_url=rules.read,
        read_operator_url=parse_service_url,
        deployment=read_provider(settings),
    )
    oidc = OidcClient()
    accounts = build_accounts(
        database,
        vault,
        sign_up_open=is_open,
        only_provider=settings.oidc_only,
        notices=build_notices(settings, database, post),
        passwords=ground.passwords,
    )
    return WaysIn(
        accounts=accounts,
        post=post,
        providers=providers,
        provider_sign_in=ProviderSignIn(
            database=database, providers=providers, client=oidc, entrance=accounts.entrance, sign_up_open=is_open
        ),
        provider_trial=ProviderTrial(oidc),
        provider_logout=ProviderLogout(database=database, providers=providers, client=oidc),
    )


def read_provider(settings: Settings) -> DeploymentProvider | None:
    """Read the deployment's identity provider; None without. Raises MoorageError for what is no URL."""
    if not settings.oidc_issuer:
        return None
    parse_service_url(settings.oidc_issuer)
    secret = settings.oidc_secret_text()
    scopes = dict.fromkeys(["openid", *settings.oidc_scopes.split()])
    registration = Registration(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=None if secret is None else Secret(secret),
        scopes=" ".join(scopes),
        groups_claim=settings.oidc_groups_claim,
    )
    return DeploymentProvider(
        name=settings.oidc_name or urlsplit(settings.oidc_issuer).hostname or "",
        registration=registration,
        roles=parse_rules(settings.oidc_roles),
        home_team=settings.oidc_team,
        only=settings.oidc_only,
    )


def build_post(settings: Settings, door: Door, reports: Reports) -> Post | None:
    """Make the outgoing post, None without a mail server. Raises Unavailable("mail_url_invalid")."""
    if settings.smtp_url is None:
        return None
    line = door.mail_line(parse_mail_url(settings.smtp_url.get_secret_value(), settings.smtp_password()))

    async def send(letter: Letter) -> None:
        await line.send(letter.message, sender=letter.sender, recipient=letter.recipient)

    return Post(send, reports)


def build_notices(settings: Settings, database: Database, post: Post | None) -> Notices:
    """Make what tells people by mail, in their language; without a mail server it tells nobody."""
    if post is None:
        return Notices()

    def tell(code: str, params: dict[str, Param], locale: str) -> str:
        return sentence(code, params, "de" if locale == "de" else "en")

    return Notices(database, Stationery(settings.mail_from, settings.public_url, tell), post)
