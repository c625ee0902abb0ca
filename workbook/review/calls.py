"""The calls rules ask for by name: of sessions, and for engines."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from .project import Project
from .sessions import COROUTINES
from .sources import Source
from .trees import dotted, keyword, last, targets_of

WRITES = {"add", "add_all", "delete", "merge", "execute", "exec", "flush"}
POOLLESS = {"NullPool", "StaticPool", "SingletonThreadPool"}
ENGINES = ("create_async_engine", "async_engine_from_config")


def session_calls(source: Source, project: Project, nodes: Iterable[ast.AST]) -> list[ast.Call]:
    """The calls of async sessions' methods among nodes, in reading order."""
    return [
        node
        for node in nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in COROUTINES | WRITES
        and project.sessions.is_async(source, node.func.value)
    ]


def method(call: ast.Call) -> str:
    """What is called: the name behind the last dot, whatever stands before it."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else dotted(call.func)


def receiver(call: ast.Call) -> ast.expr | None:
    """The expression a method is called on."""
    return call.func.value if isinstance(call.func, ast.Attribute) else None


def owner(call: ast.Call) -> str:
    """The dotted name of the receiver."""
    return dotted(receiver(call))


def engine_calls(source: Source) -> list[ast.Call]:
    """The calls that make an async engine."""
    return [call for call in source.every(ast.Call) if _makes_engine(source.qualified(call.func))]


def _makes_engine(name: str) -> bool:
    return name.startswith("sqlalchemy") and last(name) in ENGINES


def engine_url(source: Source, call: ast.Call) -> str:
    """The literal URL of an engine, names of the module followed."""
    given = call.args[0] if call.args else keyword(call, "url")
    if isinstance(given, ast.Name):
        values = [
            node.value
            for node in source.assignments
            if any(dotted(target) == given.id for target in targets_of(node))
        ]
        given = values[0] if len(values) == 1 else None
    texts = [
        item.value
        for item in (ast.walk(given) if given is not None else ())
        if isinstance(item, ast.Constant) and isinstance(item.value, str) and ":" in item.value
    ]
    return texts[0] if texts else ""
