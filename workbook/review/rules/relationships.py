"""Relationships SQLAlchemy can't tell apart, or would read backwards."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..project import Project
from ..registry import Mark, rule
from ..sources import Source
from ..tables import Link, Table
from ..trees import dotted, last, text_of

SPELLED = ("foreign_keys", "primaryjoin", "secondary", "link_model")


def _links(source: Source, project: Project) -> Iterator[tuple[Table, Link, Table]]:
    """The relationships of a file between tables that are both known."""
    for table in project.tables.values():
        for link in table.links.values() if table.source is source else ():
            other = project.tables.get(link.target)
            if other is not None and not link.opaque:
                yield table, link, other


def _keys(project: Project, table: Table, other: Table) -> list[str]:
    """The columns of one table that point at the other."""
    found = []
    for column in project.columns(table).values():
        aim = column.foreign_key.rpartition(".")[0]
        if aim and (last(aim) in other.table_names or last(aim) == other.name):
            found.append(column.name)
    return found


@rule(
    "WB631",
    "a relationship with two possible keys",
    why="Two foreign keys join the tables, and SQLAlchemy won't guess: AmbiguousForeignKeysError "
    "at the first query of any model.",
    fix="`sa_relationship_kwargs={'foreign_keys': 'Task.assignee_id'}` on both sides.",
)
def find_ambiguous_links(source: Source, project: Project) -> Iterator[Mark]:
    for table, link, other in _links(source, project):
        if any(name in link.options for name in SPELLED) or table is other:
            continue
        keys = _keys(project, table, other) + _keys(project, other, table)
        if len(keys) > 1:
            either = " or ".join(f"`{key}`" for key in keys)
            yield link.node, f"`{table.name}.{link.name}` could follow {either}."


@rule(
    "WB632",
    "two sides of a relationship that name different keys",
    why="SQLAlchemy accepts it and each side shows other rows: the assigned tasks of a worker "
    "become the ones they created.",
    fix="Name the same column in `foreign_keys` on both sides.",
)
def find_swapped_keys(source: Source, project: Project) -> Iterator[Mark]:
    for table, link, other in _links(source, project):
        back = project.links(other).get(text_of(link.options.get("back_populates")))
        if back is None or not link.many or back.opaque or table is other:
            continue
        mine, theirs = _named(link), _named(back)
        if mine and theirs and not mine & theirs:
            yield (
                link.node,
                (
                    f"`{table.name}.{link.name}` follows `{min(mine)}`, its other side "
                    f"`{other.name}.{back.name}` follows `{min(theirs)}`."
                ),
            )


def _named(link: Link) -> set[str]:
    given = link.options.get("foreign_keys")
    if given is None:
        return set()
    written = text_of(given) or ast.unparse(given)
    return {last(name) for name in re.findall(r"[A-Za-z_][\w.]*", written)} - {"lambda"}


@rule(
    "WB633",
    "a parent of the same table without remote_side",
    why="SQLAlchemy reads a key to one's own table as one-to-many: `parent` would hold a child, "
    "or the mapping fails for two sides in the same direction.",
    fix="`sa_relationship_kwargs={'remote_side': 'Task.id'}` on the single side only.",
)
def find_sideless_parents(source: Source, project: Project) -> Iterator[Mark]:
    for table, link, other in _links(source, project):
        if table is not other or not _keys(project, table, table):
            continue
        sided = {"remote_side", "primaryjoin", "secondary", "link_model"} & set(link.options)
        back = table.links.get(text_of(link.options.get("back_populates")))
        if not link.many and not sided and link.annotation is not None:
            yield link.node, f"`{table.name}.{link.name}` doesn't say which side is the parent."
        elif link.many and "remote_side" in sided and back is not None and not back.many:
            yield link.node, f"`remote_side` belongs on `{back.name}`, not on `{link.name}`."


@rule(
    "WB634",
    "a relationship's annotation turned into text",
    why="`from __future__ import annotations` makes a string of it, and SQLModel takes the whole "
    "string for a class name: InvalidRequestError at the first query.",
    fix="Take the import out of the files that define models.",
)
def find_textual_relationships(source: Source, project: Project) -> Iterator[Mark]:
    if (
        "annotations" not in source.imports
        or source.imports["annotations"] != "__future__.annotations"
    ):
        return
    for table in project.tables.values():
        for link in table.links.values() if table.source is source and table.sqlmodel else ():
            maker = last(dotted(link.call.func))
            bare = isinstance(link.annotation, ast.Name)
            if maker == "Relationship" and link.annotation is not None and not bare:
                yield link.node, f"`{table.name}.{link.name}` reaches SQLModel as text."


@rule(
    "WB635",
    "back_populates names nothing",
    why="The other class has no relationship of this name: InvalidRequestError when the models are "
    "first used.",
    fix="Name the attribute of the other class, and name this one there.",
)
def find_one_sided_links(source: Source, project: Project) -> Iterator[Mark]:
    for _, link, other in _links(source, project):
        name = text_of(link.options.get("back_populates"))
        known = project.links(other)
        outside = any(
            base not in project.classes and base not in ("SQLModel", "DeclarativeBase", "Base")
            for item in project.lineage(other)
            for base in item.bases
        )
        if name and name not in known and known and not outside:
            yield link.node, f"`{other.name}` has no relationship called `{name}`."


@rule(
    "WB636",
    "two relationships on one key that don't know each other",
    why="Setting one side leaves the other as it was, and both write the key: SQLAlchemy warns, "
    "and the last one wins.",
    fix="`back_populates` on both sides, each naming the other; `viewonly=True` for a second view.",
)
def find_strangers_on_one_key(source: Source, project: Project) -> Iterator[Mark]:
    for table, link, other in _links(source, project):
        mine = _followed(project, table, link, other)
        if not mine or _is_bound(link) or not link.many:
            continue
        for back in project.links(other).values():
            if back.many or back.opaque or back.target != table.name or _is_bound(back):
                continue
            if mine == _followed(project, other, back, table) and link.name != back.name:
                yield (
                    link.node,
                    (
                        f"`{table.name}.{link.name}` and `{other.name}.{back.name}` "
                        f"both write `{min(mine)}`."
                    ),
                )


def _is_bound(link: Link) -> bool:
    known = ("back_populates", "backref", "viewonly", "overlaps", "primaryjoin", "secondary")
    return any(name in link.options for name in (*known, "link_model"))


def _followed(project: Project, table: Table, link: Link, other: Table) -> set[str]:
    """The key a relationship follows: as it says, or the only one there is."""
    keys = {*_keys(project, table, other), *_keys(project, other, table)}
    return _named(link) or (keys if len(keys) == 1 else set())
