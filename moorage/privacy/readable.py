"""An export as pages to read: one file each, no script, nothing loaded from anywhere, everything escaped."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from moorage.chat.facts import ConversationFacts, MessageFacts

Tell = Callable[[str], str]
"""A sentence of our own by its code, in the reader's language."""

_STYLE: Final = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;"
    "padding:0 1rem}h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}pre{white-space:pre-wrap;"
    "overflow-wrap:anywhere;font:inherit;margin:.25rem 0 1rem}table{border-collapse:collapse;width:100%;"
    "display:block;overflow-x:auto}th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;"
    "border-bottom:1px solid #8884}.beside{opacity:.7;font-size:.875rem}"
)
_RULES: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'"


def page(title: str, language: str, body: Iterable[str]) -> bytes:
    """Give a whole page around what is HTML already."""
    head = (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_RULES}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n"
    )
    return (head + "\n".join(body) + "\n</body>\n</html>\n").encode("utf-8", "replace")


def conversation(facts: ConversationFacts, author: str, language: str, tell: Tell) -> bytes:
    """Give a conversation, every message of its tree in the order it was written."""
    title = facts.title or tell("export.untitled")
    body = [f'<p class="beside">{escape(minute(facts.created_at))} – {escape(minute(facts.updated_at))}</p>']
    for message in facts.messages:
        body += _message(message, author, tell)
    return page(title, language, body)


def _message(message: MessageFacts, author: str, tell: Tell) -> list[str]:
    reply = message.reply
    who = author if reply is None else reply.model_name
    parts = [f"<h2>{escape(who)}</h2>", f'<p class="beside">{escape(_beside(message))}</p>']
    if message.attachments:
        links = ", ".join(f'<a href="../files/{one.id}">{escape(one.name)}</a>' for one in message.attachments)
        parts.append(f"<p>{escape(tell('export.attached'))} {links}</p>")
    if message.reasoning.strip():
        parts.append(
            f"<details><summary>{escape(tell('data.reasoning'))}</summary>{_text(message.reasoning)}</details>"
        )
    parts.append(_text(message.text))
    if message.unasked:
        parts.append(f'<p class="beside">{escape(tell("export.unasked"))}</p>')
    return parts


def _beside(message: MessageFacts) -> str:
    reply = message.reply
    told = [minute(message.created_at)]
    if reply is not None:
        told += [one for one in (reply.connection_name, reply.state) if one]
    return " · ".join(told)


def _text(text: str) -> str:
    return f"<pre>{escape(text.strip())}</pre>"


def section(heading: str, value: Any, tell: Tell) -> list[str]:
    """Give a heading and what stands below it: a table of pairs, or of a list of things that are alike."""
    found = [f"<h2>{escape(heading)}</h2>"]
    if isinstance(value, Mapping):
        found.append(_pairs(value, tell))
    elif isinstance(value, Sequence) and not isinstance(value, str) and value:
        found.append(_table([one for one in value if isinstance(one, Mapping)], tell))
    else:
        found.append(f"<p>{escape(_told(value) or tell('data.none'))}</p>")
    return found


def links(targets: Iterable[tuple[str, str]]) -> str:
    """Give a list of links to other files of the export."""
    return "<ul>" + "".join(f'<li><a href="{escape(to)}">{escape(text)}</a></li>' for to, text in targets) + "</ul>"


def _pairs(value: Mapping[str, Any], tell: Tell) -> str:
    rows = (
        f"<tr><th>{escape(_name(name, tell))}</th><td>{escape(_told(one))}</td></tr>" for name, one in value.items()
    )
    return f"<table>{''.join(rows)}</table>"


def _table(rows: Sequence[Mapping[str, Any]], tell: Tell) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f"<th>{escape(_name(name, tell))}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_told(row.get(name)))}</td>" for name in names) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _name(name: str, tell: Tell) -> str:
    code = f"data.field.{name}"
    told = tell(code)
    return name.replace("_", " ") if told == code else told


def _told(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_told(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_told(one) for one in value)
    return str(value)


def minute(at: datetime) -> str:
    """Give a moment as it is read."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
