"""The built pages: hashed assets for ever, index.html for every client-side route, under a strict policy."""

from importlib import resources
from pathlib import Path
from typing import Final

from fastapi import HTTPException
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from moorage.errors import NotFound

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

# What a page may ask of the browser: passkeys. Everything else that has a name is refused, to frames as well.
REFUSED_FEATURES: Final = (
    "accelerometer", "autoplay", "browsing-topics",
    "camera", "compute-pressure", "display-capture", "encrypted-media", "fullscreen", "gamepad",
    "geolocation", "gyroscope", "hid", "identity-credentials-get", "idle-detection", "keyboard-map", "local-fonts",
    "magnetometer", "microphone", "midi", "otp-credentials", "payment", "picture-in-picture", "screen-wake-lock",
    "serial", "speaker-selection", "storage-access", "sync-xhr", "usb", "window-management",
    "xr-spatial-tracking",
)  # fmt: skip
PERMISSIONS_POLICY: Final = ", ".join(
    [
        *(f"{feature}=()" for feature in REFUSED_FEATURES),
        "publickey-credentials-create=(self)",
        "publickey-credentials-get=(self)",
        "clipboard-write=(self)",
    ]
)

SECURITY_HEADERS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"permissions-policy", PERMISSIONS_POLICY.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-permitted-cross-domain-policies", b"none"),
)

NOT_BUILT: Final = (
    "<!doctype html><html lang=en><title>Moorage</title><h1>The pages are not built yet</h1>"
    "<p>Run <code>make run</code>, which builds them.</p>"
)


class Pages:
    """Serves the folder that `web/` was built into."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(str(resources.files("moorage"))) / "static"

    async def serve(self, path: str = "") -> Response:
        """Give a built file, or index.html for a route of the pages."""
        if path.startswith("api/"):
            raise NotFound("not_found")
        file = self._find(path)
        if file is not None:
            return FileResponse(file, headers={"Cache-Control": _cache_of(path)})
        if path.startswith("assets/"):
            raise NotFound("not_found")
        index = self._folder / "index.html"
        if not index.is_file():
            return HTMLResponse(NOT_BUILT, status_code=503)
        return FileResponse(index, headers={"Cache-Control": "no-store"})

    async def look(self, path: str = "") -> Response:
        """Answer HEAD as `serve` answers GET, without a body: what watches a site asks so. The API has no HEAD."""
        if path.startswith("api/"):
            raise HTTPException(405)
        return await self.serve(path)

    def _find(self, path: str) -> Path | None:
        try:
            file = (self._folder / path).resolve()
            return file if path and file.is_relative_to(self._folder.resolve()) and file.is_file() else None
        except (OSError, ValueError):
            # A name that no file can have: too long, or with a NUL.
            return None


HSTS: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
NO_STORE: Final = (b"cache-control", b"no-store")


class SecurityHeaders:
    """Adds the security headers to every answer, HSTS where people come over https, no-store to what the API says."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        added = SECURITY_HEADERS
        if self._https or scope["scheme"] == "https":
            added = (*added, HSTS)
        is_api = scope["path"].startswith("/api/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                if is_api:
                    headers = [*(pair for pair in headers if pair[0] != NO_STORE[0]), NO_STORE]
                message["headers"] = [*headers, *added]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _cache_of(path: str) -> str:
    # Everything under assets/ carries a hash of its content in its name.
    return "public, max-age=31536000, immutable" if path.startswith("assets/") else "no-cache"
