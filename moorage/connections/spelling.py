"""What people type as names and ids: one line, nothing invisible, nothing a database or a page would stumble over."""

from moorage.errors import Invalid
from moorage.providers.text import clean_label


def read_name(text: str) -> str:
    """Take a connection's name, cleaned. Raises Invalid("name_unreadable", field="name") if nothing is left of it."""
    name = clean_label(text, max_chars=80)
    if name is None:
        raise Invalid("name_unreadable", field="name")
    return name


def read_remark(text: str) -> str:
    """Take a short free text, cleaned; it may be empty."""
    return clean_label(text, max_chars=120) or ""


def read_model_id(text: str, field: str) -> str:
    """Take a model id exactly as it is: one that had to be cleaned would name another model.

    Raises Invalid("model_id_unreadable") for `field`.
    """
    if clean_label(text, max_chars=256) != text:
        raise Invalid("model_id_unreadable", field=field)
    return text
