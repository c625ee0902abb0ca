"""Small questions about syntax trees, asked by every rule."""

from __future__ import annotations

import ast
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef
SINGLE_TARGET = (
    ast.AnnAssign, ast.AugAssign, ast.NamedExpr, ast.For, ast.AsyncFor, ast.comprehension,
)  # fmt: skip
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def dotted(node: ast.AST | None) -> str:
    """The name written as `a.b.c`, or an empty string for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


def last(name: str) -> str:
    """The part behind the last dot."""
    return name.rpartition(".")[2]


def within(*roots: ast.AST) -> Iterator[ast.AST]:
    """The roots and what they hold, in reading order, nested scopes left out."""
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, SCOPES):
            stack.extend(reversed(children(node)))


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes right below a node; half of a review is spent here."""
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
            found.append(value)
    return found


def body_of(block: ast.AST, field: str = "body") -> Iterator[ast.AST]:
    """What a block's statements hold, nested scopes left out."""
    return within(*getattr(block, field, ()))


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The value of a keyword argument, if the call spells it."""
    return next((item.value for item in call.keywords if item.arg == name), None)


def spreads(call: ast.Call) -> bool:
    """Whether the call takes arguments that can't be read here."""
    return any(item.arg is None for item in call.keywords) or any(
        isinstance(argument, ast.Starred) for argument in call.args
    )


def is_constant(node: ast.AST | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def text_of(node: ast.AST | None) -> str:
    """The string a constant holds, else an empty one."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def names_in(node: ast.AST) -> set[str]:
    """Every name and attribute written below a node."""
    found = set()
    for child in ast.walk(node):
        if isinstance(child, ast.Name):
            found.add(child.id)
        elif isinstance(child, ast.Attribute):
            found.add(child.attr)
        elif isinstance(child, ast.arg | ast.keyword) and child.arg:
            found.add(child.arg)
    return found


def targets_of(node: ast.AST) -> list[ast.expr]:
    """The targets of an assignment, a loop, or a `with` item."""
    if isinstance(node, ast.Assign):
        found = node.targets
    elif isinstance(node, SINGLE_TARGET):
        found = [node.target]
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        found = [node.optional_vars]
    else:
        return []
    return [part for target in found for part in _parts(target)]


def _parts(target: ast.expr) -> list[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        return [part for element in target.elts for part in _parts(element)]
    return [target.value if isinstance(target, ast.Starred) else target]


def arguments_of(function: Function) -> list[ast.arg]:
    """All parameters of a function that have a name of their own."""
    given = function.args
    return [*given.posonlyargs, *given.args, *given.kwonlyargs]


def decorators_of(function: Function | ast.ClassDef) -> list[str]:
    """The dotted names of the decorators, calls and all."""
    return [
        dotted(item.func if isinstance(item, ast.Call) else item)
        for item in function.decorator_list
    ]


def is_generator(function: Function) -> bool:
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in body_of(function))
