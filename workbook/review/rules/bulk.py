"""Writes sent row by row where one statement would do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeGuard

from ..calls import method, receiver, session_calls
from ..looping import loop_around
from ..project import Project
from ..queries import Query, query, root_of, rows
from ..registry import Mark, rule
from ..sources import Source
from ..trees import dotted, last, names_in, targets_of


@rule(
    "WB204",
    "rows loaded to be changed one by one",
    why="Each row costs a load and an UPDATE of its own, and a row added meanwhile is missed.",
    fix="Say it in one statement: `update(Model).where(...).values(...)`; "
    "`rowcount` tells how many.",
)
def find_row_by_row_updates(source: Source, project: Project) -> Iterator[Mark]:
    for loop in source.every(ast.For):
        target = dotted(loop.target)
        if not target or not all(_sets_constant(item, target) for item in loop.body):
            continue
        found = rows(source, project, loop.iter)
        if found and found.many and any(isinstance(item, ast.Assign) for item in loop.body):
            yield loop, f"Every {found.model.name} gets the same values; one UPDATE would do."


def _sets_constant(node: ast.stmt, target: str) -> bool:
    if isinstance(node, ast.Assign):
        same = all(dotted(item).startswith(f"{target}.") for item in node.targets)
        return same and target not in names_in(node.value)
    added = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    return added and last(dotted(node.value.func)) == "add"  # type: ignore[attr-defined]


@rule(
    "WB206",
    "a write for every turn of a loop",
    why="Ten thousand rows take ten thousand round trips, and the locks are held for all of them.",
    fix="One statement for all: `session.exec(insert(Model), params=[{...}, ...])`, or "
    "`update`/`delete` with `.where(Model.id.in_(ids))`.",
)
def find_writes_in_loops(source: Source, project: Project) -> Iterator[Mark]:
    for call in source.every(ast.Call):
        if method(call) not in ("exec", "execute") or not call.args:
            continue
        loop = loop_around(source, call)
        if not _exists_to_write(loop) or not project.sessions.is_async(source, receiver(call)):
            continue
        turning = {dotted(target) for target in targets_of(loop)}
        asked = query(source, project, call.args[0])
        used = names_in(call) | (asked.names if asked else set())
        if asked is not None and turning & used and _is_uniform(asked, turning):
            yield call, f"One {asked.verb} runs for every `{' '.join(sorted(turning))}`."


def _exists_to_write(loop: ast.For | ast.comprehension | None) -> TypeGuard[ast.For]:
    """Whether a loop does little besides; a longer one has more reasons to be a loop."""
    return isinstance(loop, ast.For) and len(loop.body) <= 3


def _is_uniform(asked: Query, turning: set[str]) -> bool:
    """Whether the turns differ in the rows they mean only, not in table or values."""
    if asked.verb == "insert":
        return not any("conflict" in name or name == "returning" for name in asked.names)
    if asked.verb not in ("update", "delete") or "returning" in asked.names:
        return False
    parts = [node for part in asked.parts for node in ast.walk(part)]
    if any(
        turning & names_in(root.args[0]) for root in map(root_of, asked.parts) if root and root.args
    ):
        return False  # one statement names one table
    values = [node for node in parts if isinstance(node, ast.Call) and method(node) == "values"]
    return not any(
        turning & names_in(item) for call in values for item in call.keywords + call.args
    )


@rule(
    "WB207",
    "a flush for every turn of a loop",
    why="Each flush is a round trip of its own, and the INSERTs can't be sent together.",
    fix="Flush once behind the loop, or leave it to the commit.",
)
def find_flushes_in_loops(source: Source, project: Project) -> Iterator[Mark]:
    for loop in source.every(ast.For):
        final = loop.body[-1]
        for call in session_calls(source, project, [*ast.walk(final)]):
            same = isinstance(final, ast.Expr) and loop_around(source, call) is loop
            if method(call) == "flush" and same:
                yield call, "Nothing in this turn needs what the flush would give."
