"""Rows and relationships fetched one at a time."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..project import Project
from ..queries import Rows, assigned, rows
from ..registry import Mark, rule
from ..sources import Source
from ..trees import dotted, last, names_in, within


def loads(
    source: Source, project: Project, name: str, found: Rows, nodes: list[ast.AST]
) -> Iterator[tuple[ast.AST, str]]:
    """Accesses of lazy relationships on `name` that nothing before has loaded."""
    function = source.function_of(found.call)
    mentioned = found.query.names | _refreshed(source, function)
    for node in nodes:
        if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load):
            continue
        link = project.links(found.model).get(node.attr)
        if link and link.is_lazy and dotted(node.value) == name and node.attr not in mentioned:
            yield node, node.attr


def _refreshed(source: Source, function: ast.AST | None) -> set[str]:
    """Relationships that a function loads or sets by other means."""
    names: set[str] = set()
    for node in source.inside(function) if function is not None else ():
        if isinstance(node, ast.Call) and last(dotted(node.func)) == "refresh":
            names |= {item.value for item in ast.walk(node) if _is_text(item)}  # type: ignore[attr-defined]
        if isinstance(node, ast.Call) and last(dotted(node.func)).endswith(("load", "eager")):
            names |= names_in(node)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
        if isinstance(node, ast.Attribute) and dotted(node.value).endswith("awaitable_attrs"):
            names.add(node.attr)
    return names


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@rule(
    "WB201",
    "a lazy relationship read in a loop over rows",
    why="Every row asks the database again (N+1 statements); under an async session the first "
    "access already raises MissingGreenlet.",
    fix="Load it with the list: `.options(selectinload(Model.relationship))`.",
)
def find_lazy_loops(source: Source, project: Project) -> Iterator[Mark]:
    loops: list[ast.For | ast.comprehension] = [*source.every(ast.For)]
    for loop in [*loops, *source.every(ast.comprehension)]:
        target = dotted(loop.target)
        found = rows(source, project, loop.iter) if target else None
        if found is None or not found.many:
            continue
        body = list(loop.body) if isinstance(loop, ast.For) else _elements(source, loop)
        for node, name in loads(source, project, target, found, list(within(*body))):
            yield (
                node,
                (
                    f"`{target}.{name}` is loaded once per row: the query for "
                    f"{found.model.name} names no eager load of `{name}`."
                ),
            )


def _elements(source: Source, loop: ast.comprehension) -> list[ast.AST]:
    above = source.parents[loop]
    fields = ("elt", "key", "value")
    parts = [getattr(above, field) for field in fields if getattr(above, field, None)]
    return [*parts, *loop.ifs]


@rule(
    "WB202",
    "a lazy relationship read from one row",
    why="An async session can't load on attribute access: this raises MissingGreenlet unless the "
    "object happened to be loaded before.",
    fix="Load it with the row: `options=[selectinload(...)]`, or "
    "`await session.refresh(row, ['relationship'])`.",
)
def find_lazy_reads(source: Source, project: Project) -> Iterator[Mark]:
    for node in source.every(ast.Assign):
        name = dotted(node.targets[0]) if len(node.targets) == 1 else ""
        function = source.function_of(node)
        if (
            not name
            or "." in name
            or function is None
            or not isinstance(node.value, ast.Await | ast.Call)
        ):
            continue
        if len(assigned(source, function, name)) != 1:
            continue
        found = rows(source, project, node.value)
        if found is not None and not found.many:
            later = [
                item for item in source.inside(function) if getattr(item, "lineno", 0) > node.lineno
            ]
            for place, link in loads(source, project, name, found, later):
                yield place, f"`{name}.{link}` was not loaded with `{name}` and can't load here."


@rule(
    "WB205",
    "joinedload of a collection without unique()",
    why="A join repeats the parent once per child, so SQLAlchemy refuses the result: "
    "InvalidRequestError at the first fetch.",
    fix="Call `.unique()` before `.all()`, or use `selectinload` for collections.",
    everywhere=True,
)
def find_unasked_unique(source: Source, project: Project) -> Iterator[Mark]:
    for call in source.every(ast.Call):
        if last(dotted(call.func)) != "joinedload" or len(call.args) != 1:
            continue
        owner, _, name = dotted(call.args[0]).rpartition(".")
        table = project.tables.get(last(owner))
        link = project.links(table).get(name) if table else None
        function = source.function_of(call)
        if link is None or not link.many or function is None:
            continue
        written = {item.attr for item in source.inside(function) if isinstance(item, ast.Attribute)}
        fetched = written & {"all", "one", "one_or_none", "scalar_one", "scalar_one_or_none"}
        executed = written & {"exec", "execute", "scalars"}
        if fetched and executed and "unique" not in written:
            yield call, f"`{name}` is a collection; its joined rows need `.unique()`."
