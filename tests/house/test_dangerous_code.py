"""Beyond ruff's S rules: statements put together from texts, secrets compared with ==, and the browser's own sinks.

Made for this code; bandit, run by hand, finds nothing that ruff does not.
"""

import ast
import re
from pathlib import Path

from tests.support.codebase import ROOT, dotted, python_sources, tracked_files

_STATEMENTS = {"text", "sql", "exec_driver_sql", "literal_column", "DDL"}
_NAMES_OF_SECRETS = re.compile(r"(^|_|\.)(token|digest|fingerprint|csrf|hash|signature|mac|password|secret)s?$")
# Compared to tell a change, not to let somebody in: who writes to the database could write the answer, too.
NO_WAY_IN = {
    "moorage/audit/anchors.py": "hashes and signatures that anybody may read, compared with each other",
    "moorage/audit/checking.py": "as in anchors.py",
    "moorage/audit/offline.py": "as in anchors.py",
    "moorage/audit/walking.py": "as in anchors.py",
}
KEPT_IN_THE_BROWSER = {
    "web/src/ui/themeChoice.ts": "light or dark",
    "web/src/ui/shortcuts.ts": "which keys are switched off, and which one sends",
    "web/src/i18n/index.ts": "the language",
    "web/src/features/chat/useModelChoice.ts": "which model was chosen last: an id of ours",
    "web/src/features/chat/compare/acts.ts": "which models were compared last: ids of ours",
    "web/src/features/announcements/closed.ts": "which announcements were closed: ids of ours",
    "web/src/features/chat/firstSteps.ts": "which first steps were left out: words of our own list",
    "web/src/features/chat/useDraft.ts": "what is typed and not sent; signing out forgets it",
}
_SINKS = re.compile(
    r"dangerouslySetInnerHTML|\.innerHTML|\.outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\("
    r"|\.setAttribute\(\s*[\"']on|(window|parent|opener|top)\.postMessage\("
)


def test_no_statement_is_put_together_from_texts() -> None:
    made_up = [
        source.at(node)
        for source in python_sources("moorage")
        if not source.is_below("moorage/migrations")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and dotted(node.func).rpartition(".")[2] in _STATEMENTS
        and node.args
        and isinstance(node.args[0], ast.JoinedStr | ast.BinOp | ast.Call)
    ]
    assert made_up == []


def test_secrets_are_compared_in_constant_time_or_not_at_all() -> None:
    compared = [
        source.at(node)
        for source in python_sources("moorage")
        if str(source.path) not in NO_WAY_IN and not source.is_below("moorage/vault")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq)
        for side in (node.left, node.comparators[0])
        if not _is_a_column(node) and _NAMES_OF_SECRETS.search(dotted(side))
    ]
    assert compared == [], "use moorage.vault.tokens.same, or say in NO_WAY_IN why it lets nobody in"


def _is_a_column(node: ast.Compare) -> bool:
    """`SignInRow.token_hash == …` is a part of a statement, and the index looks for it."""
    return any("Row." in dotted(side) for side in (node.left, node.comparators[0]))


def test_only_these_keep_something_in_the_browser() -> None:
    keeping = {
        str(path): (ROOT / path).read_text(encoding="utf-8").count("Storage.setItem(")
        for path in tracked_files()
        if path.is_relative_to("web/src") and path.suffix in {".ts", ".tsx"}
    }
    assert {path for path, count in keeping.items() if count} == KEPT_IN_THE_BROWSER.keys()


def test_pages_have_no_way_to_run_a_text() -> None:
    sources = [path for path in tracked_files() if path.is_relative_to("web/src") and path.suffix in {".ts", ".tsx"}]
    assert len(sources) > 50
    assert [place for path in sources for place in _sinks_in(path)] == []


def _sinks_in(path: Path) -> list[str]:
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    return [f"{path}:{number}" for number, line in enumerate(lines, 1) if _SINKS.search(line)]


def test_links_that_open_another_tab_leave_it_no_way_back() -> None:
    careless = [
        f"{path}"
        for path in tracked_files()
        if path.is_relative_to("web/src") and path.suffix == ".tsx"
        for tag in re.findall(r"<a\b[^>]*target=[^>]*>", (ROOT / path).read_text(encoding="utf-8"))
        if "noopener" not in tag and "noreferrer" not in tag
    ]
    assert careless == []


def test_no_regular_expression_is_made_of_input() -> None:
    """An expression that somebody types can take for ever; ours are texts and constants of this code."""
    makers = {
        f"re.{name}" for name in ("compile", "match", "fullmatch", "search", "sub", "split", "findall", "finditer")
    }
    made = [
        source.at(node)
        for source in python_sources("moorage")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and dotted(node.func) in makers and not _is_constant(node.args[0])
    ]
    # Each takes the patterns of its own tables.
    own_tables = {"moorage/accounts/devices.py", "moorage/providers/failure_rules.py", "moorage/telemetry.py"}
    assert {place.partition(":")[0] for place in made} == own_tables


def _is_constant(text: ast.expr) -> bool:
    names = [node.id for node in ast.walk(text) if isinstance(node, ast.Name)]
    calls = any(isinstance(node, ast.Call) for node in ast.walk(text))
    return not calls and all(name.isupper() for name in names)


def test_the_product_starts_no_process_but_the_one_that_reads_files() -> None:
    """ADR 0023: its command is fixed, and what somebody sends goes to its stdin alone."""
    starters = {"create_subprocess_exec", "create_subprocess_shell", "system", "popen", "fork", "posix_spawn", "execv"}
    modules = {"subprocess", "multiprocessing", "pty"}
    starting = [
        source.at(node)
        for source in python_sources("moorage")
        for node in ast.walk(source.tree)
        if (isinstance(node, ast.Attribute) and dotted(node.value) in {"os", "asyncio"} and node.attr in starters)
        or (isinstance(node, ast.Import) and any(alias.name.partition(".")[0] in modules for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in modules)
    ]
    assert [place.partition(":")[0] for place in starting] == ["moorage/chat/reading.py"]
