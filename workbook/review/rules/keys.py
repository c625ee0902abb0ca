"""Foreign keys that lead no index."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..project import Project
from ..registry import Mark, rule
from ..sources import Source
from ..tables import Column, Table
from ..trees import dotted, last, targets_of, text_of

OWNERS = re.compile(r"tenant|workspace|organi[sz]ation|^org_|account_id|company_id")
LEADERS = {"Index": 1, "UniqueConstraint": 0, "PrimaryKeyConstraint": 0, "ExcludeConstraint": 0}
KNOWN = {"CheckConstraint", "ForeignKeyConstraint", "text", "tuple", "dict", *LEADERS}


@rule(
    "WB621",
    "a foreign key without an index",
    why="Neither PostgreSQL nor SQLite indexes it: every join, every list by parent and every "
    "delete of a parent reads the whole table.",
    fix="`index=True` on the field, or an Index that starts with the column.",
)
def find_unindexed_keys(source: Source, project: Project) -> Iterator[Mark]:
    for tables in project.classes.values():
        for table in tables:
            if table.source is not source or not _is_used(project, table):
                continue
            for column in table.columns.values():
                indexed = column.says("index", "unique", "primary_key") or column.names & {"Index"}
                if column.foreign_key and not indexed and not _led(project, table, column):
                    yield (
                        column.node,
                        (
                            f"`{table.name}.{column.name}` points at {column.foreign_key} "
                            "and leads no index."
                        ),
                    )


def _is_used(project: Project, table: Table) -> bool:
    """Whether a class is a table, or lends its columns to one."""
    if project.tables.get(table.name) is table:
        return True
    return any(table in project.lineage(other) for other in project.tables.values())


def _led(project: Project, table: Table, column: Column) -> bool:
    heirs = [other for other in project.tables.values() if table in project.lineage(other)]
    names = {column.name, *_column_names(column)}
    leaders = {
        leader for heir in heirs for item in project.lineage(heir) for leader in _leaders(item.node)
    }
    return bool(names & (leaders | _loose_leaders(project, heirs)))


def _column_names(column: Column) -> set[str]:
    return {
        text_of(call.args[0])
        for call in ast.walk(column.node)
        if isinstance(call, ast.Call)
        and last(dotted(call.func)) in ("Column", "mapped_column")
        and call.args
    }


def _leaders(node: ast.ClassDef) -> set[str]:
    """The columns that the indexes and constraints of a class body start with."""
    found: set[str] = set()
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and last(dotted(call.func)) in LEADERS:
            columns = call.args[LEADERS[last(dotted(call.func))] :]
            names = [text_of(item) or last(dotted(item)) for item in columns]
            found |= set(names[:1])
            if last(dotted(call.func)) == "PrimaryKeyConstraint":
                found |= set(names)
            elif names and OWNERS.search(names[0]):
                found |= set(names[1:2])
    return found | _told_to_others(node)


def _told_to_others(node: ast.ClassDef) -> set[str]:
    """Names handed to unknown functions in `__table_args__`: assumed indexed."""
    found: set[str] = set()
    for item in node.body:
        if "__table_args__" not in {dotted(target) for target in targets_of(item)}:
            continue
        for call in ast.walk(item):
            if isinstance(call, ast.Call) and last(dotted(call.func)) not in KNOWN:
                found |= {text_of(part) for part in ast.walk(call)}
    return found


def _loose_leaders(project: Project, tables: list[Table]) -> set[str]:
    """Columns indexed outside the class: in a module, by a function, in a migration."""
    classes = {table.name for table in tables}
    names = {name for table in tables for name in table.table_names}
    found: set[str] = set()
    for source in project.sources:
        for call in source.every(ast.Call):
            made = last(dotted(call.func))
            if made == "create_index" and len(call.args) > 2 and text_of(call.args[1]) in names:
                found |= {text_of(item) for item in getattr(call.args[2], "elts", [])[:1]}
            elif made in LEADERS and not source.is_migration and source.class_of(call) is None:
                found |= _led_by(call, classes)
    return found - {""}


def _led_by(call: ast.Call, classes: set[str]) -> set[str]:
    """The column a constraint of no class begins with: one of these classes', or anybody's."""
    columns = call.args[LEADERS[last(dotted(call.func))] :][:1]
    owned = {dotted(item).rpartition(".")[0] for item in columns}
    anybodys = all(text_of(item) or ".c." in dotted(item) for item in columns)
    return {text_of(item) or last(dotted(item)) for item in columns if anybodys or owned & classes}
