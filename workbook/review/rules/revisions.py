"""Revisions that don't add up to the models."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from ..project import Project
from ..registry import Mark, rule
from ..sources import Source
from ..tables import Table
from ..trees import dotted, names_in, targets_of, text_of


def _revisions(project: Project, env: Source) -> list[Source]:
    """The revisions below the folder of an env.py."""
    folder = env.file.resolve().parent
    return [
        source
        for source in project.sources
        if source.is_migration
        and source.file.name != "env.py"
        and source.file.resolve().is_relative_to(folder)
    ]


@rule(
    "WB704",
    "tables that no revision creates",
    why="`alembic upgrade head` ends without an error and without the table; the first query "
    "finds out.",
    fix="Import the models in env.py, then `alembic revision --autogenerate`.",
)
def find_unmigrated_tables(source: Source, project: Project) -> Iterator[Mark]:
    revisions = _revisions(project, source) if source.is_env else []
    if not revisions:
        return
    written = {text_of(node).lower() for item in revisions for node in item.every(ast.Constant)}
    raw = " ".join(text for text in written if len(text) > 60)
    tables = [table for table in project.tables.values() if _is_plain(project, table)]
    missing = []
    for table in tables:
        if source not in project.envs_of(table.source):
            continue
        names = {name.lower() for name in table.table_names}
        if not names & written and not any(name in raw for name in names):
            missing.append(table.name)
    if missing and all(project.envs_of(table.source) for table in tables):
        yield (
            source.tree.body[0],
            f"No revision mentions the table of {', '.join(sorted(missing))}.",
        )


def _is_plain(project: Project, table: Table) -> bool:
    """Whether the table's name is known: SQLModel's own, or written in the class."""
    computed = any(
        getattr(item, "name", "") == "__tablename__"
        for above in project.lineage(table)
        for item in above.node.body
    )
    return not computed and (table.sqlmodel or len(table.table_names) == 1)


@rule(
    "WB705",
    "migrations outside of a transaction",
    why="Nothing commits the connection: the revision runs, the connection closes, and the "
    "database is as it was.",
    fix="`with context.begin_transaction(): context.run_migrations()`.",
)
def find_uncommitted_migrations(source: Source, project: Project) -> Iterator[Mark]:
    for call in source.every(ast.Call) if source.is_env else ():
        if source.qualified(call.func) == "alembic.context.run_migrations":
            around = [n for n in source.ancestors(call) if isinstance(n, ast.With | ast.AsyncWith)]
            entered = set().union(*(names_in(item) for block in around for item in block.items))
            if not entered & {"begin_transaction", "begin"} and "commit" not in source.text:
                yield call, "No transaction is around this call."


@rule(
    "WB706",
    "revisions with several heads",
    why="`alembic upgrade head` refuses to choose: 'Multiple head revisions are present'.",
    fix="`alembic merge heads`, or give the later revision the earlier one as `down_revision`.",
)
def find_several_heads(source: Source, project: Project) -> Iterator[Mark]:
    folders: dict[Path, list[Source]] = {}
    for revision in _revisions(project, source) if source.is_env else ():
        folders.setdefault(revision.file.parent, []).append(revision)
    for revisions in folders.values():
        heads = _heads(revisions)
        if len(heads) > 1 and not any(_labelled(item) for item in revisions):
            yield source.tree.body[0], f"The heads are {', '.join(heads)}."


def _heads(revisions: list[Source]) -> list[str]:
    """The revisions that no other one follows."""
    named = {name for item in revisions for name in _values(item, "revision")}
    followed = {name for item in revisions for name in _values(item, "down_revision")}
    return sorted(named - followed)


def _values(source: Source, name: str) -> list[str]:
    """The revision ids a module gives to a name, one or a tuple of them."""
    found = []
    for node in source.assignments:
        if node.value and any(dotted(target) == name for target in targets_of(node)):
            found += [text_of(item) for item in ast.walk(node.value) if text_of(item)]
    return found


def _labelled(source: Source) -> bool:
    return bool(_values(source, "branch_labels") or _values(source, "depends_on"))
