"""The list of what the pages promise is whole and names what exists; the pages' own walls and sizes hold."""

import re
from pathlib import Path

from tests.support.codebase import ROOT, functions, python_sources, tracked_files

# What the first release must have, by the number in docs/ui.md.
MUST = {
    *range(1, 6),
    *range(10, 17),
    *range(18, 21),
    *(22, 23, 24, 26, 27, 28),
    *range(31, 45),
    *range(46, 52),
    *range(53, 65),
}
PAGES = Path("web/src")
MAX_LINES = 250
FEATURE = re.compile(r"""from "(?:@/features|(?:\.\./)+)/?(\w+)/""")


def rows() -> dict[int, list[str]]:
    """Give state, places and tests of each expectation, by its number."""
    text = (ROOT / "docs/ui.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| (\d+) [^|]+\|([^|]*)\|([^|]*)\|([^|]*)\|$", text, re.MULTILINE)
    assert len(found) == len({number for number, *_ in found}), "an expectation stands there twice"
    return {int(number): [cell.strip() for cell in cells] for number, *cells in found}


def test_every_expectation_that_a_release_must_meet_is_in_the_list() -> None:
    assert sorted(MUST - rows().keys()) == []
    words = {number: re.split(r"[:;]", state, maxsplit=1)[0] for number, (state, _, _) in rows().items()}
    assert {number: word for number, word in words.items() if word not in {"kept", "partly", "missing"}} == {}


def test_what_is_kept_names_its_place_and_its_test_and_what_is_partly_kept_what_is_missing() -> None:
    bare = []
    for number, (state, places, tests) in rows().items():
        if state.startswith("kept") and not (places and tests):
            bare.append(number)
        if state.startswith("partly") and not (places and re.match(r"partly: \w", state)):
            bare.append(number)
        if state.startswith("missing") and (places or tests):
            bare.append(number)
    assert bare == []


def test_the_list_names_only_files_and_tests_that_exist() -> None:
    defined = {function.name for source in python_sources("tests") for function in functions(source.tree)}
    for number, (_, places, tests) in rows().items():
        files = [Path(name) if name.startswith("moorage/") else PAGES / name for name in places.split(", ") if name] + [
            Path(name) for name in re.findall(r"web/src/[\w./-]+", tests)
        ]
        assert [str(path) for path in files if not (ROOT / path).is_file()] == [], number
        assert [name for name in re.findall(r"`(\w+)`", tests) if name not in defined] == [], number


def page_files() -> list[Path]:
    """List the pages' own source, without what is generated."""
    return [
        path
        for path in tracked_files()
        if path.is_relative_to(PAGES) and path.suffix in {".ts", ".tsx", ".css"} and path.name != "schema.d.ts"
    ]


def test_no_file_of_the_pages_is_long() -> None:
    lengths = {str(path): len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in page_files()}
    assert len(lengths) > 300, "the pages were not found"
    assert {path: lines for path, lines in lengths.items() if lines > MAX_LINES} == {}


def test_no_feature_of_the_pages_imports_another_by_any_path() -> None:
    features = {path.name for path in (ROOT / PAGES / "features").iterdir() if path.is_dir()}
    seen, breaches = set(), []
    for path in page_files():
        inside = path.relative_to(PAGES).parts
        if inside[0] != "features":
            continue
        seen.add(inside[1])
        named = set(FEATURE.findall((ROOT / path).read_text(encoding="utf-8"))) & features
        # A folder of its own may be called as another feature is.
        own = {one for one in named if (ROOT / PAGES / "features" / inside[1] / one).is_dir()}
        breaches += [f"{path} → {other}" for other in named - own - {inside[1]}]
    assert seen == features, "a feature was not looked at"
    assert breaches == []
