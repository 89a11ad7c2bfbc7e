"""A gateway with models of several makers behind it, each refusing something else, in the words of a real one.

The model's name says what it refuses, `steady-` before it: `no-system`, `no-stream`, `stream-only`, `no-usage`
(`stream_options`), `new-limit` (`max_tokens`), `no-limit` (both names). Several are joined by `+`.
"""

# ruff: noqa: E501 - recorded words are easier to read on one line

from collections.abc import Callable, Mapping

from tests.support.model_server.misbehaviour import LEAK_MARKER
from tests.support.model_server.server import ModelServer
from tests.support.model_server.wire import Answerer, Request

Asked = Mapping[str, object]


def _has_system(asked: Asked) -> bool:
    messages = asked.get("messages")
    return isinstance(messages, list) and any(message["role"] == "system" for message in messages)


def _openai(message: str, param: str, code: str = "unsupported_parameter") -> dict[str, object]:
    return {"error": {"message": f"{message} {LEAK_MARKER}", "param": param, "code": code}}


def _mistral(field: str) -> dict[str, object]:
    detail = [{"type": "extra_forbidden", "loc": ["body", field], "msg": "Extra inputs are not permitted"}]
    return {"object": "error", "message": {"detail": detail}}


_Offends = Callable[[Asked], bool]
REFUSALS: dict[str, tuple[_Offends, int, dict[str, object]]] = {
    # vLLM, from the chat template of Gemma
    "no-system": (_has_system, 400, {"object": "error", "message": f"System role not supported {LEAK_MARKER}", "code": 400}),
    # OpenAI, for models that think and for organisations it does not know
    "no-stream": (
        lambda asked: bool(asked.get("stream")),
        400,
        _openai("Unsupported value: 'stream' does not support true with this model.", "stream", "unsupported_value"),
    ),
    # DashScope
    "stream-only": (
        lambda asked: not asked.get("stream"),
        400,
        _openai("This model only support stream mode, please enable the stream parameter.", "", "invalid_parameter_error"),
    ),
    "no-usage": (lambda asked: "stream_options" in asked, 422, _mistral("stream_options")),
    "new-limit": (
        lambda asked: "max_tokens" in asked,
        400,
        _openai("Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.", "max_tokens"),
    ),
    "no-limit": (
        lambda asked: "max_tokens" in asked or "max_completion_tokens" in asked,
        400,
        _openai("Unrecognized request argument supplied: max_tokens / max_completion_tokens", "max_tokens"),
    ),
}  # fmt: skip


class PickyServer(ModelServer):
    """Refuses what the model's name says, and answers like `steady` else."""

    async def _answer(self, request: Request, answerer: Answerer) -> None:
        asked = request.json()
        for name in str(asked.get("model", "")).removeprefix("steady-").split("+"):
            offends, status, body = REFUSALS.get(name, (lambda _: False, 200, {}))
            if offends(asked) and self._has_key(request):
                self.counts.chat_requests += 1
                await answerer.send_json(body, status)
                return
        await super()._answer(request, answerer)
