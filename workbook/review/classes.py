"""The classes of a project, and what they inherit from each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

from .sources import Source
from .tables import Column, Link, Table, read_class
from .trees import arguments_of, dotted


class Classes:
    """Classes by name; tables, with the columns and relationships they inherit."""

    def __init__(self) -> None:
        self.sources: list[Source] = []

    @cached_property
    def classes(self) -> dict[str, list[Table]]:
        """Every class of the project, tests and migrations left out, by name."""
        found: dict[str, list[Table]] = {}
        for source in self.sources:
            if source.is_test or source.is_migration:
                continue
            for node in source.every(ast.ClassDef):
                found.setdefault(node.name, []).append(read_class(source, node))
        for tables in list(found.values()):
            for table in tables:
                table.sqlmodel = any("SQLModel" in item.bases for item in self._line(found, table))
        return found

    def _line(self, classes: dict[str, list[Table]], table: Table) -> Iterator[Table]:
        """A class and the project's classes it inherits from."""
        seen, waiting = {table.name}, [table]
        while waiting:
            current = waiting.pop()
            yield current
            for base in current.bases:
                if base not in seen:
                    seen.add(base)
                    waiting += classes.get(base, [])[:1]

    def lineage(self, table: Table) -> list[Table]:
        return list(self._line(self.classes, table))

    @cached_property
    def tables(self) -> dict[str, Table]:
        """The mapped classes whose name is theirs alone, inheritance folded in."""
        found = {}
        for name, candidates in self.classes.items():
            mapped = [item for item in candidates if self._is_mapped(item)]
            if len(mapped) == 1:
                found[name] = mapped[0]
        return found

    def _is_mapped(self, table: Table) -> bool:
        if table.mapped or table.sqlmodel:
            return table.mapped
        line = self.lineage(table)
        declarative = any("DeclarativeBase" in item.bases or "Base" in item.bases for item in line)
        own = any(column.says("primary_key") for item in line for column in item.columns.values())
        return declarative and own and "__abstract__" not in _assigned(table.node)

    def table_at(self, source: Source, node: ast.AST | None) -> Table | None:
        """The table a name stands for, told from other classes of that name."""
        qualified = source.qualified(node)
        module, _, name = qualified.rpartition(".")
        table = self.tables.get(name)
        if table is None or len(self.classes[name]) == 1 or source is table.source:
            return table
        home = f".{table.source.module}."
        return table if f".{module}." in home else None

    def class_behind(self, source: Source, value: ast.expr) -> ast.ClassDef | None:
        """The project's class of a value: made here, one line before, or named by a parameter."""
        function = source.function_of(value)
        found: list[ast.expr | None] = [value]
        if isinstance(value, ast.Name) and function is not None:
            made: list[ast.expr] = source.assigned(function).get(value.id, [])
            given = [each for each in arguments_of(function) if each.arg == value.id]
            found = [each.annotation for each in given] + [
                each if isinstance(each, ast.Call) else None for each in made
            ]
        elif not isinstance(value, ast.Call):
            return None
        if len(found) != 1:
            return None
        named = found[0].func if isinstance(found[0], ast.Call) else found[0]
        module, _, name = source.qualified(named).rpartition(".")
        known = self.classes.get(name, [])
        if len(known) != 1:
            return None
        home = known[0].source
        here = f".{module}." in f".{home.module}." if module else home is source
        return known[0].node if here else None

    def columns(self, table: Table) -> dict[str, Column]:
        """A table's columns, inherited ones included."""
        return {k: v for item in reversed(self.lineage(table)) for k, v in item.columns.items()}

    def links(self, table: Table) -> dict[str, Link]:
        """A table's relationships, inherited ones included."""
        return {k: v for item in reversed(self.lineage(table)) for k, v in item.links.items()}


def _assigned(node: ast.ClassDef) -> set[str]:
    return {
        dotted(target)
        for item in node.body
        if isinstance(item, ast.Assign)
        for target in item.targets
    }
