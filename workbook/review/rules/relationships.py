"""Relationships SQLAlchemy can't tell apart, or would read backwards."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..linking import keys_between, links_of
from ..project import Project
from ..registry import Mark, rule
from ..sources import Source
from ..trees import dotted, last, text_of

SPELLED = ("foreign_keys", "primaryjoin", "secondary", "link_model")


@rule(
    "WB631",
    "a relationship with two possible keys",
    why="Two foreign keys join the tables, and SQLAlchemy won't guess: AmbiguousForeignKeysError "
    "at the first query of any model.",
    fix="`sa_relationship_kwargs={'foreign_keys': 'Task.assignee_id'}` on both sides.",
)
def find_ambiguous_links(source: Source, project: Project) -> Iterator[Mark]:
    for table, link, other in links_of(source, project):
        if any(name in link.options for name in SPELLED) or table is other:
            continue
        keys = keys_between(project, table, other) + keys_between(project, other, table)
        if len(keys) > 1:
            either = " or ".join(f"`{key}`" for key in keys)
            yield link.node, f"`{table.name}.{link.name}` could follow {either}."


@rule(
    "WB633",
    "a parent of the same table without remote_side",
    why="SQLAlchemy reads a key to one's own table as one-to-many: `parent` would hold a child, "
    "or the mapping fails for two sides in the same direction.",
    fix="`sa_relationship_kwargs={'remote_side': 'Task.id'}` on the single side only.",
)
def find_sideless_parents(source: Source, project: Project) -> Iterator[Mark]:
    for table, link, other in links_of(source, project):
        if table is not other or not keys_between(project, table, table):
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
