"""The inputs that the fuzzer kept, one a line in corpus.txt; what is no visible ASCII stands there as an escape."""

from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("corpus.txt")


def read() -> list[bytes]:
    """Give every kept input."""
    return [line.encode("ascii").decode("unicode_escape").encode("latin-1") for line in FILE.read_text().splitlines()]


def unpack(folder: str) -> None:
    """Write each kept input to a file of its own, as the fuzzer reads them."""
    for number, data in enumerate(read()):
        (Path(folder) / f"{number:04}").write_bytes(data)


def pack(folder: str) -> None:
    """Keep what a folder holds and nothing else, in an order that does not depend on the run."""
    inputs = {file.read_bytes() for file in Path(folder).iterdir()} - {b""}
    lines = sorted(data.decode("latin-1").encode("unicode_escape").decode("ascii") for data in inputs)
    FILE.write_text("".join(f"{line}\n" for line in lines))
