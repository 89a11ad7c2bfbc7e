"""A long answer as people get them: Markdown with headings, lists, tables and code, so many tokens a second."""

import asyncio
import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from tests.support.model_server.misbehaviour import Exchange

TOKENS: Final = 2_000
_SECTION: Final = """## {number}. What has to be looked at

A jetty that reaches **more than ten metres** into the water needs a permit of the *lower water authority*; one that
does not is only announced (`§ {number}`). Whoever builds without either has to take it down again, at their own cost.

- Who owns the bed of the lake, and who may use the shore
- Birds that breed in the reeds between March and July
  - a report of at most ten pages
  - photographs of the shore from the water
- What the neighbours say, in writing

| Step | Who | Days |
|---|---|---:|
| Plan and drawings | architect | {number}4 |
| Hearing of the neighbours | authority | 28 |
| Permit | authority | 60 |

> Within the protected belt nothing is built that has not been weighed against what it displaces.

```python
def days_until(permit: date, *, hearing: int = 28) -> int:
    \"\"\"How long it takes from the drawings on.\"\"\"
    return (permit - date.today()).days - hearing * {number}
```

"""


def report(tokens: int = TOKENS) -> Iterator[str]:
    """Write a report of so many tokens: a word and what stands before it each."""
    return islice(_tokens(), tokens)


def _tokens() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield from re.findall(r"\s*\S+", _SECTION.format(number=number))


async def write_report(exchange: Exchange) -> None:
    """Say it at the pace that the name says; 100 tokens a second without one."""
    loop, per_second = asyncio.get_running_loop(), exchange.number or 100
    await exchange.answerer.start_stream()
    await exchange.answerer.write(exchange.event({"role": "assistant", "content": ""}))
    begin = loop.time()
    for number, token in enumerate(report()):
        await asyncio.sleep(max(0.0, begin + number / per_second - loop.time()))
        await exchange.answerer.write(exchange.word(token))
    await exchange.answerer.write(*exchange.tail())
    await exchange.answerer.end_stream()
