"""A conversation as a file: Markdown to read, JSON for programs. What was said and by which model, nothing else.

No key and no address of an endpoint comes near it: a receipt has names only. The shapes are in docs/conversations.md.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from moorage.chat.context import branch_to
from moorage.chat.export_beside import json_beside, markdown_beside
from moorage.chat.facts import AttachmentFacts, ConversationFacts, MessageFacts, ReplyFacts

ExportFormat = Literal["markdown", "json"]

FORMAT: Final = "moorage-conversation"
VERSION: Final = 1
_ENDINGS: Final[Mapping[ExportFormat, str]] = {"markdown": "md", "json": "json"}
MEDIA_TYPES: Final[Mapping[ExportFormat, str]] = {
    "markdown": "text/markdown; charset=utf-8",
    "json": "application/json",
}


@dataclass(frozen=True, slots=True)
class Words:
    """The few words of our own in a Markdown file, in the reader's language.

    `ended` tells for each way an answer can end short what is said of it; `asked_to_call` and `ran` hold `{name}`.
    """

    exported: str
    untitled: str
    attached: str
    tokens: str
    ended: Mapping[str, str]
    asked_to_call: str
    ran: str
    sources: str
    unasked: str


def json_of(facts: ConversationFacts, author: str, exported_at: datetime) -> str:
    """Write the whole tree: every version of every question and answer, with receipts."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": _moment(exported_at),
        "title": facts.title,
        "created_at": _moment(facts.created_at),
        "updated_at": _moment(facts.updated_at),
        "head_id": None if facts.head_id is None else str(facts.head_id),
        "messages": [_message(one, author) for one in facts.messages],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def markdown_of(facts: ConversationFacts, author: str, exported_at: datetime, words: Words) -> str:
    """Write the branch that is shown, each message under a heading that says who speaks."""
    branch = branch_to({one.id: one for one in facts.messages}, facts.head_id)
    parts = [f"# {_line(facts.title) or words.untitled}", f"*{words.exported} {_minute(exported_at)}*"]
    for message in branch:
        reply = message.reply
        parts.append(f"## {_line(author if reply is None else reply.model_name)}")
        if message.attachments:
            parts.append(f"*{words.attached} {_line(', '.join(one.name for one in message.attachments))}*")
        parts.append(message.text.strip())
        if message.unasked:
            parts.append(f"*{words.unasked}*")
        parts += markdown_beside(message.beside, words)
        if reply is not None:
            parts.append(f"*{_line(_receipt(message, reply, words))}*")
    return "\n\n".join(part for part in parts if part) + "\n"


def file_name_of(title: str, kind: ExportFormat) -> str:
    """Make a file name of a title: letters and digits of ASCII, so that no header and no file system minds it."""
    plain = unicodedata.normalize("NFKD", title.casefold().translate(_SPELT_OUT))
    words = re.findall(r"[a-z0-9]+", plain)
    name = ""
    for word in words:
        if len(name) + len(word) > _NAME_CHARS:
            break
        name = f"{name}-{word}" if name else word
    return f"{name or 'conversation'}.{_ENDINGS[kind]}"


_NAME_CHARS: Final = 60
_SPELT_OUT: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def _message(message: MessageFacts, author: str) -> dict[str, Any]:
    return {
        "id": str(message.id),
        "parent_id": None if message.parent_id is None else str(message.parent_id),
        "role": message.role,
        "author": author if message.role == "user" else None,
        "created_at": _moment(message.created_at),
        "text": message.text,
        "reasoning": message.reasoning,
        "unasked": message.unasked,
        **json_beside(message.beside),
        "attachments": [_attachment(one) for one in message.attachments],
        "reply": None if message.reply is None else _reply(message.reply),
    }


def _attachment(one: AttachmentFacts) -> dict[str, Any]:
    return {"id": str(one.id), "name": one.name, "media_type": one.media_type, "size": one.size, "pages": one.pages}


def _reply(reply: ReplyFacts) -> dict[str, Any]:
    return {
        "state": reply.state,
        "alias": reply.alias_name,
        "model": reply.model_name,
        "model_id": reply.model_id,
        "model_reported": reply.model_reported,
        "connection": reply.connection_name,
        "origin": reply.origin,
        "tokens_in": reply.tokens_in,
        "tokens_out": reply.tokens_out,
        "count_source": reply.count_source,
        "ttft_ms": reply.ttft_ms,
        "duration_ms": reply.duration_ms,
        "thought_ms": reply.thought_ms,
        "finish_reason": reply.finish_reason,
        "finish_stated": reply.finish_stated,
        "problem": reply.problem_code,
        "continues_id": None if reply.continues_id is None else str(reply.continues_id),
        "withheld": reply.withheld.to_json(),
    }


def _receipt(message: MessageFacts, reply: ReplyFacts, words: Words) -> str:
    told = [reply.alias_name, reply.connection_name, _minute(message.created_at)]
    if reply.tokens_out is not None:
        told.append(words.tokens.replace("{count}", str(reply.tokens_out)))
    if reply.state in words.ended:
        told.append(words.ended[reply.state])
    return " · ".join(one for one in told if one)


def _line(text: str) -> str:
    # One line: a name or title can't begin a heading or a list of its own in the file.
    return " ".join(text.split()).replace("*", "\\*")


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
