"""A journal gives every reader every piece once, whenever it comes, and waits for nobody."""

import asyncio
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from moorage.chat.facts import ReplyFacts
from moorage.chat.journal import Appended, Ended, Journal, Snapshot, Written
from moorage.providers.beside import Beside, BesidePieces, CallPiece, Source, ToolCall


def _facts() -> ReplyFacts:
    return ReplyFacts(
        uuid4(), uuid4(), "done", "byom:x", "m", "M", None, "GPU", "own_hardware", 1, 2, "reported", 1.0, 2.0, "stop",
        None, {},
    )  # fmt: skip


async def _collect(journal: Journal, position: int | None) -> tuple[str, str, bool]:
    text = reasoning = ""
    async for event in journal.follow(position):
        if isinstance(event, Snapshot):
            text, reasoning = event.text, event.reasoning
        elif isinstance(event, Appended):
            text, reasoning = text + event.text, reasoning + event.reasoning
        else:
            return text, reasoning, True
    return text, reasoning, False


async def test_a_reader_that_comes_late_gets_a_snapshot_and_then_the_rest() -> None:
    journal = Journal()
    journal.append("one ", "")
    reader = asyncio.create_task(_collect(journal, None))
    await asyncio.sleep(0)
    journal.append("two ", "thought")
    journal.append("three", "")
    journal.end(_facts())
    assert await reader == ("one two three", "thought", True)


async def test_a_reader_that_returns_gets_only_what_it_missed() -> None:
    journal = Journal()
    for piece in ("a", "b", "c", "d"):
        journal.append(piece, "")
    journal.end(_facts())
    events = [event async for event in journal.follow(2)]
    assert events[0] == Appended("cd", "", 4)
    assert isinstance(events[1], Ended)


async def test_a_position_of_another_journal_gets_a_snapshot() -> None:
    journal = Journal()
    journal.append("a", "")
    journal.end(_facts())
    events = [event async for event in journal.follow(99)]
    assert events[0] == Snapshot("a", "", 1)


async def test_many_readers_see_the_same_text_and_a_reader_that_leaves_disturbs_nobody() -> None:
    journal = Journal()
    readers = [asyncio.create_task(_collect(journal, 0)) for _ in range(20)]
    await asyncio.sleep(0)
    journal.append("a", "")
    leaving = readers.pop()
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    await asyncio.sleep(0)
    journal.append("b", "")
    journal.end(_facts())
    assert await asyncio.gather(*readers) == [("ab", "", True)] * 19


async def test_a_slow_reader_gets_everything_in_one_piece_when_it_returns() -> None:
    journal = Journal()
    following = aiter(journal.follow(0))
    journal.append("first", "")
    assert await anext(following) == Appended("first", "", 1)
    for place in range(1000):
        journal.append(str(place % 10), "")
    assert await anext(following) == Appended("0123456789" * 100, "", 1001)


def test_a_checkpoint_takes_the_text_once_and_nothing_when_nothing_came() -> None:
    journal = Journal()
    assert journal.take_unsaved() is None
    journal.append("a", "r")
    assert journal.take_unsaved() == Written("a", "r")
    assert journal.take_unsaved() is None


async def test_who_has_read_what_is_replaced_gets_a_snapshot_and_nobody_gets_it_twice() -> None:
    journal = Journal("begun ")
    journal.append("thinking ", "")
    reader = asyncio.create_task(_collect(journal, 0))
    late = asyncio.create_task(_collect(journal, None))
    await asyncio.sleep(0)
    journal.append("aloud", "")
    journal.replace("Answer", "thinking aloud")
    journal.append(".", "")
    journal.end(_facts())
    assert await reader == ("begun Answer.", "thinking aloud", True)
    assert await late == ("begun Answer.", "thinking aloud", True)
    assert journal.written() == Written("begun Answer.", "thinking aloud")
    events = [event async for event in journal.follow(None)]
    assert [type(event) for event in events] == [Snapshot, Ended]


@given(st.lists(st.tuples(st.text(max_size=5), st.booleans()), max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_every_reader_ends_with_what_was_written_whatever_was_replaced(
    pieces: list[tuple[str, bool]], comes: int, returns: int
) -> None:
    async def play() -> None:
        journal = Journal()
        reader, seen, position = aiter(journal.follow(0)), "", 0
        for place, (text, replaces) in enumerate(pieces):
            (journal.replace if replaces else journal.append)(text, "")
            if comes <= place <= returns:
                event = await anext(reader)
                assert isinstance(event, Snapshot | Appended)
                seen = event.text if isinstance(event, Snapshot) else seen + event.text
                position = event.position
        journal.end(_facts())
        async for event in journal.follow(position):
            if isinstance(event, Snapshot):
                seen = event.text
            elif isinstance(event, Appended):
                seen += event.text
        assert seen == journal.written().text

    asyncio.run(play())


async def test_calls_and_sources_reach_every_reader_once() -> None:
    journal = Journal()
    first = BesidePieces((CallPiece(0, "search", '{"q":'),))
    second = BesidePieces((CallPiece(0, "", '"tide"}'),), (Source("https://tides.example/", "Tides"),))
    whole = Beside((ToolCall("search", '{"q":"tide"}'),), second.sources)
    journal.append("", "", first)
    following = aiter(journal.follow(0))
    assert await anext(following) == Appended("", "", 1, (first,))
    journal.append("word", "")
    journal.append("", "", second)
    journal.end(_facts())
    assert await anext(following) == Appended("word", "", 3, (second,))
    assert await anext(aiter(journal.follow(None))) == Snapshot("word", "", 3, whole)
    assert journal.take_unsaved() == Written("word", "", whole)


@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=3)), max_size=30), st.integers(0, 30))
def test_resuming_anywhere_loses_and_repeats_nothing(pieces: list[tuple[str, str]], cut: int) -> None:
    async def play() -> None:
        journal = Journal()
        for text, reasoning in pieces[:cut]:
            journal.append(text, reasoning)
        seen = "".join(piece[0] for piece in pieces[:cut])
        position = min(cut, len(pieces))
        for text, reasoning in pieces[cut:]:
            journal.append(text, reasoning)
        journal.end(_facts())
        rest, _, ended = await _collect(journal, position)
        assert seen + rest == "".join(piece[0] for piece in pieces)
        assert ended

    asyncio.run(play())


async def test_a_fast_reply_wakes_a_reader_at_most_fifty_times_a_second_and_loses_nothing() -> None:
    journal = Journal()

    async def write() -> None:
        for _ in range(200):
            journal.append("x", "")
            await asyncio.sleep(0.001)
        journal.end(_facts())

    writing = asyncio.create_task(write())
    events = [event async for event in journal.follow(0)]
    await writing
    pieces = [event for event in events if isinstance(event, Appended)]
    assert "".join(piece.text for piece in pieces) == "x" * 200
    assert pieces[0].text == "x"  # the first word waits for nobody
    assert len(pieces) < 100
