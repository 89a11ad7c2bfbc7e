"""Something long says how far it is: in one line that changes, or, where nobody looks, every tenth part."""

import io

from moorage.commands.progress import Progress


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(stream: io.StringIO, *steps: tuple[str, int]) -> str:
    with Progress(stream) as progress:
        for step, of in steps:
            for done in range(of + 1):
                progress(step, done, of)
    return stream.getvalue()


def test_in_a_terminal_each_step_is_one_line_that_goes_up_to_a_hundred() -> None:
    lines = told(_Terminal(), ("read", 1000), ("write", 3)).split("\n")
    assert [line.rsplit("\r", 1)[-1] for line in lines] == [
        "Backup read                    100 %",
        "Rows put in place              100 %",
        "",
    ]
    assert lines[0].count("\r") == 101
    assert lines[1].count("\r") == 4


def test_a_step_that_broke_off_ends_its_line() -> None:
    stream = _Terminal()
    with Progress(stream) as progress:
        progress("write", 1, 2)
    assert stream.getvalue().endswith(" 50 %\n")


def test_elsewhere_it_is_eleven_lines_at_most() -> None:
    lines = told(io.StringIO(), ("backup", 100_000)).splitlines()
    assert lines == [f"Rows written: {part} %" for part in range(0, 101, 10)]


def test_nothing_to_do_is_done_at_once() -> None:
    assert told(io.StringIO(), ("compare", 0)) == "Rows compared: 100 %\n"
