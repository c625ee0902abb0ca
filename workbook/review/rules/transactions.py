"""Commits that tear one unit of work apart."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..calls import method, owner, session_calls
from ..project import Project
from ..registry import Mark, rule
from ..sessions import ASYNC
from ..sources import Source
from ..trees import Function, body_of, dotted, names_in, targets_of, within
from ..units import committed_by

BRANCHES = (ast.If, ast.Try, ast.For, ast.While, ast.AsyncFor)
ADDS = {"add", "add_all", "delete", "merge"}


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
    """Commits of a block that follow another one and go on with its objects, or change others."""
    committed, mine, used, wrote = "", set[str](), set[str](), False
    before, changed = set[str](), set[str]()
    for statement in block:
        calls = session_calls(source, project, within(statement))
        if _waits_outside(source, project, statement):
            committed = ""
        if isinstance(statement, ast.If) and _ends(statement.body):
            continue
        used |= set() if {method(call) for call in calls} == {"refresh"} else names_in(statement)
        changed |= _names_changed(statement)
        for call in calls:
            if method(call) in ADDS:
                wrote = True
                mine |= _names_added(call) if not committed else set()
        for name, place in _commits(source, project, statement, calls):
            if committed == name:
                final = mine & used if wrote else set()
                if changed and not before & changed:
                    final |= before
                if final:
                    yield place, f"An earlier commit has already made `{min(final)}` final."
            else:
                committed, used, before = name, set(), set()
            before, changed, wrote = before | changed, set(), False


def _commits(
    source: Source, project: Project, statement: ast.stmt, calls: list[ast.Call]
) -> list[tuple[str, ast.AST]]:
    """The sessions that a statement commits on every path, and where."""
    if isinstance(statement, ast.AsyncWith):
        name = committed_by(source, project, statement)
        return [(name, statement)] if name else []
    if isinstance(statement, BRANCHES):
        return []
    return [(owner(call), call) for call in calls if method(call) == "commit"]


def _names_added(call: ast.Call) -> set[str]:
    """The plain names handed to `add` and its like."""
    given = call.args[0] if call.args else None
    parts = given.elts if isinstance(given, ast.List | ast.Tuple) else [given]
    return {item.id for item in parts if isinstance(item, ast.Name)}


def _names_changed(statement: ast.stmt) -> set[str]:
    """The names of objects that get new values for their attributes."""
    found = set()
    for node in within(statement):
        for target in targets_of(node):
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                found.add(target.value.id)
    return found - {"self", "cls"}


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
    "a commit inside a block that commits",
    why="What was written up to the inner commit stays when the rest of the block fails; inside "
    "`session.begin()` the next statement even raises InvalidRequestError.",
    fix="`await session.flush()` where an id is needed, and leave the commit to the block.",
    everywhere=True,
)
def find_commits_in_units(source: Source, project: Project) -> Iterator[Mark]:
    for block in source.every(ast.AsyncWith):
        name = committed_by(source, project, block)
        for call in session_calls(source, project, body_of(block)) if name else ():
            if method(call) == "commit" and owner(call) == name:
                yield call, "The block around it commits at its end; this one comes too early."
