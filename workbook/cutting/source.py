"""A Python file as lines, and as statements that can be found by name."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")  # what ast counts as one; not splitlines()
Function = ast.FunctionDef | ast.AsyncFunctionDef
BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar)


class BlankError(ValueError):
    """A cut doesn't fit the text it is for."""


@dataclass(frozen=True, eq=False)
class Statement:
    """One statement, the block it stands in, and its lines with their comments."""

    node: ast.stmt
    block: list[ast.stmt] | None
    """None at module level, where a block may be empty."""
    start: int
    end: int


class Source:
    """The parsed text; SyntaxError when it can't be. Read it with `parse`."""

    def __init__(self, text: str) -> None:
        self.lines: list[str] = LINE.findall(text)
        with warnings.catch_warnings():  # of what a student wrote: theirs to see, not ours
            warnings.simplefilter("ignore")
            self.tree = ast.parse(text)
        self.newline = "\r\n" if self.lines and self.lines[0].endswith("\r\n") else "\n"

    @cached_property
    def names(self) -> dict[str, list[Statement]]:
        """Statements by what they bind: `name`, `Class.name` or `import name`."""
        found: dict[str, list[Statement]] = {}
        for name, statement in self._named(self.tree.body, None, "", 0):
            found.setdefault(name, []).append(statement)
        return found

    def inside(self, node: Function | ast.ClassDef) -> list[Statement]:
        """The statements of a function or class, its docstring left out."""
        text = docstring(node)
        found = self._block(node.body, node.body, node.lineno)
        return [each for each in found if each.node is not text]

    def stands_alone(self, node: ast.stmt) -> bool:
        """Whether no other statement shares the first or last line."""
        before = self.lines[node.lineno - 1].encode()[: node.col_offset]
        after = self.lines[(node.end_lineno or 0) - 1].encode()[node.end_col_offset :].strip()
        return not before.strip() and (not after or after.startswith(b"#"))

    def indent(self, node: ast.stmt) -> str:
        return self.lines[node.lineno - 1].encode()[: node.col_offset].decode()

    def _above(self, start: int, floor: int, indent: str) -> int:
        """The first of the comment lines right above a line."""
        while start > floor and self.lines[start - 1].startswith(f"{indent}#"):
            start -= 1
        return start

    def blank_above(self, start: int) -> int:
        """The first of the empty lines right above a line."""
        while start and not self.lines[start - 1].strip():
            start -= 1
        return start

    def space_before(self, statement: Statement) -> int:
        """Where a statement and its own empty lines begin; those below it stay."""
        below = self.lines[statement.end : statement.end + 1]
        is_apart = not below or not below[0].strip()
        return self.blank_above(statement.start) if is_apart else statement.start

    def below(self, node: ast.stmt) -> int:
        """The line after a statement and the comments that are indented under it."""
        end = at = node.end_lineno or 0
        indent = self.indent(node)
        while at < len(self.lines):
            text = self.lines[at]
            at += 1
            if not text.strip():
                continue
            deeper = text.startswith(indent) and text[len(indent)].isspace()
            if not (deeper and text.lstrip().startswith("#")):
                break
            end = at
        return end

    def _block(
        self, block: list[ast.stmt], holder: list[ast.stmt] | None, floor: int
    ) -> Iterator[Statement]:
        for node in block:
            first = min([node.lineno, *(each.lineno for each in _decorators(node))]) - 1
            start = self._above(first, floor, self.indent(node))
            yield Statement(node, holder, start, self.below(node))
            floor = node.end_lineno or floor

    def _named(
        self, block: list[ast.stmt], holder: list[ast.stmt] | None, scope: str, floor: int
    ) -> Iterator[tuple[str, Statement]]:
        for statement in self._block(block, holder, floor):
            node = statement.node
            yield from ((scope + name, statement) for name in bound(node))
            if isinstance(node, ast.ClassDef):
                inner = f"{scope}{node.name}."
                yield from self._named(node.body, node.body, inner, node.lineno)
            elif isinstance(node, BLOCKS):
                suites = [each.body for each in getattr(node, "handlers", [])]
                suites += [getattr(node, name, []) for name in ("body", "orelse", "finalbody")]
                for suite in filter(None, suites):
                    yield from self._named(suite, suite, scope, suite[0].lineno - 1)


parse = lru_cache(maxsize=256)(Source)


def bound(node: ast.stmt) -> list[str]:
    """The names a statement binds; an import's as `import name`, a bare call as `call name`."""
    if isinstance(node, Function | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [f"import {alias.asname or alias.name}" for alias in node.names]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return [f"call {ast.unparse(node.value.func)}"]
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        targets = [node.target]
    else:
        return []
    walked = (each for target in targets for each in ast.walk(target))
    return [each.id for each in walked if isinstance(each, ast.Name)]


def docstring(node: Function | ast.ClassDef) -> ast.stmt | None:
    """The statement that is the docstring, where there is one."""
    return node.body[0] if ast.get_docstring(node, clean=False) is not None else None


def is_generator(function: Function) -> bool:
    """Whether a call makes a generator: a yield of its own, not of a function in it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, Function | ast.Lambda | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)
    return False


def _decorators(node: ast.stmt) -> list[ast.expr]:
    return node.decorator_list if isinstance(node, Function | ast.ClassDef) else []
