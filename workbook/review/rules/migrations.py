"""What Alembic's `env.py` has to know before it can compare."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..project import Project
from ..registry import Mark, rule
from ..sources import Source
from ..tables import Table
from ..trees import dotted, is_constant, keyword, names_in, targets_of, text_of

DYNAMIC = ("import_module", "__import__", "walk_packages", "iter_modules", "glob(", "exec(")


@rule(
    "WB701",
    "target_metadata is None",
    why="Autogenerate compares the database with nothing: revisions come out empty, or drop what "
    "is there, and `alembic check` can't see a drift.",
    fix="`target_metadata = SQLModel.metadata`, behind the imports of all models.",
)
def find_empty_metadata(source: Source, project: Project) -> Iterator[Mark]:
    if not source.is_env:
        return
    given = list(_given(source))
    if given and all(is_constant(value, None) for value in given):
        yield given[0], "`env.py` hands Alembic no metadata."


def _given(env: Source) -> Iterator[ast.expr]:
    """What env.py calls target_metadata: by a name, an argument, or a dict's key."""
    for node in env.assignments:
        if node.value and any(dotted(item) == "target_metadata" for item in targets_of(node)):
            yield node.value
    for call in env.every(ast.Call):
        value = keyword(call, "target_metadata")
        if value is not None and dotted(value) != "target_metadata":
            yield value
    for table in env.every(ast.Dict):
        for key, value in zip(table.keys, table.values, strict=True):
            if text_of(key) == "target_metadata" and dotted(value) != "target_metadata":
                yield value


@rule(
    "WB702",
    "models that env.py never imports",
    why="A table whose module isn't imported isn't in the metadata: autogenerate leaves it out, or "
    "writes a revision that drops it.",
    fix="Import the module in `env.py`, or in the package `env.py` imports.",
)
def find_unimported_models(source: Source, project: Project) -> Iterator[Mark]:
    if not source.is_env:
        return
    reached = _reachable(source, project)
    if reached is None:
        return
    tables = list(project.tables.values())
    seen = {_package(table.source) for table in tables if table.source.path in reached}
    missing: dict[str, list[str]] = {}
    for table in tables:
        ours = not seen or _package(table.source) in seen
        if ours and table.source.path not in reached and source in project.envs_of(table.source):
            missing.setdefault(table.source.path, []).append(table.name)
    for path, names in sorted(missing.items()):
        yield source.tree.body[0], f"{', '.join(sorted(names))} of {path} can't be seen from here."


def _package(source: Source) -> str:
    """The top package of a module: tables of another one have a metadata of their own."""
    return source.module.partition(".")[0]


def _reachable(env: Source, project: Project) -> set[str] | None:
    """The files that importing env.py runs; None when imports are computed."""
    seen: set[str] = set()
    waiting = [env]
    while waiting:
        source = waiting.pop()
        if source.path in seen:
            continue
        seen.add(source.path)
        if any(word in source.text for word in DYNAMIC):
            return None
        for name in _imported(source):
            waiting += [found for found in _sources_for(project, name) if found.path not in seen]
    return seen if len(seen) > 1 else (seen if _imports_project(env, project) else None)


def _imported(source: Source) -> set[str]:
    names = {alias.name for node in source.every(ast.Import) for alias in node.names}
    for node in source.every(ast.ImportFrom):
        origin = source.origin(node)
        names |= {origin, *(f"{origin}.{alias.name}" for alias in node.names)}
    return names - {""}


def _sources_for(project: Project, name: str) -> list[Source]:
    """The modules an import runs: the packages above it, then itself."""
    parts = name.split(".")
    found = []
    for length in range(1, len(parts) + 1):
        found += _ending(project, ".".join(parts[:length]), len(parts) > 1)
    return found


def _ending(project: Project, name: str, qualified: bool) -> list[Source]:
    """A module by name, wherever below the reviewed folder its root lies."""
    exact = project.by_module.get(name)
    if exact is not None:
        return [exact]
    if not qualified:
        return []
    return [item for item in project.sources if item.module.endswith(f".{name}")]


def _imports_project(env: Source, project: Project) -> bool:
    """Whether env.py sets metadata at all without a module of this project."""
    return "metadata" in env.text and not project.mentions("import_module")


@rule(
    "WB703",
    "metadata of another registry",
    why="The models keep their tables in a metadata of their own; the one given here is empty, and "
    "autogenerate would drop every table it finds.",
    fix="`target_metadata = Base.metadata`, of the class the models inherit from.",
)
def find_foreign_metadata(source: Source, project: Project) -> Iterator[Mark]:
    if not source.is_env:
        return
    tables = [table for table in project.tables.values() if table.sqlmodel]
    own = [table for table in tables if _has_own_metadata(project, table)]
    for value in _given(source) if own and len(own) == len(tables) else ():
        if source.qualified(value) == "sqlmodel.SQLModel.metadata":
            yield value, f"`{own[0].name}` and the other models are not in this metadata."


def _has_own_metadata(project: Project, table: Table) -> bool:
    for item in project.lineage(table):
        if any(given.arg == "registry" for given in item.node.keywords):
            return True
        if any("MetaData" in names_in(node) for node in item.node.body):
            return True
    return False
