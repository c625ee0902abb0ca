"""SQL put together from strings."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..annotations import meaning
from ..project import Project
from ..queries import assigned
from ..registry import Mark, rule
from ..sources import Source
from ..trees import arguments_of, dotted, last

RUNS = {"execute", "exec", "exec_driver_sql", "scalar", "scalars", "stream"}
DRIVER = {"fetch", "fetchrow", "fetchval", "execute", "executemany", "cursor"}
FREE = {"", "str", "Any", "object", "None"}
ASKED = {"request", "data", "payload", "body", "params", "filters", "form", "query"}
VERBS = (
    "select ", "insert ", "update ", "delete ", "create ", "drop ", "alter ", "set ", "with ",
    "truncate ", "grant ", "revoke ", "listen ", "notify ", "call ", "explain ", "refresh ",
)  # fmt: skip


@rule(
    "WB901",
    "SQL built from strings",
    why="Whoever chooses the value chooses the statement: `'; drop table task; --` is a value too.",
    fix="Bind values (`text('... :name')`, `{'name': value}`); take names of tables and schemas "
    "from a fixed list or through `CreateSchema`, `quoted_name`.",
)
def find_string_sql(source: Source, project: Project) -> Iterator[Mark]:
    for call in source.every(ast.Call) if not source.is_migration else ():
        name = last(dotted(call.func)) or getattr(call.func, "attr", "")
        statement = call.args[0] if call.args else None
        if statement is None or not _takes_sql(source, project, call, name):
            continue
        if not _is_sql(source, statement):
            continue
        risk = _risk(source, statement, 0)
        if risk is not None:
            yield statement, f"`{ast.unparse(risk)}` is written into the text of a statement."


def _takes_sql(source: Source, project: Project, call: ast.Call, name: str) -> bool:
    if name == "text":
        return source.qualified(call.func).startswith(("sqlalchemy", "sqlmodel"))
    if name not in RUNS | DRIVER or not isinstance(call.func, ast.Attribute):
        return False
    return name == "exec_driver_sql" or bool(
        project.sessions.kind(source, call.func.value)
        or ("conn" in dotted(call.func.value).lower() and "asyncpg" in source.text)
    )


def _is_sql(source: Source, node: ast.expr) -> bool:
    function = source.function_of(node)
    found = [node]
    if isinstance(node, ast.Name) and function is not None:
        found = assigned(source, function, node.id)
    for item in found:
        for part in ast.walk(item):
            if (
                isinstance(part, ast.Constant)
                and isinstance(part.value, str)
                and part.value.strip()
            ):
                return part.value.lstrip().lower().startswith(VERBS) or part is not item
    return False


def _risk(source: Source, node: ast.expr, depth: int) -> ast.expr | None:
    """The first part of a string that its reader can't see is fixed."""
    if depth > 6:
        return None
    if isinstance(node, ast.JoinedStr):
        held = [item.value for item in node.values if isinstance(item, ast.FormattedValue)]
        return next((risk for item in held if (risk := _open(source, item, depth + 1))), None)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _open(source, node.left, depth + 1) or _open(source, node.right, depth + 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        right = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        return next((risk for item in right if (risk := _open(source, item, depth + 1))), None)
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "format":
        given = [*node.args, *(item.value for item in node.keywords)]
        return next((risk for item in given if (risk := _open(source, item, depth + 1))), None)
    if isinstance(node, ast.Name):
        function = source.function_of(node)
        values = assigned(source, function, node.id) if function is not None else []
        return next((risk for item in values if (risk := _risk(source, item, depth + 1))), None)
    return None


def _open(source: Source, node: ast.expr, depth: int) -> ast.expr | None:
    """The node when its value is free; None when it is fixed, quoted or a number."""
    if isinstance(node, ast.Constant):
        return None
    if isinstance(node, ast.IfExp):
        return _open(source, node.body, depth + 1) or _open(source, node.orelse, depth + 1)
    if isinstance(node, ast.JoinedStr | ast.BinOp):
        return _risk(source, node, depth + 1)
    if isinstance(node, ast.Name):
        return _open_name(source, node, depth)
    return node if isinstance(node, ast.Attribute) and _is_asked(source, node) else None


def _open_name(source: Source, node: ast.Name, depth: int) -> ast.expr | None:
    function = source.function_of(node)
    if node.id.isupper() or function is None or depth > 6:
        return None
    values = assigned(source, function, node.id)
    if values:
        return next((risk for item in values if (risk := _open(source, item, depth + 1))), None)
    for argument in arguments_of(function):
        if argument.arg == node.id:
            said = meaning(argument.annotation).target
            return node if last(said) in FREE else None
    return None


def _is_asked(source: Source, node: ast.Attribute) -> bool:
    """Whether an attribute belongs to what a caller from outside sent."""
    function = source.function_of(node)
    head = dotted(node).partition(".")[0]
    return function is not None and head in ASKED & {item.arg for item in arguments_of(function)}
