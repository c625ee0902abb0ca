"""One file under review: its tree, who holds whom, and what names mean."""

from __future__ import annotations

import ast
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from .trees import SCOPES, Function, children, dotted, targets_of, within

N = TypeVar("N", bound=ast.AST)
TEST_FOLDERS = {"test", "tests", "testing", "scripts", "examples", "benchmarks", "seeds"}


class Source:
    """A parsed file; `module` is its dotted name below the reviewed folder."""

    def __init__(self, file: Path, path: str, module: str, text: str) -> None:
        self.file = file
        self.path = path
        self.module = module
        self.text = text
        self.tree = ast.parse(text)
        self.parents: dict[ast.AST, ast.AST] = {}
        self._by_kind: dict[type[ast.AST], list[ast.AST]] = {}
        self._assigned: dict[ast.AST, dict[str, list[ast.expr]]] = {}
        self._inside: dict[ast.AST, list[ast.AST]] = {}
        stack: list[ast.AST] = [self.tree]
        while stack:
            node = stack.pop()
            self._by_kind.setdefault(type(node), []).append(node)
            for child in children(node):
                self.parents[child] = node
                stack.append(child)

    def every(self, *kinds: type[N]) -> list[N]:
        """All nodes of these kinds, in no order that matters."""
        return [node for kind in kinds for node in self._by_kind.get(kind, [])]  # type: ignore[misc]

    @cached_property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    @property
    def assignments(self) -> list[ast.Assign | ast.AnnAssign]:
        return [*self.every(ast.Assign), *self.every(ast.AnnAssign)]

    @property
    def functions(self) -> list[Function]:
        return [*self.every(ast.FunctionDef), *self.every(ast.AsyncFunctionDef)]

    def inside(self, function: ast.AST) -> list[ast.AST]:
        """What a function's own body holds, nested scopes left out."""
        if function not in self._inside:
            self._inside[function] = list(within(*getattr(function, "body", ())))
        return self._inside[function]

    def assigned(self, function: ast.AST) -> dict[str, list[ast.expr]]:
        """The names a function binds, each with all values it is given."""
        if function not in self._assigned:
            found: dict[str, list[ast.expr]] = {}
            for node in self.inside(function):
                if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value:
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    for target in targets:
                        found.setdefault(dotted(target), []).append(node.value)
            self._assigned[function] = found
        return self._assigned[function]

    def ancestors(self, node: ast.AST) -> list[ast.AST]:
        """The nodes around a node, the nearest first."""
        found = []
        while (above := self.parents.get(node)) is not None:
            found.append(above)
            node = above
        return found

    def scope_of(self, node: ast.AST) -> ast.AST | None:
        """The nearest function, lambda or class around a node."""
        return next((item for item in self.ancestors(node) if isinstance(item, SCOPES)), None)

    def function_of(self, node: ast.AST) -> Function | None:
        """The nearest function around a node, lambdas and classes passed over."""
        for item in self.ancestors(node):
            if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
                return item
        return None

    def class_of(self, node: ast.AST) -> ast.ClassDef | None:
        return next((item for item in self.ancestors(node) if isinstance(item, ast.ClassDef)), None)

    @cached_property
    def imports(self) -> dict[str, str]:
        """Local names and the dotted names they were imported under."""
        names: dict[str, str] = {}
        for plain in self.every(ast.Import):
            for alias in plain.names:
                if alias.asname:
                    names[alias.asname] = alias.name
                else:
                    root = alias.name.partition(".")[0]
                    names.setdefault(root, root)
        for drawn in self.every(ast.ImportFrom):
            origin = self.origin(drawn)
            for alias in drawn.names:
                names[alias.asname or alias.name] = f"{origin}.{alias.name}".lstrip(".")
        return names

    def origin(self, drawn: ast.ImportFrom) -> str:
        """The absolute module an import draws from."""
        if not drawn.level:
            return drawn.module or ""
        parts = self.module.split(".")
        keep = len(parts) - drawn.level + (1 if self.file.name == "__init__.py" else 0)
        return ".".join([*parts[: max(keep, 0)], *([drawn.module] if drawn.module else [])])

    def qualified(self, node: ast.AST | None) -> str:
        """The dotted name behind an expression, imports followed."""
        name = dotted(node)
        head, dot, rest = name.partition(".")
        return self.imports.get(head, head) + dot + rest

    @property
    def is_env(self) -> bool:
        """Whether the file is an `env.py` of Alembic."""
        return self.file.name == "env.py" and self.is_migration

    @cached_property
    def is_migration(self) -> bool:
        """Whether the file is a revision or an `env.py` of Alembic."""
        if self.file.name == "env.py":
            return self.imports.get("context") == "alembic.context"
        return any(
            isinstance(node, ast.Assign | ast.AnnAssign)
            and any(dotted(target) == "down_revision" for target in targets_of(node))
            for node in self.tree.body
        )

    @cached_property
    def is_test(self) -> bool:
        """Whether the file is a test or a script, held to fewer rules."""
        name = self.file.name
        return (
            name.startswith(("test_", "seed"))
            or name in ("conftest.py", "tests.py", "setup.py")
            or name.endswith("_test.py")
            or bool(TEST_FOLDERS & set(self.module.split(".")[:-1]))
        )
