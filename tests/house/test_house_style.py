"""The shape of the code itself: small files, promises on the first line, no hidden imports, no replaced parts."""

import ast

from tests.support.codebase import ROOT, dotted, functions, python_sources, tracked_files

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_README_LINES = 120
NAMES_THAT_SAY_NOTHING = {"util", "helper", "common", "core", "manager", "service", "misc"}
GENERATED = {"schema.d.ts"}
PAGE_SUFFIXES = {".ts", ".tsx", ".css"}


def test_files_are_short_enough_to_read_in_one_go() -> None:
    sources = [
        path for path in tracked_files() if path.suffix in PAGE_SUFFIXES | {".py"} and path.name not in GENERATED
    ]
    lengths = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in sources}
    assert [f"{path}:{lines}" for path, lines in lengths.items() if lines > MAX_FILE_LINES] == []


def test_functions_fit_on_a_screen() -> None:
    too_long = [
        f"{source.at(function)} {function.name}: {length} lines"
        for source in python_sources()
        if not source.is_below("moorage/migrations/versions")  # a list of tables, written once and never edited
        for function in functions(source.tree)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > MAX_FUNCTION_LINES
    ]
    assert too_long == []


def test_every_module_says_first_what_it_promises_or_refuses() -> None:
    silent = [source.at(1) for source in python_sources() if not ast.get_docstring(source.tree)]
    assert silent == []


def test_no_import_hides_in_a_function() -> None:
    hidden = [
        source.at(node)
        for source in python_sources()
        for function in functions(source.tree)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_fakes_go_in_by_constructor_and_nothing_of_ours_is_patched() -> None:
    patched = [
        source.at(node)
        for source in python_sources("tests", "benchmarks")
        for node in ast.walk(source.tree)
        if (isinstance(node, ast.Attribute) and dotted(node) in {"monkeypatch.setattr", "mock.patch", "mocker.patch"})
        or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("unittest.mock"))
        or (isinstance(node, ast.Import) and any(alias.name.startswith("unittest.mock") for alias in node.names))
    ]
    assert patched == []


def test_modules_are_named_for_what_happens_in_them() -> None:
    empty_words = [
        source.at(1)
        for source in python_sources()
        for part in source.path.with_suffix("").parts
        if part.removesuffix("s") in NAMES_THAT_SAY_NOTHING
    ]
    assert empty_words == []


def test_who_acts_without_an_account_is_made_in_few_places() -> None:
    """Nobody, the operator, a provider, retention, the watch, an erasure; made elsewhere, one would have two names."""
    makers = {
        f"{source.path}"
        for source in python_sources("moorage")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and dotted(node.func) == "Actor" and _is_none(next(iter(node.args), None))
    }
    assert makers == {
        "moorage/accounts/visit.py",
        "moorage/audit/deployment.py",
        "moorage/audit/pruning.py",
        "moorage/audit/trail.py",
        "moorage/connections/telling.py",
        "moorage/privacy/erasing.py",
    }


def test_what_is_the_deployments_own_has_one_id() -> None:
    makers = [source.path for source in python_sources("moorage") if "UUID(int=0)" in source.text]
    assert [str(path) for path in makers] == ["moorage/storage/types.py"]


def _is_none(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def test_only_egress_opens_a_connection_P11() -> None:  # noqa: N802 - the promise's own name
    openers = {
        "open_connection",
        "open_unix_connection",
        "create_connection",
        "create_datagram_endpoint",
        "getaddrinfo",
    }
    outside = [
        source.at(node)
        for source in python_sources("moorage")
        if not source.is_below("moorage/egress")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and node.attr in openers
    ]
    assert outside == []


def test_only_egress_and_vault_look_into_a_secret_P12() -> None:  # noqa: N802
    curious = [
        source.at(node)
        for source in python_sources("moorage")
        if not source.is_below("moorage/egress", "moorage/vault")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and node.attr == "reveal"
    ]
    assert curious == []


def test_the_readme_is_read_in_minutes() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= MAX_README_LINES


def test_no_path_of_a_developers_machine_is_tracked() -> None:
    folders = tuple(f"/{name}/" for name in ("work", "root"))
    found = []
    for path in tracked_files():
        try:
            lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue  # a picture or a font
        found += [f"{path}:{number}" for number, line in enumerate(lines, 1) if any(part in line for part in folders)]
    assert found == []
