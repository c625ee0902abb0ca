"""Which expressions are sessions, connections or engines, and of which kind."""

from __future__ import annotations

import ast
from functools import cached_property
from typing import TYPE_CHECKING, TypeGuard

from .annotations import unquoted
from .sources import Source
from .trees import arguments_of, dotted, keyword, last, targets_of

if TYPE_CHECKING:
    from .project import Project

ASYNC = {"sqlmodel", "sqlalchemy", "async"}
FACTORIES = {"async_sessionmaker", "sessionmaker", "async_scoped_session"}
GIVES_ITS_ARGUMENT = {
    "AbstractAsyncContextManager", "Annotated", "AsyncContextManager", "AsyncGenerator",
    "AsyncIterable", "AsyncIterator", "Generator", "Iterator", "Optional", "Union",
}  # fmt: skip
USUAL_NAMES = {"session", "db", "db_session", "async_session"}
COROUTINES = {
    "close", "commit", "connection", "delete", "exec", "execute", "flush", "get", "get_one",
    "invalidate", "merge", "refresh", "rollback", "run_sync", "scalar", "scalars", "stream",
    "stream_scalars",
}  # fmt: skip
PLAIN = {"add", "add_all", "expire", "expire_all", "expunge", "expunge_all"}
READS = {"exec", "execute", "scalar", "scalars", "get", "get_one", "stream", "stream_scalars"}


class Sessions:
    """What is known of sessions in one project, asked per file and function."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._known: dict[tuple[str, ast.AST | None], dict[str, str]] = {}
        self._busy: set[tuple[str, ast.AST | None]] = set()

    def kind(self, source: Source, node: ast.AST | None) -> str:
        """sqlmodel, sqlalchemy, async, sync, connection, engine — or empty."""
        name = dotted(node)
        if not name or node is None:
            return ""
        function = source.function_of(node)
        scope: ast.AST | None = function
        while scope is not None:
            found = self._names(source, scope).get(name)
            if found:
                return found
            scope = source.function_of(scope)
        if name.startswith(("self.", "cls.")):
            owner = source.class_of(node)
            return self._member(source, owner, name.partition(".")[2], set()) if owner else ""
        found = self._names(source, None).get(name, "")
        if not found and name in USUAL_NAMES and isinstance(function, ast.AsyncFunctionDef):
            plain = [item.arg for item in arguments_of(function) if item.annotation is None]
            plain += [item.id for item in source.inside(function) if _is_bound(item)]
            return "async" if name in plain and self._looks_async(source) else ""
        return found

    def is_async(self, source: Source, node: ast.AST | None) -> bool:
        return self.kind(source, node) in ASYNC

    def _looks_async(self, source: Source) -> bool:
        origins = " ".join(source.imports.values())
        sync = ("sqlalchemy.orm.Session", "sqlmodel.Session", "sqlalchemy.orm.session.Session")
        return "AsyncSession" in origins and not any(
            name in sync for name in source.imports.values()
        )

    def _names(self, source: Source, scope: ast.AST | None) -> dict[str, str]:
        key = (source.path, scope)
        if key not in self._known and key not in self._busy:
            self._busy.add(key)
            names: dict[str, str] = {}
            if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
                for argument in arguments_of(scope):
                    names[argument.arg] = self.annotated(source, argument.annotation)
            for node in source.inside(scope or source.tree):
                self._learn(source, node, names)
            self._known[key] = {name: kind for name, kind in names.items() if kind}
            self._busy.discard(key)
        return self._known.get(key, {})

    def _learn(self, source: Source, node: ast.AST, names: dict[str, str]) -> None:
        value: ast.AST | None = None
        if isinstance(node, ast.withitem):
            value = node.context_expr
        elif isinstance(node, ast.AsyncFor):
            value = node.iter
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr):
            value = node.value
        targets = [dotted(target) for target in targets_of(node)]
        if value is None or len(targets) != 1 or not targets[0]:
            return
        kind = self.made(source, value) or names.get(dotted(value), "")
        if isinstance(node, ast.AnnAssign):
            kind = self.annotated(source, node.annotation) or kind
        if kind:
            names[targets[0]] = kind

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

    def _member(self, source: Source, owner: ast.ClassDef, name: str, seen: set[str]) -> str:
        """The kind of an attribute of `self`, base classes of the project asked."""
        seen.add(owner.name)
        for item in owner.body:
            if isinstance(item, ast.AnnAssign) and dotted(item.target) == name:
                return self.annotated(source, item.annotation)
        for item in owner.body:
            if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
                if item.name == name:
                    return self.annotated(source, item.returns)
                if found := self._names(source, item).get(f"self.{name}"):
                    return found
        for base in owner.bases:
            for table in self.project.classes.get(last(dotted(_bare(base))), [])[:1]:
                if table.name not in seen:
                    return self._member(table.source, table.node, name, seen)
        return ""

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


def _is_bound(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


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


def _bare(base: ast.expr) -> ast.expr:
    return base.value if isinstance(base, ast.Subscript) else base


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
