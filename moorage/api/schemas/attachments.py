"""Attachments, and what a model does not get of a conversation."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from moorage.api.schemas.base import Input, Shape


class AttachmentView(Shape):
    """A file that goes with a message. `size` in bytes; `width` and `height` in pixels for pictures, `pages` for PDFs.

    `has_text`: whether there is text that can go to a model which takes no documents.
    """

    id: UUID
    name: str
    kind: Literal["image", "pdf", "text"]
    media_type: str
    size: int
    has_text: bool
    width: int | None
    height: int | None
    pages: int | None


class WithheldFileView(Shape):
    """An attachment that does not go as it is.

    `window`: its message does not go; `no_images`, `no_text`: the model takes none of its kind; `as_text`: the text of
    a PDF goes instead; `too_large`: for the model's window alone; `request_full`: newer ones fill the request.
    """

    id: UUID
    name: str
    why: Literal["window", "no_images", "as_text", "no_text", "too_large", "request_full"]


class WithheldView(Shape):
    """What a model is not sent: the oldest `messages`, up to the one before `from_id`, and `files`.

    `is_too_long`: the question alone is longer than the model can read, by our estimate.
    """

    messages: int
    from_id: UUID | None
    files: list[WithheldFileView]
    is_too_long: bool


class DraftWish(Input):
    """A message that is being written: `text_bytes` is how long it is in UTF-8; the words themselves stay here.

    Or, with `again_id`, another answer to a stored question: its id, or that of an answer to it. `goes_on`: that answer
    is continued. Nothing but the conversation and the model counts beside them.
    """

    conversation_id: UUID | None = None
    parent_id: UUID | None = None
    model_ref: str = Field(min_length=1, max_length=320)
    text_bytes: int = Field(default=0, ge=0, le=1_600_000)
    attachments: list[UUID] = Field(default_factory=list, max_length=100)
    again_id: UUID | None = None
    goes_on: bool = False


class ForeseenView(Shape):
    """What would be withheld. `tokens`: our estimate of what would be sent; `window` null: not known, all is sent."""

    withheld: WithheldView
    tokens: int
    window: int | None
