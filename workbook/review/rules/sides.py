"""Two sides of a relationship that disagree, or don't know each other."""

from __future__ import annotations

from collections.abc import Iterator

from ..linking import keys_between, links_of, named_keys
from ..project import Project
from ..registry import Mark, rule
from ..sources import Source
from ..tables import Link, Table
from ..trees import text_of


@rule(
    "WB632",
    "two sides of a relationship that name different keys",
    why="SQLAlchemy accepts it and each side shows other rows: the assigned tasks of a worker "
    "become the ones they created.",
    fix="Name the same column in `foreign_keys` on both sides.",
)
def find_swapped_keys(source: Source, project: Project) -> Iterator[Mark]:
    for table, link, other in links_of(source, project):
        back = project.links(other).get(text_of(link.options.get("back_populates")))
        if back is None or not link.many or back.opaque or table is other:
            continue
        mine, theirs = named_keys(link), named_keys(back)
        if mine and theirs and not mine & theirs:
            yield (
                link.node,
                (
                    f"`{table.name}.{link.name}` follows `{min(mine)}`, its other side "
                    f"`{other.name}.{back.name}` follows `{min(theirs)}`."
                ),
            )


@rule(
    "WB635",
    "back_populates names nothing",
    why="The other class has no relationship of this name: InvalidRequestError when the models are "
    "first used.",
    fix="Name the attribute of the other class, and name this one there.",
)
def find_one_sided_links(source: Source, project: Project) -> Iterator[Mark]:
    for _, link, other in links_of(source, project):
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
    for table, link, other in links_of(source, project):
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
    keys = {*keys_between(project, table, other), *keys_between(project, other, table)}
    return named_keys(link) or (keys if len(keys) == 1 else set())
