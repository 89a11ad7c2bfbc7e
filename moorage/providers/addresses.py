"""Makes sense of the addresses that people paste; judges none of them (`egress.urls.parse_base_url` does).

Known endings are cut off, Azure's two URL styles are recognised, and the one query that is understood is
`api-version`. What is not understood is left as it is, so that the strict parser can name what is wrong with it.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from moorage.providers.protocol import Quirks

_ENDINGS: Final = ("/chat/completions", "/completions", "/responses", "/models")
_AZURE_HOSTS: Final = (".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com")
_DEPLOYMENT: Final = re.compile(r"(?P<base>.*/openai|)/deployments(?:/(?P<name>[^/]+))?(?:/.*)?")
_API_VERSION: Final = re.compile(r"api-version=(?P<version>[A-Za-z0-9.-]{1,32})")
_DEFAULT_API_VERSION: Final = "2024-10-21"


@dataclass(frozen=True, slots=True)
class Pasted:
    """What was understood. `base_url` is not judged yet; `notes` are names; the sentence of each is `note_<name>`.

    `model_hint`: the deployment that an Azure URL names, or None.
    """

    base_url: str
    quirks: Quirks
    notes: tuple[str, ...]
    model_hint: str | None = None


def read_pasted_url(text: str) -> Pasted:
    """Read what somebody pasted as base URL. Never fails."""
    text = text.strip()
    scheme, separator, rest = text.partition("://")
    if not separator or re.search(r"[\s\\#\x00-\x1f\x7f]", text):
        return Pasted(text, Quirks(), ())
    rest, has_query, query = rest.partition("?")
    api_version = _API_VERSION.fullmatch(query)
    if query and api_version is None:
        return Pasted(text, Quirks(), ())
    authority, _, path = rest.partition("/")
    path = f"/{path}".rstrip("/")
    version = api_version["version"] if api_version else None
    host = authority.rpartition("@")[2].partition(":")[0].lower().rstrip(".")
    if host.endswith(_AZURE_HOSTS) or _DEPLOYMENT.fullmatch(path):
        return _read_azure(f"{scheme}://{authority}", path, version)
    if has_query and query:
        # An api-version means something to Azure only; elsewhere the strict parser refuses the query.
        return Pasted(text, Quirks(), ())
    path, notes = _shorten(path)
    return Pasted(f"{scheme}://{authority}{path}", Quirks(), notes)


def _shorten(path: str) -> tuple[str, tuple[str, ...]]:
    notes: list[str] = []
    for ending in _ENDINGS:
        if path.endswith(ending):
            path = path.removesuffix(ending).rstrip("/")
            notes.append("path_trimmed")
            break
    while path.endswith("/v1/v1"):
        path = path.removesuffix("/v1")
        if "v1_folded" not in notes:
            notes.append("v1_folded")
    return path, tuple(notes)


def _read_azure(origin: str, path: str, version: str | None) -> Pasted:
    quirks = Quirks(auth="api_key", lists_base_models=True, api_version=version)
    deployment = _DEPLOYMENT.fullmatch(path)
    if deployment or (path == "/openai" and version):
        legacy = replace(
            quirks,
            azure_deployments=True,
            api_version=version or _DEFAULT_API_VERSION,
            models_path="/deployments",
            lists_base_models=False,
        )
        base = deployment["base"] if deployment else path
        name = deployment["name"] if deployment else None
        return Pasted(f"{origin}{base or '/openai'}", legacy, ("azure_recognised",), name)
    path, notes = _shorten(path)
    return Pasted(
        f"{origin}{path if path not in {'', '/openai'} else '/openai/v1'}", quirks, ("azure_recognised", *notes)
    )
