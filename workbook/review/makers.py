"""What annotations name and calls make: sessions, connections, engines, or neither."""

from __future__ import annotations

import ast
from functools import cached_property
from typing import TYPE_CHECKING

from .annotations import unquoted
from .sources import Source
from .trees import dotted, keyword, last, targets_of

if TYPE_CHECKING:
    from .project import Project

FACTORIES = {"async_sessionmaker", "sessionmaker", "async_scoped_session"}
GIVES_ITS_ARGUMENT = {
    "AbstractAsyncContextManager", "Annotated", "AsyncContextManager", "AsyncGenerator",
    "AsyncIterable", "AsyncIterator", "Generator", "Iterator", "Optional", "Union",
}  # fmt: skip


class Makers:
    """The aliases, factories and functions of a project that stand for sessions."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def annotated(self, source: Source, annotation: ast.expr | None) -> str:
        """The kind an annotation names, aliases of the project followed."""
        node = unquoted(annotation)
        if isinstance(node, ast.BinOp):
            return self.annotated(source, node.left) or self.annotated(source, node.right)
        if isinstance(node, ast.Subscript):
            inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if last(dotted(node.value)) in GIVES_ITS_ARGUMENT:
                return next((kind for item in inner if (kind := self.annotated(source, item))), "")
            node = node.value
        return _kind_of_class(source.qualified(node)) or self.aliases.get(last(dotted(node)), "")

    def made(self, source: Source, value: ast.AST) -> str:
        """The kind of what an expression makes: a call, awaited or entered."""
        while isinstance(value, ast.Await):
            value = value.value
        if not isinstance(value, ast.Call):
            return ""
        func = value.func
        if isinstance(func, ast.Call):
            return self._made_by(source, func)
        if isinstance(func, ast.Attribute) and func.attr in ("begin", "connect"):
            if "engine" in last(dotted(func.value)).lower():
                return _connected(source, value)
            return self.factories.get(last(dotted(func.value)), "")
        name = source.qualified(func)
        if name.startswith("sqlalchemy") and last(name) == "create_async_engine":
            return "engine"
        return _kind_of_class(name) or self.factories.get(last(name), "") or self._given(last(name))

    def _made_by(self, source: Source, factory: ast.Call) -> str:
        """The kind of the sessions a factory makes."""
        name = last(dotted(factory.func))
        if not _makes_sessions(source, factory):
            return self.factories.get(name, "")
        chosen = keyword(factory, "class_")
        if chosen is not None:
            return _kind_of_class(source.qualified(chosen))
        return "sync" if name == "sessionmaker" else "sqlalchemy"

    def _given(self, function: str) -> str:
        """The kind a function of the project yields or returns by annotation."""
        found = {
            self.annotated(source, item.returns)
            for source, item in self.project.functions.get(function, [])
            if item.returns is not None
        }
        return found.pop() if len(found) == 1 else ""

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Names such as `SessionDep = Annotated[AsyncSession, Depends(...)]`."""
        found: dict[str, str] = {}
        for source in self.project.sources:
            for node in source.assignments:
                if source.scope_of(node) is None and isinstance(node.value, ast.Subscript):
                    kind = self._aliased(source, node.value)
                    found |= {dotted(target): kind for target in targets_of(node) if kind}
        return found

    def _aliased(self, source: Source, value: ast.Subscript) -> str:
        inner = value.slice.elts if isinstance(value.slice, ast.Tuple) else [value.slice]
        wraps = last(dotted(value.value)) in GIVES_ITS_ARGUMENT
        return _kind_of_class(source.qualified(inner[0])) if wraps and inner else ""

    @cached_property
    def factories(self) -> dict[str, str]:
        """The names that session factories are kept under, with what they make."""
        found: dict[str, set[str]] = {}
        for source in self.project.sources:
            for node in source.assignments:
                value = node.value
                if isinstance(value, ast.Call) and _makes_sessions(source, value):
                    for target in targets_of(node):
                        kind = self._made_by(source, value)
                        found.setdefault(last(dotted(target)), set()).add(kind)
            for function in source.functions:
                said = function.returns
                if isinstance(said, ast.Subscript) and dotted(said.value) == "async_sessionmaker":
                    kind = self.annotated(source, said.slice) or "async"
                    found.setdefault(function.name, set()).add(kind)
        return {name: kinds.pop() for name, kinds in found.items() if len(kinds) == 1}


def _makes_sessions(source: Source, call: ast.Call) -> bool:
    """Whether a call makes a factory of SQLAlchemy's, under whatever name."""
    name = source.qualified(call.func)
    return last(name) in FACTORIES and name.startswith("sqlalchemy")


def _connected(source: Source, call: ast.Call) -> str:
    """What `engine.connect()` gives: entered or awaited, an async connection."""
    above = source.parents.get(call)
    if isinstance(above, ast.withitem):
        above = source.parents[above]
    return "connection" if isinstance(above, ast.AsyncWith | ast.Await) else "sync"


def _kind_of_class(name: str) -> str:
    short = last(name)
    if short in ("AsyncSession", "async_scoped_session"):
        if name.startswith("sqlmodel"):
            return "sqlmodel"
        return "sqlalchemy" if name.startswith("sqlalchemy") else "async"
    if short == "AsyncConnection":
        return "connection"
    if short == "AsyncEngine":
        return "engine"
    return "sync" if name in ("sqlmodel.Session", "sqlalchemy.orm.Session") else ""
