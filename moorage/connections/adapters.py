"""Which kind of endpoint is spoken to in which way: the kinds that a team can connect, one line each."""

from typing import Final, assert_never, cast

from moorage.egress.door import Line
from moorage.egress.urls import Endpoint
from moorage.providers.ollama import PATIENCE as WAITS_FOR_LOADING
from moorage.providers.ollama import Ollama
from moorage.providers.openai_compatible import OpenAICompatible
from moorage.providers.openrouter import ADDRESS as OPENROUTER
from moorage.providers.openrouter import OpenRouter
from moorage.providers.protocol import Adapter, ModelFacts, Quirks
from moorage.providers.speaking import Patience
from moorage.vault.secret import Secret

# What has one address for everybody: whatever is typed, this is where it goes.
FIXED_ADDRESSES: Final = {"openrouter": OPENROUTER}


def adapter_of(stored: str) -> Adapter:
    """Read the kind of a stored connection."""
    return cast("Adapter", stored) if stored in {"ollama", "openrouter"} else "openai_compatible"


def speak_as(
    adapter: Adapter,
    line: Line,
    endpoint: Endpoint,
    key: Secret | None,
    *,
    quirks: Quirks = Quirks(),  # noqa: B008 - frozen
    facts: ModelFacts = ModelFacts(),  # noqa: B008 - frozen
    patience: Patience | None = None,
) -> OpenAICompatible:
    """Give what speaks to a team's own endpoint. `patience` None: as long as its kind needs."""
    match adapter:
        case "ollama":
            return Ollama(line, endpoint, key, facts, quirks, patience or WAITS_FOR_LOADING)
        case "openrouter":
            return OpenRouter(line, endpoint, key, quirks, patience or Patience())
        case "openai_compatible":
            return OpenAICompatible(line, endpoint, key, quirks, patience or Patience())
        case _:
            assert_never(adapter)
