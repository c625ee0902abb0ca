"""How the engine is made, kept and let go, and what its sessions expire."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..calls import POOLLESS, engine_calls
from ..project import Project
from ..registry import Mark, rule
from ..sources import Source
from ..trees import (
    Function,
    dotted,
    is_constant,
    is_generator,
    keyword,
    last,
    names_in,
    spreads,
    targets_of,
)


@rule(
    "WB503",
    "an engine made for one call",
    why="Every call builds a pool of its own and drops it: connections pile up until the server "
    "refuses more.",
    fix="Make the engine once per process and keep it; dispose of it when the process ends.",
)
def find_engines_per_call(source: Source, project: Project) -> Iterator[Mark]:
    for call in engine_calls(source):
        function = source.function_of(call)
        if (
            function is None
            or source.is_migration
            or POOLLESS & names_in(call)
            or function.name in ("main", "lifespan")
        ):
            continue
        statement = source.parents[call]
        names = {dotted(target) for target in targets_of(statement)}
        local = len(names) == 1 and all(name and "." not in name for name in names)
        written = set().union(*(names_in(item) for item in function.body))
        shared = any(isinstance(n, ast.Global | ast.Nonlocal) for n in source.inside(function))
        if local and not shared and "dispose" not in written and not _kept(source, function, names):
            yield call, "This engine is built for every call and never disposed of."


def _kept(source: Source, function: Function, names: set[str]) -> bool:
    """Whether the engine, or what was made from it, leaves the function."""
    if not isinstance(function, ast.AsyncFunctionDef):
        return not is_generator(function)
    for node in source.inside(function):
        if isinstance(node, ast.Assign) and names & names_in(node.value):
            if any(not isinstance(target, ast.Name) for target in node.targets):
                return True
            names = names | {dotted(target) for target in node.targets}
        elif isinstance(node, ast.Return) and node.value is not None:
            if names & names_in(node.value):
                return True
        elif isinstance(node, ast.Yield) and dotted(node.value) in names:
            return True
    return False


@rule(
    "WB504",
    "an engine made at import",
    why="Importing the module then needs a valid URL and a driver; tests, tools and forked workers "
    "all get this engine, whatever their loop or database.",
    fix="Make it on first use, in a cached `get_engine()` or the application's lifespan.",
)
def find_engines_at_import(source: Source, project: Project) -> Iterator[Mark]:
    if source.is_migration:
        return
    for call in [*engine_calls(source), *_engine_makers(source, project)]:
        if source.scope_of(call) is None and not _guarded(source, call):
            yield call, "Importing this module makes an engine."


def _engine_makers(source: Source, project: Project) -> Iterator[ast.Call]:
    """Calls of the project's own functions that promise an engine."""
    for node in source.assignments:
        if isinstance(node.value, ast.Call):
            known = project.functions.get(last(dotted(node.value.func)), [])
            promised = [last(dotted(function.returns)) for _, function in known]
            if promised and all(name == "AsyncEngine" for name in promised):
                yield node.value


def _guarded(source: Source, call: ast.Call) -> bool:
    return any(isinstance(item, ast.If) for item in source.ancestors(call))


@rule(
    "WB505",
    "an engine nobody disposes of",
    why="At shutdown its connections are dropped, not closed: the server keeps them until it "
    "notices, and asyncio warns of a closed loop.",
    fix="`await engine.dispose()` in the application's lifespan, behind its `yield`.",
)
def find_undisposed_engines(source: Source, project: Project) -> Iterator[Mark]:
    if project.mentions("dispose(", "dispose_", "aclose_engine") or not project.mentions(
        "FastAPI("
    ):
        return
    calls = [call for call in engine_calls(source) if not source.is_migration]
    if calls and not POOLLESS & names_in(calls[0]):
        yield calls[0], "The project starts an application and never disposes of this engine."


@rule(
    "WB507",
    "async sessions that expire on commit",
    why="After a commit every attribute asks the database again, which an async session can't do "
    "by itself: MissingGreenlet, or an empty `model_dump()`.",
    fix="`async_sessionmaker(engine, expire_on_commit=False)`.",
)
def find_expiring_sessions(source: Source, project: Project) -> Iterator[Mark]:
    for call in source.every(ast.Call):
        full = source.qualified(call.func)
        name = last(full) if full.startswith("sqlalchemy") else ""
        factory = name == "async_sessionmaker" or (
            name == "sessionmaker" and last(dotted(keyword(call, "class_"))) == "AsyncSession"
        )
        if not factory or spreads(call) or source.is_migration:
            continue
        asked = keyword(call, "expire_on_commit")
        if asked is None or is_constant(asked, True):
            yield call, "Objects of these sessions can't be read after a commit."
