"""What a chat completion server takes beside texts: parts as OpenAI defined them, of models whose name says `sees`."""

import base64
import binascii
import re
from typing import Any

_DATA_URL = re.compile(r"data:(image/(?:png|jpeg|webp|gif)|application/pdf);base64,([A-Za-z0-9+/]+={0,2})")


def refuse_parts(asked: dict[str, object], model: str) -> str | None:
    """Say what such a server says to messages it can't take; None for those it can."""
    messages = asked.get("messages")
    for message in messages if isinstance(messages, list) else ():
        content = message.get("content")
        if isinstance(content, str):
            continue
        if not isinstance(content, list) or not content:
            return "messages.content: expected a string or an array of parts"
        if message["role"] != "user":
            return "Only user messages may have parts that are no text"
        if "sees" not in model:
            return f"{model} is not a multimodal model"
        for part in content:
            said = _refuse(part)
            if said is not None:
                return said
    return None


def files_in(asked: dict[str, object]) -> list[tuple[str, bytes]]:
    """Give the type and bytes of everything that is attached in a request that was taken."""
    messages: Any = asked["messages"]
    found = []
    for message in messages:
        for part in message["content"] if isinstance(message["content"], list) else ():
            url = part.get("image_url", {}).get("url") or part.get("file", {}).get("file_data")
            if url is not None and (match := _DATA_URL.fullmatch(url)):
                found.append((match[1], base64.b64decode(match[2], validate=True)))
    return found


def _refuse(part: dict[str, Any]) -> str | None:
    kind = part.get("type")
    if kind == "text":
        return None if part.keys() == {"type", "text"} and part["text"] else "text: must not be empty"
    if kind == "image_url":
        url, expected = part["image_url"]["url"], "image/"
    elif kind == "file":
        if set(part["file"]) != {"filename", "file_data"} or not part["file"]["filename"]:
            return "file: needs filename and file_data"
        url, expected = part["file"]["file_data"], "application/pdf"
    else:
        return f"type: unknown part {kind}"
    match = _DATA_URL.fullmatch(url)
    try:
        is_good = match is not None and match[1].startswith(expected) and base64.b64decode(match[2], validate=True)
    except binascii.Error:
        is_good = False
    return None if is_good else "Invalid base64 data URL"
