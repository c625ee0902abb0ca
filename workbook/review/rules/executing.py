"""`exec` and `execute`, each on the session that has it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..calls import method, receiver
from ..project import Project
from ..registry import Mark, rule
from ..sources import Source
from ..trees import dotted, keyword, last


@rule(
    "WB902",
    "execute on SQLModel's own session",
    why="SQLModel deprecates it there: rows come back as tuples, and a run under `-W error` stops.",
    fix="`await session.exec(statement)`, which gives the objects themselves.",
)
def find_execute(source: Source, project: Project) -> Iterator[Mark]:
    for call in source.every(ast.Call):
        own = project.sessions.kind(source, receiver(call)) == "sqlmodel"
        if own and method(call) == "execute":
            yield call, f"`{dotted(call.func)}` is deprecated on this session; `exec` takes it all."


@rule(
    "WB903",
    "a session of SQLAlchemy where SQLModel's is meant",
    why="SQLAlchemy's AsyncSession has no `exec`: AttributeError at the first query.",
    fix="`async_sessionmaker(engine, class_=AsyncSession)` with the class from "
    "`sqlmodel.ext.asyncio.session`.",
    everywhere=True,
)
def find_sessions_without_exec(source: Source, project: Project) -> Iterator[Mark]:
    for call in source.every(ast.Call):
        if method(call) == "exec" and project.sessions.kind(source, receiver(call)) == "sqlalchemy":
            yield call, f"`{dotted(receiver(call))}` is SQLAlchemy's own session; it has no `exec`."
        elif _makes_plain_sessions(source, project, call) and _runs_exec(project):
            yield call, "These sessions have no `exec`, and the project calls it."


def _makes_plain_sessions(source: Source, project: Project, call: ast.Call) -> bool:
    name = source.qualified(call.func)
    if not name.startswith("sqlalchemy") or last(name) != "async_sessionmaker" or source.is_test:
        return False
    chosen = keyword(call, "class_")
    spread = any(item.arg is None for item in call.keywords)
    plain = chosen is None or source.qualified(chosen).startswith("sqlalchemy.")
    others = set(project.sessions.factories.values())
    return plain and not spread and "sqlmodel" not in others


def _runs_exec(project: Project) -> bool:
    """Whether the project calls `exec` on what it takes for SQLModel's sessions."""
    return any(
        method(call) == "exec" and project.sessions.kind(source, receiver(call)) == "sqlmodel"
        for source in project.sources
        if not source.is_test
        for call in source.every(ast.Call)
    )
