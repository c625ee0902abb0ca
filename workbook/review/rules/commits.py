"""Commits that are missing, and commits that come whatever happened."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..annotations import meaning
from ..calls import method, owner, session_calls
from ..project import Project
from ..registry import Mark, rule
from ..sources import Source
from ..trees import arguments_of, body_of, dotted, last, names_in, within

ENDINGS = ("commit", "begin", "rollback")


@rule(
    "WB304",
    "a session's writes are never committed",
    why="The session closes at the end of its block and rolls back what was only added.",
    fix="`await session.commit()` as the last line of the block, or open it with `.begin()`.",
)
def find_lost_writes(source: Source, project: Project) -> Iterator[Mark]:
    for block in source.every(ast.AsyncWith):
        yield from _lost_tables(source, project, block)
        for item in block.items:
            entered, name = item.context_expr, dotted(item.optional_vars)
            if not name or not isinstance(entered, ast.Call) or method(entered) == "begin":
                continue
            made_here = last(dotted(entered.func)) in project.sessions.factories
            made_here = made_here or last(dotted(entered.func)) == "AsyncSession"
            if made_here and (lost := _lost_write(source, project, block, name)) is not None:
                yield lost, f"`{name}` is closed without a commit, so this is rolled back."


def _lost_write(
    source: Source, project: Project, block: ast.AsyncWith, name: str
) -> ast.Call | None:
    nodes = list(within(*block.body))
    writes = [
        call
        for call in session_calls(source, project, nodes)
        if owner(call) == name and method(call) in ("add", "add_all")
    ]
    for node in ast.walk(block):
        if isinstance(node, ast.Yield) or getattr(node, "attr", "") in ENDINGS:
            return None
        handed = isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
        if handed and not isinstance(source.parents[node], ast.Attribute):
            return None
    return writes[0] if writes else None


def _lost_tables(source: Source, project: Project, block: ast.AsyncWith) -> Iterator[Mark]:
    """`create_all` on a connection that was only connected, and never committed."""
    for item in block.items:
        entered = item.context_expr
        connects = isinstance(entered, ast.Call) and method(entered) == "connect"
        if not connects or project.sessions.made(source, entered) != "connection":
            continue
        written = names_in(block)
        autocommits = "AUTOCOMMIT" in ast.unparse(block)
        for call in body_of(block) if not written & set(ENDINGS) and not autocommits else ():
            if isinstance(call, ast.Call) and {"create_all", "drop_all"} & names_in(call):
                yield call, "The connection closes without a commit, so this is rolled back."
                break


@rule(
    "WB309",
    "a commit in finally",
    why="It runs after an exception as well: half of the work is made final, or the commit of a "
    "failed transaction hides the error that mattered.",
    fix="Commit behind the work, in the same `try`; `finally` is for closing.",
)
def find_commits_in_finally(source: Source, project: Project) -> Iterator[Mark]:
    for attempt in source.every(ast.Try):
        for call in session_calls(source, project, within(*attempt.finalbody)):
            if method(call) == "commit":
                yield call, "This commits even when an exception is passing."


@rule(
    "WB310",
    "an id read before the flush",
    why="The database gives the id with the INSERT; until then it is None, and None is what the "
    "other row gets.",
    fix="`await session.flush()` between adding the object and reading its id.",
)
def find_early_ids(source: Source, project: Project) -> Iterator[Mark]:
    for block in _straight_blocks(source):
        fresh: dict[str, str] = {}
        for statement in block:
            if session_calls(source, project, awaited_in(statement)):
                fresh.clear()
            for node in within(statement) if fresh else ():
                read = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
                if read and fresh.get(dotted(node.value)) == node.attr:  # type: ignore[attr-defined]
                    yield node, f"`{dotted(node)}` is still None here."
            fresh |= _made(source, project, statement)


def _straight_blocks(source: Source) -> Iterator[list[ast.stmt]]:
    for function in source.every(ast.AsyncFunctionDef):
        yield function.body
        for node in source.inside(function):
            if isinstance(node, ast.With | ast.AsyncWith | ast.Try):
                yield node.body


def awaited_in(statement: ast.stmt) -> list[ast.AST]:
    """The calls a statement awaits; plain calls such as `add` send nothing."""
    return [node.value for node in within(statement) if isinstance(node, ast.Await)]


def _made(source: Source, project: Project, statement: ast.stmt) -> dict[str, str]:
    """A new object whose id the database will give: its name, and the id's."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
        return {}
    call = statement.value
    table = project.table_at(source, call.func)
    spread = [item.value for item in call.keywords if item.arg is None]
    if table is None or not all(_is_input(source, project, item) for item in spread):
        return {}
    given = {item.arg for item in call.keywords}
    for column in project.columns(table).values():
        automatic = column.says("primary_key") and not column.foreign_key
        if automatic and meaning(column.annotation).target == "int" and column.name not in given:
            return {dotted(statement.targets[0]): column.name}
    return {}


def _is_input(source: Source, project: Project, node: ast.expr) -> bool:
    """Whether `data.model_dump()` dumps a class of the project that has no id."""
    function = source.function_of(node)
    name = owner(node) if isinstance(node, ast.Call) and method(node) == "model_dump" else ""
    for argument in arguments_of(function) if function and name else ():
        if argument.arg == name:
            known = project.classes.get(meaning(argument.annotation).target, [])
            columns = project.columns(known[0]) if len(known) == 1 else {"id": None}
            return "id" not in columns
    return False
