"""A server that answers each chat request with the bytes that a test gives it, under the content type that it says."""

import ssl
from typing import Any

from tests.support.model_server.server import ModelServer
from tests.support.model_server.wire import Answerer, Request


class ExactServer(ModelServer):
    """`pieces` are sent one HTTP chunk each, `content_type` goes before them; None sends none."""

    def __init__(self, context: ssl.SSLContext | None, **more: Any) -> None:
        super().__init__(context, **more)
        self.status = 200
        self.content_type = "text/event-stream"
        self.pieces: list[bytes] = []

    async def _answer(self, request: Request, answerer: Answerer) -> None:
        self.counts.chat_requests += 1
        if self.status == 200:
            await answerer.start_stream(self.content_type)
            await answerer.write(*self.pieces)
            await answerer.end_stream()
        else:
            await answerer.send(self.status, b"".join(self.pieces), self.content_type)
