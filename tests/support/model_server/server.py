"""Routes, counts and the ordinary answers; the other kind is in misbehaviour.py."""

import asyncio
import contextlib
import json
import re
import socket
import ssl
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Final, Literal, Self

from tests.support.model_server.misbehaviour import ANSWERS, LEAK_MARKER, Exchange, refuse
from tests.support.model_server.parts import refuse_parts
from tests.support.model_server.report import write_report
from tests.support.model_server.shapes import SHAPES
from tests.support.model_server.wire import Answerer, Request, read_request

SHORT = 64
Listing = Literal["models", "none", "html", "empty", "not-json", "hangs"]
__all__ = ["LEAK_MARKER", "Counts", "ModelServer"]
_KNOWN: Final = {**ANSWERS, **SHAPES, "report": write_report}


@dataclass
class Counts:
    """The ground truth: what the server knows to have happened."""

    connections: int = 0
    open_connections: int = 0
    requests: int = 0
    list_requests: int = 0
    chat_requests: int = 0
    completed: int = 0
    tokens: int = 0
    tokens_by_request: dict[str, int] = field(default_factory=dict)
    """Words sent, by the `id` that the events of the answer carry; the latest 10,000 requests."""


class ModelServer:
    """Serves on loopback from `async with` on. `context=None` speaks plain HTTP (for the case 'no TLS here').

    `key`: required as Bearer or `api-key` if given. `listing`: what `/models` answers. `prefix`: where the API lives.
    `listener`: a bound socket instead of `host` and `port`.
    """

    def __init__(
        self,
        context: ssl.SSLContext | None,
        *,
        name: str = "localhost",
        host: str = "127.0.0.1",
        port: int = 0,
        key: str | None = None,
        listing: Listing = "models",
        models: Sequence[str] = ("steady", "echo"),
        prefix: str = "/v1",
        listener: socket.socket | None = None,
    ) -> None:
        self.counts = Counts()
        self.released = asyncio.Event()
        self.last_request: Request | None = None
        self.last_chat: dict[str, object] = {}
        self.short_as: str | None = None
        # Whatever model is asked for answers as this one.
        self.answers_as: str | None = None
        """The model id whose way answers what asks for at most 64 tokens, whatever model it names."""
        self.key = key
        # A second key that is valid, too, as at any provider while one is replaced.
        self.also_takes: str | None = None
        self.listing: Listing = listing
        self.models = list(models)
        self.context_length = 8192
        self.port = port
        self._context = context
        self._name = name
        self._host = host
        self._prefix = prefix
        self._listener = listener
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        """The address that a person would paste."""
        return f"{'https' if self._context else 'http'}://{self._name}:{self.port}{self._prefix}"

    @property
    def last_headers(self) -> dict[str, str]:
        """Headers of the latest request, names in lower case."""
        return dict(self.last_request.headers) if self.last_request else {}

    def release(self) -> None:
        """Let everything that hangs go on; later requests don't hang at all."""
        self.released.set()

    async def __aenter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = self._listener or socket.create_server((self._host, self.port), family=family)
        self._server = await asyncio.start_server(
            self._serve, sock=listener, ssl=self._context, limit=1024 * 1024, backlog=4096
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        self.counts.connections += 1
        self.counts.open_connections += 1
        try:
            with contextlib.suppress(ConnectionError, OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._answer_all(reader, writer)
        finally:
            self.counts.open_connections -= 1
            writer.transport.abort()
            if task is not None:
                self._tasks.discard(task)

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (request := await read_request(reader)) is not None:
            answerer = Answerer(reader, writer, self.released)
            if request.path != "/counts":
                self.counts.requests += 1
                self.last_request = request
            await self._answer(request, answerer)
            if not answerer.is_kept:
                return

    async def _answer(self, request: Request, answerer: Answerer) -> None:
        if request.path == "/counts":
            await answerer.send_json(asdict(self.counts))
        elif request.method == "GET" and request.path in {f"{self._prefix}/models", "/openai/deployments"}:
            await (self._list_models(answerer) if self._has_key(request) else refuse(answerer, "error-401"))
        elif request.method == "POST" and (match := self._match_chat(request.path)):
            await (
                self._chat(request, answerer, match["deployment"])
                if self._has_key(request)
                else refuse(answerer, "error-401")
            )
        else:
            # Like vLLM, only what exists is guarded.
            await answerer.send_json({"detail": "Not Found"}, 404)

    def _has_key(self, request: Request) -> bool:
        sent = (request.headers.get("authorization", "").removeprefix("Bearer "), request.headers.get("api-key"))
        return self.key is None or self.key in sent or (self.also_takes is not None and self.also_takes in sent)

    def _match_chat(self, path: str) -> re.Match[str] | None:
        prefix = re.escape(self._prefix)
        return re.fullmatch(f"(?:{prefix}|/openai/deployments/(?P<deployment>[^/]+))/chat/completions", path)

    async def _list_models(self, answerer: Answerer) -> None:
        self.counts.list_requests += 1
        if self.listing == "hangs":
            await self.released.wait()
        if self.listing == "none":
            await answerer.send_json({"detail": f"Not Found {LEAK_MARKER}"}, 404)
        elif self.listing == "html":
            await answerer.send(200, f"<!doctype html><title>Sign in {LEAK_MARKER}</title>".encode(), "text/html")
        elif self.listing == "not-json":
            await answerer.send(200, f"hello {LEAK_MARKER}".encode(), "text/plain")
        else:
            names = [] if self.listing == "empty" else self.models
            data = [
                {"id": name, "object": "model", "owned_by": "tests", "max_model_len": self.context_length}
                for name in names
            ]
            await answerer.send_json({"object": "list", "data": data})

    async def _chat(self, request: Request, answerer: Answerer, deployment: str | None) -> None:
        self.counts.chat_requests += 1
        asked = self.last_chat = request.json()
        exchange = Exchange(
            f"chatcmpl-{self.counts.chat_requests}", deployment or str(asked.get("model")), asked, answerer
        )
        self._note(exchange)
        limit = asked.get("max_tokens")
        if self.short_as is not None and isinstance(limit, int) and limit <= SHORT:
            exchange.model = self.short_as
        exchange.model = self.answers_as or exchange.model
        family = re.sub(r"-\d+$", "", exchange.model)
        if exchange.model.startswith("steady"):
            family = "steady"
        answer = _KNOWN.get(exchange.model) or _KNOWN.get(family)
        refused = refuse_parts(asked, exchange.model)
        if refused is not None:
            await answerer.send_json({"error": {"message": f"{refused} {LEAK_MARKER}", "code": 400}}, 400)
            return
        try:
            if answer is None:
                await refuse(answerer, "error-404-model")
            else:
                await answer(exchange)
                self.counts.completed += 1
        finally:
            self.counts.tokens += exchange.tokens
            self.counts.tokens_by_request[exchange.id] = exchange.tokens
            if len(self.counts.tokens_by_request) > 10_000:
                self.counts.tokens_by_request.pop(next(iter(self.counts.tokens_by_request)))

    def _note(self, exchange: Exchange) -> None:
        """Hear of a call before it is answered; `exchange.tokens` grows while words are sent."""


def describe(server: ModelServer) -> str:
    """One line of JSON for whoever started the server as a process."""
    return json.dumps({"port": server.port, "base_url": server.base_url})
