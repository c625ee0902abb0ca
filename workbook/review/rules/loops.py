"""Queries and updates repeated for every row."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..project import Project
from ..queries import query, rows
from ..registry import Mark, rule
from ..sessions import ASYNC, READS
from ..sources import Source
from ..trees import dotted, last, names_in, targets_of

CHUNKS = re.compile(r"chunk|batch|page|attempt|retry|part|slice|window|shard", re.IGNORECASE)
BOUNDED = {"range", "batched", "enumerate", "count", "islice"}


@rule(
    "WB203",
    "a query for every turn of a loop",
    why="The number of round trips grows with the data: 10 rows are fine, 10,000 are not.",
    fix="Ask once before the loop (`.where(Model.id.in_(ids))`, a join), then look up in a dict.",
)
def find_queries_in_loops(source: Source, project: Project) -> Iterator[Mark]:
    for call in source.every(ast.Call):
        func = call.func
        if not isinstance(func, ast.Attribute) or func.attr not in READS or not call.args:
            continue
        loop = _loop_around(source, call)
        if loop is None or project.sessions.kind(source, func.value) not in ASYNC:
            continue
        turning = {dotted(target) for target in targets_of(loop)}
        asked = query(source, project, call.args[0])
        reads = func.attr in ("get", "get_one") or (asked is not None and asked.verb == "select")
        used = asked.names if asked else names_in(call)
        if reads and turning & used:
            yield call, f"`{dotted(func)}` runs once for every `{' '.join(sorted(turning))}`."


def _loop_around(source: Source, node: ast.AST) -> ast.For | ast.comprehension | None:
    """The nearest loop over data around a node, in the same function."""
    below = node
    for above in source.ancestors(node):
        if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.While):
            return None
        if isinstance(above, ast.comprehension) and below is above.iter:
            return None
        if isinstance(above, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            return above.generators[0] if _over_data(above.generators[0]) else None
        if isinstance(above, ast.For) and below is not above.iter:
            return above if _over_data(above) else None
        below = above
    return None


def _over_data(loop: ast.For | ast.comprehension) -> bool:
    if isinstance(loop.iter, ast.Tuple | ast.List | ast.Set | ast.Dict | ast.Constant):
        return False
    written = names_in(loop.iter) | names_in(loop.target)
    called = last(dotted(loop.iter.func)) if isinstance(loop.iter, ast.Call) else ""
    constant = dotted(loop.iter).isupper()
    return not constant and called not in BOUNDED and not any(map(CHUNKS.search, written))


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
