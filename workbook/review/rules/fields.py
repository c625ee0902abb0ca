"""Columns of dicts and lists, and the name `metadata`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..annotations import unquoted
from ..project import Project
from ..queries import rows
from ..registry import Mark, rule
from ..sources import Source
from ..tables import Table
from ..trees import Function, arguments_of, dotted, keyword, last, names_in

CONTAINERS = {"dict", "Dict", "list", "List", "Mapping", "MutableMapping"}
CHANGES = {"append", "extend", "insert", "remove", "update", "setdefault", "pop", "clear", "sort"}


def _tables_of(source: Source, project: Project) -> list[Table]:
    return [table for table in project.tables.values() if table.source is source]


def _container(annotation: ast.expr | None) -> bool:
    node = unquoted(annotation)
    if isinstance(node, ast.BinOp):
        return _container(node.left) or _container(node.right)
    if isinstance(node, ast.Subscript):
        outer = last(dotted(node.value))
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if outer in ("Optional", "Union", "Annotated"):
            return any(_container(item) for item in inner[: 1 if outer == "Annotated" else None])
        return outer in CONTAINERS
    return last(dotted(node)) in CONTAINERS


@rule(
    "WB611",
    "a dict or list field without its column",
    why="SQLModel knows no column type for it and stops at import: ValueError, 'has no matching "
    "SQLAlchemy type'.",
    fix="`sa_column=Column(JSON().with_variant(JSONB(), 'postgresql'))`, best in a Mutable type.",
)
def find_columnless_json(source: Source, project: Project) -> Iterator[Mark]:
    for table in _tables_of(source, project):
        for column in table.columns.values() if table.sqlmodel else ():
            said = {"sa_column", "sa_type"} & names_in(column.node)
            made_here = column.call is None or last(dotted(column.call.func)) == "Field"
            spread = column.call is not None and any(k.arg is None for k in column.call.keywords)
            if _container(column.annotation) and not said and made_here and not spread:
                yield column.node, f"`{table.name}.{column.name}` names no column type."


@rule(
    "WB612",
    "one mutable default shared by all rows",
    why="SQLAlchemy puts the same dict or list into every new row: changing it in one object "
    "changes it in all of them.",
    fix="`default=dict` or `default=list`: the function, not a value.",
)
def find_shared_defaults(source: Source, project: Project) -> Iterator[Mark]:
    if source.is_migration:
        return
    for call in source.every(ast.Call):
        if last(dotted(call.func)) in ("Column", "mapped_column"):
            default = keyword(call, "default")
            if isinstance(default, ast.Dict | ast.List | ast.Set):
                yield default, "Every row made without a value gets this very object."


@rule(
    "WB613",
    "a JSON column changed in place, unseen",
    why="The session notices assignments, not changes inside a dict or list: the next commit "
    "writes nothing, without an error.",
    fix="Make the column `MutableDict.as_mutable(...)`, or assign a new value: "
    "`row.tags = [*row.tags, tag]`.",
)
def find_untracked_changes(source: Source, project: Project) -> Iterator[Mark]:
    for node in source.every(ast.Call, ast.Assign, ast.AugAssign):
        place = _changed(node)
        function = source.function_of(node)
        if place is None or function is None or not isinstance(place.value, ast.Name):
            continue
        table = _model_of(source, project, function, place.value)
        column = project.columns(table).get(place.attr) if table else None
        if column is None or not column.holds_json or column.is_tracked:
            continue
        if not _told(source, function, place):
            yield node, f"`{dotted(place)}` is changed in place, and nothing tells the session."


def _changed(node: ast.AST) -> ast.Attribute | None:
    """The attribute whose dict or list a statement changes."""
    found: ast.AST | None = None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        found = node.func.value if node.func.attr in CHANGES else None
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        found = node.targets[0].value
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Subscript):
        found = node.target.value
    return found if isinstance(found, ast.Attribute) else None


def _model_of(source: Source, project: Project, function: Function, name: ast.Name) -> Table | None:
    """The model a name holds: by its annotation, or by the query it came from."""
    for argument in arguments_of(function):
        if argument.arg == name.id:
            return project.table_at(source, unquoted(argument.annotation))
    for node in source.inside(function):
        if isinstance(node, ast.For) and dotted(node.target) == name.id:
            found = rows(source, project, node.iter)
            return found.model if found else None
    found = rows(source, project, name)
    return found.model if found and not found.many else None


def _told(source: Source, function: Function, place: ast.Attribute) -> bool:
    """Whether the function assigns the attribute whole, or flags it."""
    for node in source.inside(function):
        if isinstance(node, ast.Call) and last(dotted(node.func)) in ("flag_modified", "setattr"):
            return True
        stored = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        if stored and dotted(node) == dotted(place):
            return True
    return False


@rule(
    "WB614",
    "a field called metadata",
    why="SQLAlchemy keeps the table collection under this name: the class warns, and making an "
    "object raises AttributeError.",
    fix="Another attribute, the same column: "
    "`meta: dict = Field(sa_column=Column('metadata', ...))`.",
)
def find_metadata_fields(source: Source, project: Project) -> Iterator[Mark]:
    for table in _tables_of(source, project):
        column = table.columns.get("metadata")
        if column is None or {"MetaData", "ClassVar"} & names_in(column.node):
            continue
        yield column.node, f"`{table.name}.metadata` collides with SQLAlchemy's own."
