"""How this deployment shows at a provider's token endpoint who it is; the secret stays a Secret until it is sent."""

import base64
from urllib.parse import quote_plus

from moorage.vault.secret import Secret


def basic_credential(client_id: str, secret: Secret) -> Secret:
    """Give the value of an Authorization header: `Basic …`, both parts form-encoded first (RFC 6749 section 2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret.reveal())}"
    return Secret("Basic " + base64.b64encode(pair.encode("ascii")).decode("ascii"))
