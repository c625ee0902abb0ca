"""Places where one tenant could meet another one's rows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..project import Project
from ..queries import query
from ..registry import Mark, rule
from ..sources import Source
from ..trees import Function, decorators_of, dotted, last, names_in

GUARDS = (
    "with_loader_criteria", "do_orm_execute", "ROW LEVEL SECURITY", "row level security",
    "schema_translate_map", "app.tenant", "app.current_tenant",
)  # fmt: skip
SEARCH_PATH = re.compile(r"^\s*SET\s+(SESSION\s+)?search_path\b", re.IGNORECASE)
SESSION_WIDE = re.compile(r"set_config\s*\(\s*'[^']*'\s*,\s*[^,]+,\s*false\s*\)", re.IGNORECASE)
MANAGERS = ("contextmanager", "asynccontextmanager")


@rule(
    "WB801",
    "a query that forgets the tenant",
    why="It reads or changes the rows of every tenant, and no test with a single tenant notices.",
    fix="Add `.where(Model.tenant_id == tenant_id)`, or let a scoped session add it to every "
    "statement.",
)
def find_unscoped_queries(source: Source, project: Project) -> Iterator[Mark]:
    if source.is_migration or project.mentions(*GUARDS):
        return
    scoped = {
        name for name, table in project.tables.items() if "tenant_id" in project.columns(table)
    }
    for call in source.every(ast.Call) if scoped else ():
        name = last(dotted(call.func)) or getattr(call.func, "attr", "")
        if name in ("select", "update", "delete", "get", "get_one") and call.args:
            model = last(dotted(call.args[0]).removesuffix(".id"))
            if name.startswith("get") and not project.sessions.is_async(
                source, getattr(call.func, "value", None)
            ):
                continue
            if model not in scoped or _asks_by_secret(source, project, call, model):
                continue
            if not _knows_tenant(source, project, call):
                yield call, f"`{name}({model}...)` names no tenant."


def _knows_tenant(source: Source, project: Project, call: ast.Call) -> bool:
    """Whether the function that asks, or its statement, names a tenant anywhere."""
    function = source.function_of(call)
    if function is None:
        return True
    body = set().union(*(names_in(item) for item in function.body))
    asked = query(source, project, call)
    return any("tenant" in name.lower() for name in body | (asked.names if asked else set()))


def _asks_by_secret(source: Source, project: Project, call: ast.Call, model: str) -> bool:
    """Whether a unique column is asked for: a token, or the address somebody signs in with."""
    function = source.function_of(call)
    written = set().union(*(names_in(item) for item in function.body)) if function else set()
    columns = project.columns(project.tables[model]).values()
    unique = {item.name for item in columns if item.says("unique") and not item.says("primary_key")}
    return bool(unique & written)


@rule(
    "WB802",
    "a search_path that stays on the connection",
    why="The setting outlives the transaction: the next request that gets this connection from "
    "the pool works in another tenant's schema.",
    fix="`schema_translate_map`, or `SET LOCAL search_path` inside the transaction.",
    everywhere=True,
)
def find_lasting_search_paths(source: Source, project: Project) -> Iterator[Mark]:
    for node in source.every(ast.Constant):
        if not isinstance(node.value, str):
            continue
        lasting = SEARCH_PATH.match(node.value) or SESSION_WIDE.search(node.value)
        function = source.function_of(node)
        if not lasting or source.is_migration or isinstance(source.parents[node], ast.Expr):
            continue
        if function is None or not any("listens" in name for name in decorators_of(function)):
            yield node, "This holds for the connection, not for the transaction."


@rule(
    "WB803",
    "a tenant that isn't reset when the work fails",
    why="After an exception the old tenant stays current, and whatever runs next in this context "
    "reads its rows.",
    fix="`token = current.set(tenant)`, then `try: ... finally: current.reset(token)`.",
)
def find_unreset_tenants(source: Source, project: Project) -> Iterator[Mark]:
    for function in source.functions:
        nodes = source.inside(function)
        waits = any(isinstance(node, ast.Yield | ast.Await) for node in nodes)
        sets = [
            (call, owner)
            for call, owner in _calls(nodes, "set")
            if "tenant" in owner.lower() and len(call.args) == 1
        ]
        for call, owner in sets:
            resets = [node for node, other in _calls(nodes, "reset") if other == owner]
            puts_back = [  # a constant isn't what was there before
                node
                for node, other in sets
                if other == owner and not isinstance(node.args[0], ast.Constant)
            ]
            safe = any(_is_final(source, node) for node in (*resets, *puts_back))
            if waits and not safe and (resets or _manages(function)):
                yield call, f"`{owner}` keeps this tenant when an exception passes."


def _calls(nodes: list[ast.AST], method: str) -> list[tuple[ast.Call, str]]:
    """Every call of `….method(…)`, and what it is called on."""
    return [
        (node, dotted(node.func.value))
        for node in nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == method
    ]


def _is_final(source: Source, node: ast.AST) -> bool:
    below = node
    for above in source.ancestors(node):
        if isinstance(above, ast.Try) and below in above.finalbody:
            return True
        below = above
    return False


def _manages(function: Function) -> bool:
    return any(last(name) in MANAGERS for name in decorators_of(function))
