"""Listens to one reply and keeps everything that it brought; shared by the tests of every dialect."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from moorage.errors import EndpointFailure
from moorage.providers.beside import Beside, BesidePieces, put_together
from moorage.providers.protocol import ChatRequest, Delta, End, Provider, Turn

WORDS = "".join(f"word{number} " for number in range(1, 21))
HALF = "".join(f"word{number} " for number in range(1, 11))
QUESTION = (Turn("user", "What lies in the harbour?"),)


@dataclass
class Heard:
    """Everything that one reply brought."""

    text: str = ""
    reasoning: str = ""
    chunks: int = 0
    pieces: list[BesidePieces] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)
    failure: EndpointFailure | None = None

    @property
    def end(self) -> End:
        assert self.failure is None, self.failure
        (end,) = self.ends
        return end

    @property
    def beside(self) -> Beside:
        return put_together(self.pieces)

    @property
    def problem(self) -> tuple[str, dict[str, object]]:
        assert self.failure is not None
        return self.failure.code, dict(self.failure.params)


async def hear(
    provider: Provider,
    model: str,
    *,
    stream: bool = True,
    max_tokens: int | None = None,
    turns: Sequence[Turn] = QUESTION,
) -> Heard:
    heard = Heard()
    try:
        async for item in provider.reply(ChatRequest(model, turns, max_tokens, stream)):
            if isinstance(item, Delta):
                assert item.text or item.reasoning or item.beside
                heard.pieces += [item.beside] if item.beside else []
                heard.text = item.text if item.is_whole else heard.text + item.text
                heard.reasoning = item.reasoning if item.is_whole else heard.reasoning + item.reasoning
                heard.chunks += item.chunks
            else:
                heard.ends.append(item)
    except EndpointFailure as failure:
        heard.failure = failure
    return heard
