"""Histories of every kind that conversations can have, for the tests of what is sent of them."""

from uuid import UUID, uuid4

from hypothesis import strategies as st

from moorage.chat.attachments import MIB
from moorage.chat.context import Content, HistoryMessage
from moorage.chat.facts import AttachmentFacts
from moorage.chat.reading import clean_name

# What people and servers write: nothing, blanks, other scripts, emoji cut in half, a text longer than small windows.
texts = st.one_of(
    st.sampled_from(["", " ", "\n\n", "\ud83d", "half \udc4d of one", "\x00\x1b[31m", "\u202eabc", "word " * 3000]),
    st.text(max_size=60),
)
names = st.one_of(st.text(max_size=30), st.sampled_from(["a.pdf", '"><b>.png', "Übersicht – März.csv"])).map(clean_name)
_sizes = st.sampled_from([1, 4000, 3 * MIB, 16 * MIB])


@st.composite
def attachments(draw: st.DrawFn) -> AttachmentFacts:
    """A file of any kind, small or as large as may be."""
    kind = draw(st.sampled_from(["image", "pdf", "text"]))
    name, size = draw(names), draw(_sizes)
    if kind == "image":
        edge = draw(st.sampled_from([1, 300, 2000]))
        return AttachmentFacts(
            uuid4(), name, "image", draw(st.sampled_from(["image/png", "image/jpeg"])), size, 0, edge, edge
        )
    if kind == "pdf":
        return AttachmentFacts(
            uuid4(),
            name,
            "pdf",
            "application/pdf",
            size,
            draw(st.sampled_from([0, 100, 90_000])),
            pages=draw(st.sampled_from([1, 100, 101])),
        )
    length = draw(st.sampled_from([1, 5000, 2 * MIB]))
    return AttachmentFacts(uuid4(), name, "text", "text/plain", length, length)


@st.composite
def branches(draw: st.DrawFn, *, ends_with: str = "user") -> list[HistoryMessage]:
    """A branch as trees have them: questions and answers by turns, answers empty, failed, stopped or continued."""
    branch: list[HistoryMessage] = []
    parent: UUID | None = None
    for _ in range(draw(st.integers(0, 6))):
        for role in ("user", "assistant"):
            files = tuple(draw(st.lists(attachments(), max_size=2))) if role == "user" else ()
            text = draw(texts)
            branch.append(HistoryMessage(uuid4(), parent, "user" if role == "user" else "assistant", text, files))
            parent = branch[-1].id
    files = tuple(draw(st.lists(attachments(), max_size=3)))
    question = draw(texts.filter(lambda text: bool(text.strip())))
    branch.append(HistoryMessage(uuid4(), parent, "user", question, files))
    if ends_with == "assistant":
        answer = draw(texts.filter(lambda text: bool(text.strip())))
        branch.append(HistoryMessage(uuid4(), branch[-1].id, "assistant", answer))
    return branch


def contents_of(branch: list[HistoryMessage]) -> dict[UUID, Content]:
    """Something to stand for what is in each file; as short as may be, as no schema asks for more."""
    return {
        one.id: Content(
            one.media_type, b"" if one.kind == "text" else b"%bytes", "words of it" if one.text_bytes else ""
        )
        for message in branch
        for one in message.attachments
    }
