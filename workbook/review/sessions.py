"""Which expressions are sessions, connections or engines, and of which kind."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeGuard

from .makers import Makers
from .sources import Source
from .trees import arguments_of, dotted, last, targets_of

if TYPE_CHECKING:
    from .project import Project

ASYNC = {"sqlmodel", "sqlalchemy", "async"}
USUAL_NAMES = {"session", "db", "db_session", "async_session"}
COROUTINES = {
    "close", "commit", "connection", "delete", "exec", "execute", "flush", "get", "get_one",
    "invalidate", "merge", "refresh", "rollback", "run_sync", "scalar", "scalars", "stream",
    "stream_scalars",
}  # fmt: skip
PLAIN = {"add", "add_all", "expire", "expire_all", "expunge", "expunge_all"}
READS = {"exec", "execute", "scalar", "scalars", "get", "get_one", "stream", "stream_scalars"}


class Sessions(Makers):
    """What is known of sessions in one project, asked per file and function."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
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


def _is_bound(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _bare(base: ast.expr) -> ast.expr:
    return base.value if isinstance(base, ast.Subscript) else base
