"""Lesson 5: runs Alembic's commands as its command line would, and looks at what they made."""

import argparse
import asyncio
import io
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Integer, MetaData, Table, text

from .kit import Kit

FIRST = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "judged", None


def upgrade():
    op.create_table("{table}", sa.Column("id", sa.Integer, primary_key=True))
"""


SHELVES = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "shelves", None


def upgrade():
    op.create_table("judged_shelf", sa.Column("id", sa.Integer, primary_key=True))
    shelf = sa.ForeignKey("judged_shelf.id", ondelete="CASCADE")
    op.create_table(
        "judged_book",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("shelf_id", sa.Integer, shelf),
    )
    op.execute("INSERT INTO judged_shelf VALUES (1)")
    op.execute("INSERT INTO judged_book VALUES (1, 1), (2, 1)")
"""
COPIED = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "copied", "{before}"


def upgrade():
    with op.batch_alter_table("{table}", recreate="always") as table:
        {change}
"""


def _config(kit: Kit, versions: str | None = None, quiet: bool = False) -> Config:
    """The student's configuration, with our database and perhaps another folder of revisions."""
    options = argparse.Namespace(quiet=quiet, x=None)
    config = Config(kit.bench.root / "alembic.ini", stdout=io.StringIO(), cmd_opts=options)
    config.set_main_option("sqlalchemy.url", kit.url.replace("%", "%%"))
    if versions:
        config.set_main_option("version_locations", versions)
    return config


@contextmanager
def _as_in_a_terminal(kit: Kit) -> Iterator[None]:
    """While it is open, only Alembic's own settings make the package importable."""
    path, finders, cached = sys.path[:], sys.meta_path[:], sys.dont_write_bytecode
    root = str(kit.bench.root)
    sys.path[:] = [place for place in path if os.path.abspath(place) != root]
    sys.meta_path[:] = [one for one in finders if getattr(one, "name", "") != kit.bench.name]
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.path[:], sys.meta_path[:], sys.dont_write_bytecode = path, finders, cached


async def run(
    kit: Kit, name: str, *arguments: Any, versions: str | None = None, **options: Any
) -> dict[str, Any]:
    """What a command printed, or what it raised; of `check` also what it found."""
    engine = getattr(sys.modules.get("app.database"), "get_engine", None)
    if hasattr(engine, "cache_clear"):
        engine.cache_clear()  # a process of its own would make a new one

    def work() -> dict[str, Any]:
        try:
            config = _config(kit, versions, quiet=name == "revision")
            getattr(command, name)(config, *arguments, **options)
            return {"value": config.stdout.getvalue()}  # type: ignore[attr-defined]
        except BaseException as error:  # a script of the student's may even exit
            told = kit.told(error)
            for place in filter(None, (versions, str(kit.bench.root))):
                told["message"] = told["message"].replace(place, ".")
            return {"error": told, "found": _found(getattr(error, "diffs", []))}

    with _as_in_a_terminal(kit):
        return await asyncio.to_thread(work)


def _found(diffs: list[Any]) -> list[str]:
    """Differences in words: `add_column task.due_date`."""
    found = []
    for diff in diffs:
        if isinstance(diff, list):
            found += [" ".join(str(part) for part in (one[0], *one[2:4])) for one in diff]
            continue
        *tables, thing = [part for part in diff[1:] if part is not None]
        table = tables[-1] if tables else getattr(getattr(thing, "table", None), "name", "")
        found.append(f"{diff[0]} {table} {getattr(thing, 'name', '')}".replace("  ", " ").strip())
    return sorted(found)


@asynccontextmanager
async def _scratch() -> AsyncIterator[str]:
    with tempfile.TemporaryDirectory(prefix="revisions") as folder:
        yield folder


async def scripts(kit: Kit) -> dict[str, Any]:
    """The folder that Alembic takes its scripts from, inside the project root."""

    async def find() -> str:
        place = Path(ScriptDirectory.from_config(_config(kit)).dir).resolve()
        return place.relative_to(kit.bench.root.resolve()).as_posix()

    with _as_in_a_terminal(kit):
        return {"call": await kit.outcome(find())}


async def history(kit: Kit) -> list[str]:
    """The ids of the student's revisions from the head down, where several lines may meet."""
    with _as_in_a_terminal(kit):
        scripts = ScriptDirectory.from_config(_config(kit))
        with Operations.context(MigrationContext.configure(dialect_name="sqlite")):
            return [each.revision for each in scripts.walk_revisions()]  # some use op at import


async def begins(kit: Kit, *, rows: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Upgrades until the tables hold what these rows need, adds them, and says what is left to run.

    Nothing when that is the head already, or where no step before it takes such rows.
    """
    kit.migrated()
    steps = (await history(kit))[::-1]
    for place, step in enumerate(steps[:-1]):
        if "error" in await run(kit, "upgrade", step):
            return []
        if "value" in await kit.outcome(_add_rows(kit, rows)):
            return steps[place + 1 :]
    return []


async def _add_rows(kit: Kit, rows: dict[str, list[dict[str, Any]]]) -> None:
    tables = MetaData()
    async with kit.engine.begin() as connection:
        await connection.run_sync(tables.reflect)
        for name, values in rows.items():
            moment = {"created_at": datetime.now(UTC), "updated_at": datetime.now(UTC)}
            known = tables.tables[name].columns.keys()
            for row in values:
                times = {column: value for column, value in moment.items() if column in known}
                await connection.execute(tables.tables[name].insert().values(row | times))


async def reaches(kit: Kit, *, table: str) -> dict[str, Any]:
    """Upgrades with one revision of our own, that makes a table."""
    async with _scratch() as folder:
        Path(folder, "judged.py").write_text(FIRST.format(table=table))
        return {"call": await run(kit, "upgrade", "head", versions=folder)}


async def sees(kit: Kit) -> dict[str, Any]:
    """What `check` finds missing in an empty database without revisions."""
    async with _scratch() as folder:
        return {"call": await run(kit, "check", versions=folder)}


@contextmanager
def _without_conditions(kit: Kit) -> Iterator[None]:
    """While it is open, no constraint is for one database alone: Alembic writes down all."""
    tables = kit.use("models.Task").metadata.tables.values()
    told = [(each, one) for each in tables for one in each.constraints if one._ddl_if is not None]
    for table, constraint in told:
        table.constraints.remove(constraint)
    try:
        yield
    finally:
        for table, constraint in told:
            table.constraints.add(constraint)


async def generates(kit: Kit) -> dict[str, Any]:
    """A revision generated for an empty database, the upgrade with it, and one more of both."""
    with _without_conditions(kit):
        return await _generates(kit)


async def _generates(kit: Kit) -> dict[str, Any]:
    async with _scratch() as folder:
        options = {"autogenerate": True, "version_path": folder, "rev_id": "judged"}
        saw = {"revision": await run(kit, "revision", "all tables", versions=folder, **options)}
        saw["written"] = {"value": [path.name for path in Path(folder).glob("*.py")]}
        saw["call"] = await run(kit, "upgrade", "head", versions=folder)
        options = {"version_path": folder, "rev_id": "again"}
        await run(kit, "revision", "nothing new", versions=folder, **options)
        saw["again"] = await run(kit, "upgrade", "head", versions=folder)
        return saw


async def copies(kit: Kit) -> dict[str, Any]:
    """Two upgrades: tables with rows, then one that others refer to is copied."""
    change = 'table.add_column(sa.Column("name", sa.String))'
    async with _scratch() as folder:
        Path(folder, "shelves.py").write_text(SHELVES)
        saw = {"first": await run(kit, "upgrade", "head", versions=folder)}
        copied = COPIED.format(before="shelves", table="judged_shelf", change=change)
        Path(folder, "copied.py").write_text(copied)
        saw["call"] = await run(kit, "upgrade", "head", versions=folder)
        return saw


async def runs(
    kit: Kit, *, commands: list[list[str]], later: str | None = None
) -> list[dict[str, Any]]:
    """Commands one after another, until one raises; what follows uses the migrated tables.

    `later` names a table that the models have by now, and no revision.
    """
    kit.migrated()
    saw = []
    with _one_more_table(kit, later):
        for name, *arguments in commands:
            saw.append({"call": await run(kit, name, *arguments)})
            if "error" in saw[-1]["call"]:
                break
    return saw


@contextmanager
def _one_more_table(kit: Kit, name: str | None) -> Iterator[None]:
    if name is None:
        yield
        return
    metadata = kit.use("models.Task").metadata
    table = Table(name, metadata, Column("id", Integer, primary_key=True))
    try:
        yield
    finally:
        metadata.remove(table)


async def apart(kit: Kit) -> list[str]:
    """Where the migrated tables lack something of the models, looked at without `env.py`."""
    metadata = kit.use("models.Task").metadata

    def compare(connection: Any) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with kit.engine.connect() as connection:
        found = _found(await connection.run_sync(compare))
    return [one for one in found if one.startswith(("add_", "modify_nullable"))]


async def accepts(
    kit: Kit, *, trials: list[tuple[str, str, int, list[Any]]]
) -> list[list[dict[str, Any]]]:
    """What the database says to each value for a column of a row."""

    async def put(table: str, column: str, id: int, value: Any) -> None:
        sql = text(f"UPDATE {table} SET {column} = :value WHERE id = :id")
        async with kit.session() as session:
            done = await session.exec(sql, params={"value": value, "id": id})
            assert done.rowcount == 1, "no row was there to be changed"
            await session.commit()

    return [
        [await kit.outcome(put(table, column, id, value)) for value in values]
        for table, column, id, values in trials
    ]


async def deletes(kit: Kit, *, model: str, id: int) -> dict[str, Any]:
    """What deleting a row through its model raised."""

    async def delete() -> None:
        async with kit.session() as session:
            await session.delete(await session.get(kit.use(f"models.{model}"), id))
            await session.commit()

    return {"call": await kit.outcome(delete())}


async def audits(kit: Kit, *, worker: int) -> int:
    """An audit row of a worker's."""
    return await kit.add(
        "AuditLog", entity_type="task", entity_id=1, action="created", actor_id=worker
    )
