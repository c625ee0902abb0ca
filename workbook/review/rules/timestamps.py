"""Times that forget their zone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..project import Project
from ..registry import Mark, rule
from ..sources import Source
from ..tables import COLUMN_MAKERS
from ..trees import dotted, is_constant, keyword, last, text_of

NAIVE = {
    "datetime.datetime.utcnow": "utcnow",
    "datetime.datetime.utcfromtimestamp": "utcfromtimestamp",
}
NOW = re.compile(r"(^|_)(now|utcnow|today|uuid[14]?)$")
CHANGING = {
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.date.today", "time.time",
    "uuid.uuid1", "uuid.uuid4",
}  # fmt: skip
DATABASE = ("sqlalchemy", "sqlmodel")


@rule(
    "WB601",
    "a naive time for the database",
    why="A time without a zone means another moment on another machine; SQLModel and asyncpg "
    "refuse it for an aware column, and comparing it with an aware one raises TypeError.",
    fix="`datetime.now(timezone.utc)`; as a default, in a lambda.",
)
def find_naive_times(source: Source, project: Project) -> Iterator[Mark]:
    if source.is_migration or not _near_database(source):
        return
    for node in source.every(ast.Attribute):
        name = NAIVE.get(source.qualified(node))
        if name and not _made_aware(source, node):
            yield node, f"`{dotted(node)}` gives a time without a zone."
        elif source.qualified(node) == "datetime.datetime.now" and _feeds_a_row(source, node):
            yield node, f"`{dotted(node)}` without a zone gives this machine's local time."


def _near_database(source: Source) -> bool:
    return any(name.startswith(DATABASE) for name in source.imports.values())


def _made_aware(source: Source, node: ast.AST) -> bool:
    """Whether `.replace(tzinfo=...)` follows at once."""
    call = source.parents.get(node)
    above = source.parents.get(call) if call is not None else None
    return isinstance(above, ast.Attribute) and above.attr == "replace"


def _feeds_a_row(source: Source, node: ast.Attribute) -> bool:
    """`datetime.now` as a column's default, or `now()` set on a row's attribute."""
    above = source.parents[node]
    if isinstance(above, ast.Call) and above.func is node:
        if above.args or above.keywords:
            return False
        outer = source.parents[above]
        if isinstance(outer, ast.Assign):
            return any(
                isinstance(target, ast.Attribute) and target.attr.endswith("_at")
                for target in outer.targets
            )
        return isinstance(outer, ast.Lambda) and _in_column(source, outer)
    return isinstance(above, ast.keyword) and _in_column(source, node)


def _in_column(source: Source, node: ast.AST) -> bool:
    return any(
        isinstance(item, ast.Call) and last(dotted(item.func)) in COLUMN_MAKERS
        for item in source.ancestors(node)
    )


@rule(
    "WB602",
    "a column that drops the time zone",
    why="`DateTime()` stores the wall clock alone: what was aware comes back naive, and asyncpg "
    "refuses aware values for it.",
    fix="`DateTime(timezone=True)`, with a migration for the column that exists.",
)
def find_zoneless_columns(source: Source, project: Project) -> Iterator[Mark]:
    if source.is_migration:
        return
    nodes: list[ast.expr] = [*source.every(ast.Name), *source.every(ast.Attribute)]
    for node in nodes:
        if _is_zoneless(source, node) and _in_column(source, node):
            yield node, f"`{dotted(node)}` here keeps no time zone."


def _is_zoneless(source: Source, node: ast.expr) -> bool:
    """A DateTime or TIMESTAMP of SQLAlchemy that nobody gave a time zone."""
    name = source.qualified(node)
    if last(name) not in ("DateTime", "TIMESTAMP") or not name.startswith(DATABASE):
        return False
    call = source.parents[node]
    if not isinstance(call, ast.Call) or call.func is not node:
        return True
    zone = keyword(call, "timezone") or (call.args[0] if call.args else None)
    return zone is None or is_constant(zone, False)


@rule(
    "WB603",
    "a default computed once, at import",
    why="Every row made by this process gets the value of the moment the module was loaded.",
    fix="Give the function, not its result: `default_factory=...` for Field, "
    "`default=lambda: ...` for a column.",
)
def find_frozen_defaults(source: Source, project: Project) -> Iterator[Mark]:
    for call in source.every(ast.Call):
        if source.is_migration or last(dotted(call.func)) not in COLUMN_MAKERS:
            continue
        for given in _defaults(call):
            if isinstance(given, ast.Call) and _changes(source, given):
                yield given, f"`{ast.unparse(given)}` is evaluated once for all rows."


def _defaults(call: ast.Call) -> list[ast.expr | None]:
    """What a column is given as a default, in `sa_column_kwargs` too."""
    extra = keyword(call, "sa_column_kwargs")
    pairs = zip(extra.keys, extra.values, strict=True) if isinstance(extra, ast.Dict) else ()
    named = [value for key, value in pairs if text_of(key) in ("default", "onupdate")]
    return [keyword(call, "default"), keyword(call, "onupdate"), *named]


def _changes(source: Source, call: ast.Call) -> bool:
    """Whether a call gives another value every time, by what it is or is called."""
    name = source.qualified(call.func)
    database = name.startswith(DATABASE) or dotted(call.func).startswith(("func.", "sa."))
    return name in CHANGING or (NOW.search(last(name)) is not None and not database)
