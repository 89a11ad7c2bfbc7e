"""Anthropic's and Google's APIs as servers of tests: TLS, counted, strict about what they are sent.

    async with MessagesServer(authority.server_context("localhost"), key=KEY) as server:   # Anthropic
    async with GeminiServer(authority.server_context("localhost"), key=KEY) as server:     # Google

Both refuse a request that their original would refuse, in its words, and answer as it does. What is answered is chosen
by the model id; `claude-` or `gemini-` stands before each:

    steady                 20 words (or fewer, if so many tokens are not allowed)
    burst-N, slow          N words as fast as they can be written / five words a second
    echo                   the conversation as it was understood, as JSON: [["user", "…"], …], the system first
    thinks                 thinking before the answer, if its summary was asked for
    held                   half, then waits for `server.release()`
    length, tools, other   an answer that ends for that reason
    filtered, filtered-mid a refusal of the model: without a word / after half of them
    blocked                (Google) the prompt is refused, with status 200
    window                 (Anthropic) the prompt fills the whole window
    cut, reset-mid         half, then the end without a finish / a reset
    error-mid              half, then an error
    surrogates             an emoji cut in half between two events
    in-one-piece           one JSON document although a stream was asked for
    no-thinking            refuses a wish about thinking
    small                  (Anthropic) takes no more than 100 tokens
    anything in `REFUSALS` that refusal
    anything else          404, in the words of the original

Bodies of refusals hold `LEAK_MARKER`, so that tests can prove that no endpoint text reaches a person.
"""

from tests.support.dialects.gemini import GeminiServer
from tests.support.dialects.messages import MessagesServer

__all__ = ["GeminiServer", "MessagesServer"]
