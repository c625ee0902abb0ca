"""Statements and their rows: what was selected, how, and who holds it."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from .calls import receiver
from .project import Project
from .sources import Source
from .tables import Table
from .trees import dotted, last, names_in, targets_of

ENDS = {"all", "scalars", "unique", "fetchall", "partitions", "tuples", "unwrap"}
SINGLE = {"first", "one", "one_or_none", "scalar_one", "scalar_one_or_none"}
SELECTS = {"select", "update", "delete", "insert"}


def root_of(node: ast.AST) -> ast.Call | None:
    """The call a chain such as `select(...).where(...)` starts from."""
    while isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Attribute):
            return node
        if isinstance(node.func.value, ast.Call):
            node = node.func.value
        else:
            return node
    return None


def assigned(source: Source, function: ast.AST, name: str) -> list[ast.expr]:
    """All values that a function binds a plain name to."""
    return source.assigned(function).get(name, [])


@dataclass
class Query:
    """A statement as far as one function shows it."""

    models: list[Table]
    verb: str
    parts: list[ast.expr]

    @property
    def names(self) -> set[str]:
        return {name for part in self.parts for name in names_in(part)}


def query(source: Source, project: Project, node: ast.AST | None) -> Query | None:
    """The select, update, delete or insert that an expression stands for."""
    if node is None:
        return None
    function = source.function_of(node)
    parts = [node] if isinstance(node, ast.expr) else []
    if isinstance(node, ast.Name) and function is not None:
        parts = assigned(source, function, node.id)
    for part in parts:
        root = root_of(part)
        if root is None or last(dotted(root.func)) not in SELECTS:
            continue
        named = [last(dotted(item)) for item in root.args]
        models = [project.tables[name] for name in named if name in project.tables]
        return Query(models, last(dotted(root.func)), parts)
    return None


@dataclass
class Rows:
    """What came back from a query: the model, and whether it is one or many."""

    model: Table
    many: bool
    query: Query
    call: ast.Call


def rows(source: Source, project: Project, node: ast.AST | None, depth: int = 0) -> Rows | None:
    """The rows of mapped objects an expression holds, if it visibly does."""
    many, scalars = True, False
    while node is not None and depth < 6:
        depth += 1
        if isinstance(node, ast.Await):
            node = node.value
            continue
        if isinstance(node, ast.Name):
            function = source.function_of(node)
            values = assigned(source, function, node.id) if function is not None else []
            if len(values) != 1 or _rebound(source, function, node.id):
                return None
            node = values[0]
            continue
        if not isinstance(node, ast.Call):
            return None
        name = last(dotted(node.func)) or getattr(node.func, "attr", "")
        if name in ("list", "set", "tuple", "sorted", "cast") and node.args:
            node = node.args[-1] if name == "cast" else node.args[0]
        elif name in SINGLE or name in ENDS:
            many = many and name not in SINGLE
            scalars = scalars or name == "scalars" or name.startswith("scalar_")
            if name == "scalars" and project.sessions.kind(source, receiver(node)):
                return _executed(source, project, node, many, scalars)
            node = receiver(node)
        else:
            return _executed(source, project, node, many, scalars)
    return None


def _executed(
    source: Source, project: Project, call: ast.Call, many: bool, scalars: bool
) -> Rows | None:
    name = getattr(call.func, "attr", "")
    kind = project.sessions.kind(source, receiver(call))
    if kind in ("", "sync", "connection", "engine") or not call.args:
        return None
    if name in ("get", "get_one"):
        model = project.tables.get(last(dotted(call.args[0])))
        parts: list[ast.expr] = [*call.args, *(item.value for item in call.keywords)]
        return Rows(model, False, Query([model], "get", parts), call) if model else None
    if name not in ("exec", "scalars", "scalar") and not (name == "execute" and scalars):
        return None
    found = query(source, project, call.args[0])
    if found is None or found.verb != "select" or len(found.models) != 1:
        return None
    root = next(root for part in found.parts if (root := root_of(part)) is not None)
    if len(root.args) != 1:
        return None
    return Rows(found.models[0], many and name != "scalar", found, call)


def _rebound(source: Source, function: ast.AST | None, name: str) -> bool:
    """Whether a loop or `with` binds the name as well."""
    return any(
        dotted(target) == name
        for node in (source.inside(function) if function is not None else ())
        if isinstance(node, ast.For | ast.AsyncFor | ast.withitem | ast.AugAssign)
        for target in targets_of(node)
    )
