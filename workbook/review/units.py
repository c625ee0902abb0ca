"""Blocks that commit when they end: `begin()`, and the helpers of a project."""

from __future__ import annotations

import ast
from weakref import WeakKeyDictionary

from .calls import method, owner, receiver, session_calls
from .project import Project
from .sources import Source
from .trees import decorators_of, dotted, is_generator, last

_known: WeakKeyDictionary[Project, set[str]] = WeakKeyDictionary()


def committing_helpers(project: Project) -> set[str]:
    """Context managers of the project, functions and classes, that commit at their end."""
    if project not in _known:
        _known[project] = set(_find(project))
    return _known[project]


def _find(project: Project) -> list[str]:
    found: list[str] = []
    for source in project.sources:
        for function in source.every(ast.AsyncFunctionDef):
            calls = session_calls(source, project, source.inside(function))
            if not any(method(call) == "commit" for call in calls):
                continue
            managed = any(last(name) == "asynccontextmanager" for name in decorators_of(function))
            owner_class = source.class_of(function)
            if managed and is_generator(function):
                found.append(function.name)
            elif function.name == "__aexit__" and owner_class is not None:
                found.append(owner_class.name)
    return found


def committed_by(source: Source, project: Project, block: ast.AsyncWith) -> str:
    """The session that a block commits at its end, as it is called inside; else empty."""
    for item in block.items:
        entered = item.context_expr
        if not isinstance(entered, ast.Call):
            continue
        if method(entered) == "begin":
            if project.sessions.is_async(source, receiver(entered)):
                return owner(entered)
            if project.sessions.made(source, entered) in ("sqlmodel", "sqlalchemy", "async"):
                return dotted(item.optional_vars)
        if last(dotted(entered.func)) in committing_helpers(project):
            given = [arg for arg in entered.args if project.sessions.is_async(source, arg)]
            return dotted(given[0]) if given else dotted(item.optional_vars)
    return ""
