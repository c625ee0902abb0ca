"""Queries and commits repeated for every row."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..calls import method, session_calls
from ..looping import CHUNKS, is_chunked, loop_around
from ..project import Project
from ..queries import query
from ..registry import Mark, rule
from ..sessions import ASYNC, READS
from ..sources import Source
from ..trees import body_of, dotted, names_in, targets_of


@rule(
    "WB203",
    "a query for every turn of a loop",
    why="The number of round trips grows with the data: 10 rows are fine, 10,000 are not.",
    fix="Ask once before the loop (`.where(Model.id.in_(ids))`, a join), then look up in a dict.",
)
def find_queries_in_loops(source: Source, project: Project) -> Iterator[Mark]:
    for call in source.every(ast.Call):
        func = call.func
        if not isinstance(func, ast.Attribute) or not call.args:
            continue
        inside = source.parents.get(source.parents[call])
        if isinstance(inside, ast.ListComp) and _asks_by_itself(source, project, call):
            if loop_around(source, call) is not None:
                yield call, f"`{dotted(func)}` queries, once for every element of the list."
            continue
        if func.attr not in READS | {"refresh"}:
            continue
        loop = loop_around(source, call)
        if loop is None or project.sessions.kind(source, func.value) not in ASYNC:
            continue
        turning = {dotted(target) for target in targets_of(loop)}
        if func.attr in ("get", "get_one") and dotted(call.args[0]) in turning:
            continue  # a loop over tables, of which there are as many as were written down
        asked = query(source, project, call.args[0])
        reads = func.attr in ("get", "get_one", "refresh") or (
            asked is not None and asked.verb == "select"
        )
        used = asked.names if asked else names_in(call)
        if reads and turning & used:
            yield call, f"`{dotted(func)}` runs once for every `{' '.join(sorted(turning))}`."


def _asks_by_itself(source: Source, project: Project, call: ast.Call) -> bool:
    """Whether a call is one of the class's own methods, and that one queries."""
    owner = source.class_of(call)
    for function in owner.body if owner else ():
        if (
            isinstance(function, ast.AsyncFunctionDef)
            and dotted(call.func) == f"self.{function.name}"
        ):
            calls = session_calls(source, project, source.inside(function))
            return any(method(item) in READS for item in calls)
    return False


@rule(
    "WB301",
    "a commit in a loop",
    why="When one turn fails, those before it stay: the work is half done, and a commit per row "
    "is also the slowest way to write.",
    fix="Commit once behind the loop; for very many rows, commit per chunk and make it resumable.",
)
def find_commits_in_loops(source: Source, project: Project) -> Iterator[Mark]:
    for loop in source.every(ast.For):
        if is_chunked(loop):
            continue
        function = source.function_of(loop)
        if function is None or CHUNKS.search(function.name):
            continue
        body = list(body_of(loop))
        for call in session_calls(source, project, body):
            if method(call) == "commit" and _runs_each_turn(source, call, loop):
                yield call, "This commits once for every turn of the loop."


def _runs_each_turn(source: Source, call: ast.Call, loop: ast.For) -> bool:
    """No condition, no handled failure and no session of its own in between."""
    for above in source.ancestors(call):
        if above is loop:
            return not any(isinstance(item, ast.Return | ast.Break) for item in body_of(loop))
        if isinstance(above, ast.If | ast.Try | ast.AsyncWith | ast.With | ast.For | ast.While):
            return False
    return False
