"""Commits that tear one unit of work apart, and failures nobody rolls back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..calls import method, owner, session_calls
from ..project import Project
from ..registry import Mark, rule
from ..sessions import ASYNC
from ..sources import Source
from ..trees import Function, body_of, dotted, last, names_in, within

ADDS = {"add", "add_all", "delete", "merge"}
CHUNKS = re.compile(r"chunk|batch|page|attempt|retry|poll|backfill", re.IGNORECASE)


@rule(
    "WB301",
    "a commit in a loop",
    why="When one turn fails, those before it stay: the work is half done, and a commit per row "
    "is also the slowest way to write.",
    fix="Commit once behind the loop; for very many rows, commit per chunk and make it resumable.",
)
def find_commits_in_loops(source: Source, project: Project) -> Iterator[Mark]:
    for loop in source.every(ast.For):
        if any(map(CHUNKS.search, names_in(loop.iter) | names_in(loop.target))):
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


@rule(
    "WB302",
    "several commits in one unit of work",
    why="A failure after the first commit leaves the first half behind, with nobody to undo it.",
    fix="`await session.flush()` where an id is needed, and commit once at the end.",
)
def find_several_commits(source: Source, project: Project) -> Iterator[Mark]:
    for function in source.every(ast.AsyncFunctionDef):
        for block in _blocks(source, function):
            yield from _second_commits(source, project, block)


def _blocks(source: Source, function: Function) -> Iterator[list[ast.stmt]]:
    """The straight runs of statements in a function."""
    yield function.body
    for node in source.inside(function):
        if isinstance(node, ast.With | ast.AsyncWith | ast.Try | ast.If):
            yield node.body


def _second_commits(source: Source, project: Project, block: list[ast.stmt]) -> Iterator[Mark]:
    """Commits of a block that follow another one and go on with its objects."""
    committed, mine, used, wrote = "", set[str](), set[str](), False
    for statement in block:
        calls = session_calls(source, project, within(statement))
        branches = isinstance(statement, ast.If | ast.Try | ast.For | ast.While | ast.AsyncFor)
        if _waits_outside(source, project, statement):
            committed = ""
        if branches and isinstance(statement, ast.If) and _ends(statement.body):
            continue
        used |= set() if {method(call) for call in calls} == {"refresh"} else names_in(statement)
        for call in calls:
            if method(call) in ADDS:
                wrote = True
                mine |= _names_added(call) if not committed else set()
            elif method(call) == "commit" and not branches:
                if committed == owner(call) and wrote and mine & used:
                    yield call, f"An earlier commit has already made `{min(mine & used)}` final."
                if committed != owner(call):
                    committed, used = owner(call), set()
                wrote = False


def _names_added(call: ast.Call) -> set[str]:
    """The plain names handed to `add` and its like."""
    given = call.args[0] if call.args else None
    parts = given.elts if isinstance(given, ast.List | ast.Tuple) else [given]
    return {item.id for item in parts if isinstance(item, ast.Name)}


def _ends(body: list[ast.stmt]) -> bool:
    return isinstance(body[-1], ast.Raise | ast.Return | ast.Continue | ast.Break)


def _waits_outside(source: Source, project: Project, statement: ast.stmt) -> bool:
    """Whether something other than this database is awaited here."""
    for node in within(statement):
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            call = node.value
            ours = project.sessions.kind(source, getattr(call.func, "value", None)) in ASYNC
            handed = any(project.sessions.is_async(source, item) for item in call.args)
            if not ours and not handed and not dotted(call.func).startswith("self._"):
                return True
    return False


@rule(
    "WB303",
    "a commit inside `session.begin()`",
    why="The block commits at its end by itself; a commit inside closes its transaction, and the "
    "next statement raises InvalidRequestError.",
    fix="Take the inner commit away, or the `begin()` around it.",
    everywhere=True,
)
def find_commits_in_begin(source: Source, project: Project) -> Iterator[Mark]:
    for block in source.every(ast.AsyncWith):
        for item in block.items:
            entered = item.context_expr
            if not isinstance(entered, ast.Call) or method(entered) != "begin":
                continue
            name = owner(entered)
            if not project.sessions.is_async(source, getattr(entered.func, "value", None)):
                name = dotted(item.optional_vars) if project.sessions.made(source, entered) else ""
            for call in session_calls(source, project, list(body_of(block))):
                if method(call) == "commit" and owner(call) == name:
                    yield call, "The surrounding `begin()` commits; this one breaks it."


@rule(
    "WB304",
    "a session's writes are never committed",
    why="The session closes at the end of its block and rolls back what was only added.",
    fix="`await session.commit()` as the last line of the block, or open it with `.begin()`.",
)
def find_lost_writes(source: Source, project: Project) -> Iterator[Mark]:
    for block in source.every(ast.AsyncWith):
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
        if isinstance(node, ast.Yield) or getattr(node, "attr", "") in (
            "commit",
            "begin",
            "rollback",
        ):
            return None
        handed = isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
        if handed and not isinstance(source.parents[node], ast.Attribute):
            return None
    return writes[0] if writes else None
