"""Refusals of the database that nobody turns into an answer."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..calls import method, session_calls
from ..project import Project
from ..registry import Mark, rule
from ..sources import Source
from ..trees import dotted, last

CAUGHT = {
    "IntegrityError",
    "DBAPIError",
    "SQLAlchemyError",
    "DatabaseError",
    "UniqueViolationError",
}


@rule(
    "WB401",
    "IntegrityError is handled nowhere",
    why="Two requests can pass the same check and write the same value; only the database says "
    "no, and its refusal becomes a 500 and a broken session.",
    fix="Catch IntegrityError around the flush or commit, roll back, and answer with a conflict.",
)
def find_unhandled_refusals(source: Source, project: Project) -> Iterator[Mark]:
    if project.handled & CAUGHT or project.mentions("on_conflict", "exception_handler(Integr"):
        return
    if project.mentions("exception_handler(SQLAlchemyError", "add_exception_handler(Integr"):
        return
    writes = _unique_writes(source, project)
    places = [item for other in project.sources for item in _unique_writes(other, project)]
    if writes and places and writes[0][0] is places[0][0]:
        yield writes[0]


def _unique_writes(source: Source, project: Project) -> list[Mark]:
    """Commits in functions that build a row with a unique column."""
    found: list[Mark] = []
    if source.is_test or source.is_migration:
        return found
    for function in source.every(ast.AsyncFunctionDef):
        nodes = source.inside(function)
        made = {last(dotted(node.func)) for node in nodes if isinstance(node, ast.Call)}
        made |= {
            last(dotted(node.func).rpartition(".")[0])
            for node in nodes
            if isinstance(node, ast.Call)
        }
        unique = [
            f"{name}.{column.name}"
            for name in made & set(project.tables)
            for column in project.columns(project.tables[name]).values()
            if column.says("unique")
        ]
        commits = [
            call for call in session_calls(source, project, nodes) if method(call) == "commit"
        ]
        if unique and commits:
            found.append(
                (commits[0], f"`{min(unique)}` is unique, and no handler of IntegrityError exists.")
            )
    return found
