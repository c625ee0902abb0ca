"""A check's line is the first line of its test's docstring; read here without running it."""

import ast
from functools import cache
from pathlib import Path

from workbook.course import Course


def lines(course: Course) -> dict[str, str]:
    """The line of each check that has a test, by check id."""
    return dict(_lines(course.suites))


@cache
def _lines(suites: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted(suites.glob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef) and (id := _id(node)):
                found[id] = (ast.get_docstring(node) or "").split("\n")[0]
    return found


def _id(node: ast.AsyncFunctionDef | ast.FunctionDef) -> str | None:
    for mark in node.decorator_list:
        match mark:
            case ast.Call(func=ast.Name(id="check"), args=[ast.Constant(value=str(id))]):
                return id
    return None
