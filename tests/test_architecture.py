"""The ladder of ARCHITECTURE.md, held by reading the imports and calls in the source."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(
    path.relative_to(ROOT)
    for app in ("dashboard", "pluginhost")
    for path in (ROOT / app).rglob("*.py")
    if "migrations" not in path.parts
)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))

# From the ground up; a module imports from its own floor and those below.
FLOORS = [
    ("protocol", "credentials", "errors", "ids", "client", "script_output"),
    ("models",),
    ("nudge", "principal"),
    (
        "access",
        "asset_numbers",
        "authentication",
        "export_choice",
        "export_reading",
        "file_links",
        "import_checks",
        "import_sorting",
        "import_standing",
        "import_targets",
        "log_news",
        "log_reading",
        "outcomes",
        "people",
        "prelabels",
        "prepared",
        "review_choice",
        "script_files",
        "script_rules",
        "script_uploads",
        "script_variables",
        "summaries",
        "task_history",
        "throttle",
        "tool_uses",
    ),
    ("actions",),
    ("tasks",),
    ("supervisor",),
    ("v2", "gateway"),
]
NEVER_IN_PLAIN = {"django", "channels", "celery", "socketio", "redis"}
NEEDED_BY_THE_CLIENT = {"socketio", "requests"}
ASYNC_ROOMS = ("pluginhost/gateway", "pluginhost/supervisor", "dashboard/consumers", "dashboard/serve")
ASYNC_FILES = {
    "pluginhost/nudge.py",  # sends on the layer
    *(f"dashboard/{name}.py" for name in ("asgi", "asgi_types", "answers", "guard", "hosts", "lifespan", "proxies")),
    "dashboard/answering.py",  # hands requests to threads
    "dashboard/slashes.py",
    "dashboard/streaming.py",  # a download that is read as it is made
    "dashboard/views/health.py",  # asks the layer
}
WRITES = {"save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create"}
WRITES |= {"update_or_create", "create_user", "create_superuser"}


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


def imported(path: Path) -> Iterator[str]:
    """The dotted names that a file imports, relative ones resolved."""
    package = path.parent.parts
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def in_room(path: Path, *rooms: str) -> bool:
    return any(str(path).startswith(f"{room}/") or str(path) == f"{room}.py" for room in rooms)


def floor_of(dotted: str) -> int | None:
    parts = dotted.split(".")
    if parts[0] != "pluginhost" or len(parts) < 2:
        return None
    return next((floor for floor, rooms in enumerate(FLOORS) if parts[1] in rooms), None)


def offenders(find: Callable[[Path], Iterable[object]], *rooms: str) -> dict[str, list[object]]:
    """What `find` finds, by file, in these rooms or everywhere."""
    found = {str(path): list(find(path)) for path in SOURCES if not rooms or in_room(path, *rooms)}
    return {path: wrong for path, wrong in found.items() if wrong}


def test_the_engine_never_imports_the_face():
    assert (
        offenders(lambda path: [name for name in imported(path) if name.split(".")[0] == "dashboard"], "pluginhost")
        == {}
    )


def test_imports_run_downwards():
    """Management commands and apps stand above the ladder; a file in no room is judged by what it imports."""

    def higher(path: Path) -> list[str]:
        own = floor_of(".".join(path.with_suffix("").parts))
        return [name for name in imported(path) if own is not None and (floor_of(name) or 0) > own]

    assert offenders(higher, "pluginhost") == {}


def test_what_scripts_speak_and_import_is_plain_python():
    def heavy(path: Path) -> set[str]:
        return {name.split(".")[0] for name in imported(path)} & NEVER_IN_PLAIN

    assert offenders(heavy, "pluginhost/protocol") == {}


def test_the_client_needs_two_libraries_and_nothing_else():
    def other(path: Path) -> set[str]:
        names = {name.split(".")[0] for name in imported(path)}
        return names - sys.stdlib_module_names - NEEDED_BY_THE_CLIENT - {"pluginhost"}

    assert offenders(other, "pluginhost/client") == {}


def test_the_client_imports_nothing_of_the_server():
    def ours(path: Path) -> list[str]:
        names = [name for name in imported(path) if name.split(".")[0] in {"pluginhost", "dashboard"}]
        return [name for name in names if not name.startswith("pluginhost.client")]

    assert offenders(ours, "pluginhost/client") == {}


def test_only_actions_write():
    assert offenders(lambda path: [] if in_room(path, "pluginhost/actions") else writes(path)) == {}


def writes(path: Path) -> Iterator[str]:
    """Calls like `Session.objects.filter(…).update(…)` and `session.save()`; not those of dicts and sets."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
            text = ast.unparse(node.func)
            is_queryset = any(sign in text for sign in (".objects.", ".filter(", ".all()", ".exclude("))
            if is_queryset or node.func.attr in {"save", "bulk_create", "bulk_update"}:
                yield f"{node.lineno}: {text}"


def test_only_nudge_sends_to_groups():
    def sends(path: Path) -> list[int]:
        return [n.lineno for n in ast.walk(parsed(path)) if isinstance(n, ast.Attribute) and n.attr == "group_send"]

    assert set(offenders(sends)) == {"pluginhost/nudge.py"}


def test_async_stays_where_sockets_are():
    def coroutines(path: Path) -> list[int]:
        if in_room(path, *ASYNC_ROOMS) or str(path) in ASYNC_FILES:
            return []
        return [n.lineno for n in ast.walk(parsed(path)) if isinstance(n, ast.AsyncFunctionDef | ast.Await)]

    assert offenders(coroutines) == {}


def test_imports_stand_at_the_top():
    def inside(path: Path) -> list[int]:
        functions = [n for n in ast.walk(parsed(path)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        nodes = [node for function in functions for node in ast.walk(function)]
        return [node.lineno for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]

    assert offenders(inside) == {}


def test_templates_have_no_inline_style_or_script():
    """The content security policy would refuse them."""
    wrong = {str(path.relative_to(ROOT)): inline(path.read_text()) for path in TEMPLATES}
    assert {path: found for path, found in wrong.items() if found} == {}


def inline(html: str) -> list[str]:
    attributes = re.findall(r"""<[^>]*\s(?:style|on[a-z]+)\s*=\s*["'][^>]*""", html)
    scripts = re.findall(r"<script\b([^>]*)>(.*?)</script>", html, re.DOTALL)
    return attributes + [body for kind, body in scripts if body.strip() and "application/json" not in kind]
