"""A real TLS model server for tests and benchmarks: fast, counted, and as badly behaved as it is asked to be.

    async with ModelServer(authority.server_context("localhost")) as server:
        server.base_url        # https://localhost:<port>/v1

Speaks `GET …/models` and `POST …/chat/completions` (Azure's `/openai/deployments/<name>/…` too) over HTTP/1.1. As a
process: `python -m tests.support.model_server --port 0 --cert chain.pem --key key.pem` prints one line of JSON,
`{"port": …, "base_url": …}`; `GET /counts` gives the ground truth as JSON. What it sends is chosen by the model id:

    steady                 20 words (`max_tokens` at the most), finish, usage, [DONE]; so does every unlisted `steady-…`
    talks-on-N             N words, whatever `max_tokens` says
    burst-N                N words as fast as they can be written
    paced-N                N words a second, 200 of them, `max_tokens` at the most; one write each
    report-N               2,000 tokens of Markdown, N a second
    slow                   like steady, five words a second
    echo                   answers with the conversation it got, as JSON
    held                   sends half, then waits for `server.release()`
    hang-before-headers    takes the request and says nothing (until released)
    hang-before-text       sends headers and a comment, then nothing (until released)
    hang-mid               sends half, then nothing (until released)
    reset-mid, cut         sends half, then resets the connection / ends the body without a finish
    no-done, no-usage, usage-every-chunk, usage-with-choices, crlf, bom, comments, no-blank-line
                           a complete answer in that dress
    garbage, garbage-flood one / a hundred unreadable events among the good ones
    endless-line           a line that never ends
    reasoning, reasoning-content, reasoning-parts, think-tags
                           thinking before the answer, in the four ways that are about
    surrogates             an emoji cut in half between two events
    json-not-stream        one JSON document although a stream was asked for
    html, redirect         a login page with status 200 / a 302
    empty, empty-stream    a finish without text / a stream without events
    content-filter         a finish `content_filter` without text
    calls-tools, calls-as-before
                           tools called without having been offered: in pieces / in the field that OpenAI had first
    calls-and-hangs, thinks-long
                           half a call / a thought, then nothing (until released)
    parrot                 what was asked last, unchanged; waits at a "¦" in it (until released)
    declines, cites        a refusal in its own field / sources as annotations
    length, length-thinking, filtered-mid, paused, ends-oddly
                           half, or nothing but thinking, and that finish
    swallowed-error        an empty event and the end, as Ollama does when its model dies
    error-in-stream, error-string-in-stream, error-event-in-stream
                           half, then an error object / an error string / an `event: error`
    error-401, error-403, error-403-empty, error-404-model, error-404-path, error-413, error-429, error-500,
    error-502-html, error-503, error-529, error-521, quota, context, content-refused, gateway-key, not-chat, loading
                           that refusal
    refuses-stream-options 422 as long as `stream_options` is sent
    max-completion-tokens-only
                           400 as long as `max_tokens` is sent
    steady-sees, …-sees-…  takes pictures and PDFs beside text, as its name says; all others refuse them
    lies-huge, lies-more, lies-nothing, lies-negative, lies-words, lies-endless, lies-free
                           like steady, with usage that is not true
    anything else          404 model_not_found

Bodies of refusals hold the marker `LEAK_MARKER`, so that tests can prove that no endpoint text reaches a person.
"""

from tests.support.model_server.server import LEAK_MARKER, Counts, ModelServer

__all__ = ["LEAK_MARKER", "Counts", "ModelServer"]
