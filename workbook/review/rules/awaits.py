"""Coroutines nobody awaits, awaits of nothing, and calls that block the loop."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..calls import method, receiver
from ..project import Project
from ..registry import Mark, rule
from ..sessions import ASYNC, COROUTINES, PLAIN
from ..sources import Source
from ..trees import decorators_of, dotted, is_generator

USED = (ast.Attribute, ast.Subscript, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.FormattedValue)
RESULTS = {
    "all", "fetchall", "first", "mappings", "one", "one_or_none", "scalar_one",
    "scalar_one_or_none", "scalars", "unique",
}  # fmt: skip
BLOCKING = {
    "time.sleep": "await asyncio.sleep(...)",
    "requests.get": "an httpx.AsyncClient",
    "requests.post": "an httpx.AsyncClient",
    "requests.put": "an httpx.AsyncClient",
    "requests.patch": "an httpx.AsyncClient",
    "requests.delete": "an httpx.AsyncClient",
    "requests.request": "an httpx.AsyncClient",
    "urllib.request.urlopen": "an httpx.AsyncClient",
    "sqlmodel.Session": "an AsyncSession",
    "sqlalchemy.orm.Session": "an AsyncSession",
}


@rule(
    "WB101",
    "a session's coroutine is not awaited",
    why="The call makes a coroutine and drops it: nothing is sent to the database, and the next "
    "line works with the coroutine in place of rows.",
    fix="Put `await` in front of the call.",
    everywhere=True,
)
def find_missing_awaits(source: Source, project: Project) -> Iterator[Mark]:
    for call in source.every(ast.Call):
        func = call.func
        if not isinstance(func, ast.Attribute) or func.attr not in COROUTINES | {"dispose"}:
            continue
        kind = project.sessions.kind(source, func.value)
        awaitable = kind in ASYNC and func.attr != "dispose"
        if kind == "connection":
            awaitable = func.attr in ("commit", "rollback", "execute", "scalar", "run_sync")
        if kind == "engine":
            awaitable = func.attr == "dispose"
        if awaitable and _is_lost(source, call):
            yield call, f"`{dotted(func)}(...)` is not awaited, so it never runs."


def _is_lost(source: Source, call: ast.Call) -> bool:
    """Whether the coroutine is dropped, or used as if it were its result."""
    above = source.parents[call]
    if isinstance(above, (ast.Expr, *USED)):
        return True
    if isinstance(above, ast.For | ast.comprehension):
        return above.iter is call
    if isinstance(above, ast.If | ast.While | ast.IfExp):
        return above.test is call
    if isinstance(above, ast.Return):
        return isinstance(source.scope_of(call), ast.AsyncFunctionDef)
    if isinstance(above, ast.Assign) and len(above.targets) == 1:
        return _is_misused(source, call, dotted(above.targets[0]))
    return False


def _is_misused(source: Source, call: ast.Call, name: str) -> bool:
    """Whether all that is done with the name needs the result, not the coroutine."""
    function = source.function_of(call)
    uses = [
        node
        for node in (source.inside(function) if function else [])
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
    ]
    return bool(uses) and all(
        isinstance(source.parents[node], (*USED, ast.For, ast.comprehension, ast.If))
        for node in uses
    )


@rule(
    "WB102",
    "an await on what is no coroutine",
    why="`session.add` and the methods of a result return at once and give nothing to await: "
    "the line raises TypeError after its work is done.",
    fix="Take the `await` away; await the `exec` or `execute` that made the result.",
    everywhere=True,
)
def find_needless_awaits(source: Source, project: Project) -> Iterator[Mark]:
    for node in source.every(ast.Await):
        call = node.value
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        method, owner = call.func.attr, call.func.value
        if method in PLAIN and project.sessions.is_async(source, owner):
            yield node, f"`{dotted(call.func)}(...)` is a plain call; there is nothing to await."
        if method in RESULTS and isinstance(owner, ast.Await):
            inner = owner.value
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
                executes = inner.func.attr in ("exec", "execute", "scalars")
                if executes and project.sessions.is_async(source, inner.func.value):
                    yield node, f"`.{method}()` of a result is a plain call; nothing to await."


@rule(
    "WB103",
    "a coroutine function of this project is called and dropped",
    why="Calling an `async def` only makes a coroutine. Without `await` its body never runs, and "
    "the warning comes at an unrelated moment.",
    fix="Await the call, or hand it to a task that somebody keeps and awaits.",
    everywhere=True,
)
def find_dropped_calls(source: Source, project: Project) -> Iterator[Mark]:
    for call in source.every(ast.Call):
        if _is_lost(source, call):
            same = [
                item
                for item in _where_defined(source, project, call)
                if getattr(item, "name", "") == method(call)
            ]
            if len(same) == 1 and _makes_coroutine(same[0]):
                name = dotted(call.func) or method(call)
                yield call, f"`{name}` is an async function; this call never runs it."


def _where_defined(source: Source, project: Project, call: ast.Call) -> list[ast.stmt]:
    """The body of the class or the module that a called function belongs to."""
    on, name = receiver(call), source.qualified(call.func)
    if dotted(on) == "self":
        owner = source.class_of(call)
        return owner.body if owner else []
    if on is not None and (owner := project.class_behind(source, on)):
        return owner.body
    if not name or not isinstance(source.scope_of(call), ast.AsyncFunctionDef):
        return []
    if on is None and name == method(call):
        return source.tree.body
    home = project.by_module.get(name.rpartition(".")[0])
    return home.tree.body if home else []


def _makes_coroutine(node: ast.stmt) -> bool:
    plain = isinstance(node, ast.AsyncFunctionDef) and not decorators_of(node)
    return plain and not is_generator(node)  # type: ignore[arg-type]


@rule(
    "WB104",
    "a blocking call inside an async function",
    why="The event loop stands still until it returns: every other request of this process waits.",
    fix="Use the async form, or `await asyncio.to_thread(...)` where there is none.",
)
def find_blocking_calls(source: Source, project: Project) -> Iterator[Mark]:
    for call in source.every(ast.Call):
        better = BLOCKING.get(source.qualified(call.func))
        if (
            better
            and not _gives_way(call)
            and isinstance(source.scope_of(call), ast.AsyncFunctionDef)
        ):
            yield call, f"`{dotted(call.func)}` blocks the event loop here; use {better}."


def _gives_way(call: ast.Call) -> bool:
    """`time.sleep(0)`, which waits for nothing."""
    given = call.args[0] if call.args else None
    return isinstance(given, ast.Constant) and given.value in (0, 0.0)
