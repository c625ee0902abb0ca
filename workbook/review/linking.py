"""Relationships between known tables, and the keys they can follow."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .project import Project
from .sources import Source
from .tables import Link, Table
from .trees import last, text_of


def links_of(source: Source, project: Project) -> Iterator[tuple[Table, Link, Table]]:
    """The relationships of a file between tables that are both known."""
    for table in project.tables.values():
        for link in table.links.values() if table.source is source else ():
            other = project.tables.get(link.target)
            if other is not None and not link.opaque:
                yield table, link, other


def keys_between(project: Project, table: Table, other: Table) -> list[str]:
    """The columns of one table that point at the other."""
    found = []
    for column in project.columns(table).values():
        aim = column.foreign_key.rpartition(".")[0]
        if aim and (last(aim) in other.table_names or last(aim) == other.name):
            found.append(column.name)
    return found


def named_keys(link: Link) -> set[str]:
    given = link.options.get("foreign_keys")
    if given is None:
        return set()
    written = text_of(given) or ast.unparse(given)
    return {last(name) for name in re.findall(r"[A-Za-z_][\w.]*", written)} - {"lambda"}
