"""What a type annotation says, however it is spelled."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from .trees import dotted, last

COLLECTIONS = {"list", "List", "set", "Set", "Sequence", "Collection", "tuple", "Tuple"}
WRAPPERS = {"Optional", "Union", "Mapped", "Annotated", "WriteOnlyMapped", "DynamicMapped"}


def unquoted(annotation: ast.expr | None) -> ast.expr | None:
    """The annotation itself, taken out of its string if it is in one."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return ast.parse(annotation.value, mode="eval").body
        except SyntaxError:
            return None
    return annotation


@dataclass(frozen=True)
class Meaning:
    """The class an annotation comes down to, and whether it holds many."""

    target: str = ""
    many: bool = False


def meaning(annotation: ast.expr | None) -> Meaning:
    """Optional, unions with None, `Mapped` and collections taken off."""
    node = unquoted(annotation)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = [meaning(node.left), meaning(node.right)]
        return next((side for side in sides if side.target not in ("", "None")), Meaning())
    if isinstance(node, ast.Subscript):
        outer = last(dotted(node.value))
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if outer in COLLECTIONS and inner:
            return Meaning(meaning(inner[0]).target, many=True)
        if outer == "Annotated" and inner:
            return meaning(inner[0])
        if outer in WRAPPERS:
            parts = [meaning(part) for part in inner]
            return next((part for part in parts if part.target not in ("", "None")), Meaning())
        return Meaning(dotted(node.value))
    return Meaning(dotted(node))
