"""The tables as they are now, as an entity-relationship diagram."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKeyConstraint, MetaData, Table, TypeDecorator, UniqueConstraint
from sqlalchemy.schema import Column


@dataclass(frozen=True)
class Diagram:
    """Tables, columns and keys of a MetaData; shows itself as Mermaid or as text."""

    metadata: MetaData

    @property
    def tables(self) -> list[Table]:
        return sorted(self.metadata.tables.values(), key=lambda table: table.name)

    @property
    def mermaid(self) -> str:
        """The diagram in Mermaid's own language, which JupyterLab draws."""
        lines = ["erDiagram", f"  accTitle: {self.title}", f"  accDescr: {self.told}"]
        for table in self.tables:
            lines += [
                f"  {_word(table.name)} {{",
                *(f"    {_attribute(column)}" for column in table.columns),
                "  }",
            ]
        lines += [line for table in self.tables for line in _edges(table)]
        return "\n".join(lines)

    @property
    def title(self) -> str:
        return f"{len(self.tables)} table{'s' * (len(self.tables) != 1)}"

    @property
    def told(self) -> str:
        """The keys in words, for those who don't see the picture."""
        keys = [_key_told(key) for table in self.tables for key in _keys(table)]
        return "; ".join(keys) or "no table refers to another"

    def __str__(self) -> str:
        lines = [self.title]
        for table in self.tables:
            names = ", ".join(column.name for column in table.columns)
            lines.append(f"  {table.name}({names})")
            lines += [f"    {_key_told(key)}" for key in _keys(table)]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        if not self.tables:
            return {"text/plain": str(self)}
        return {
            "text/plain": str(self),
            "text/markdown": f"```mermaid\n{self.mermaid}\n```\n",
        }


def diagram(models: Any) -> Diagram:
    """The diagram of a MetaData, or of whatever has one: a base class, a model, a module.

    It is made of what is loaded now, so a model nobody imported is missing.
    """
    found = models if isinstance(models, MetaData) else getattr(models, "metadata", None)
    if found is None:
        found = next(
            (m for m in map(_of, getattr(models, "__dict__", {}).values()) if m is not None), None
        )
    if not isinstance(found, MetaData):
        raise TypeError(f"diagram takes models or their metadata; found {type(models).__name__}")
    return Diagram(found)


def _of(value: Any) -> MetaData | None:
    found = getattr(value, "metadata", None) if hasattr(value, "__table__") else None
    return found if isinstance(found, MetaData) else None


def _word(text: str) -> str:
    return re.sub(r"\W+", "_", text) or "_"


def _attribute(column: Column[Any]) -> str:
    kind = column.type
    while isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    marks = ["PK"] if column.primary_key else []
    marks += ["FK"] if column.foreign_keys else []
    marks += ["UK"] if column.name in _unique(column.table) else []
    note = "" if column.nullable or column.primary_key else ' "required"'
    return (
        f"{_word(kind.__visit_name__.lower())} {_word(column.name)} {', '.join(marks)}".rstrip()
        + note
    )


def _unique(table: Any) -> set[str]:
    alone = {column.name for column in table.columns if column.unique}
    for rule in table.constraints:
        if isinstance(rule, UniqueConstraint) and len(rule.columns) == 1:
            alone |= {column.name for column in rule.columns}
    return alone


def _keys(table: Table) -> list[ForeignKeyConstraint]:
    return sorted(table.foreign_key_constraints, key=lambda key: list(key.column_keys))


def _target(key: ForeignKeyConstraint) -> str:
    """The table a key points at, by name: it may not be loaded."""
    return str(next(iter(key.elements)).target_fullname).rpartition(".")[0]


def _key_told(key: ForeignKeyConstraint) -> str:
    rule = f", on delete {key.ondelete.lower()}" if key.ondelete else ""
    return f"{key.table.name}.{' and '.join(key.column_keys)} refers to {_target(key)}{rule}"


def _edges(table: Table) -> Iterator[str]:
    for key in _keys(table):
        optional = any(column.nullable for column in key.columns)
        one = "|o" if optional else "||"
        many = "o|" if set(key.column_keys) <= _unique(table) else "o{"
        rule = f" ({key.ondelete.lower()})" if key.ondelete else ""
        label = ", ".join(key.column_keys) + rule
        yield f'  {_word(_target(key))} {one}--{many} {_word(table.name)} : "{label}"'
