"""What the reference costs beside the same work in SQLAlchemy Core, as ratios.

    python -m benchmarks.reference [--quick]

Both sides run on one engine, in turns, in one process; a ratio is of the two medians, so
that a slow machine changes the milliseconds and not the verdict. The exit code is 1 when
a ratio is above its target.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession

from benchmarks.ratios import Ratio, compare, show
from solution.context import tenant_context
from solution.database import build_engine, build_session_factory, create_db_and_tables
from solution.models import Base
from solution.models.columns import utc_now
from solution.schemas import ProjectCreate
from solution.services.project_service import complete_project_tasks, create_project_with_tasks
from solution.services.task_service import TaskService
from workbook.databases import KINDS, Databases

task, worker, project, audit, tenant = (
    Base.metadata.tables[name] for name in ("task", "worker", "project", "audit_log", "tenant")
)


class Bench:
    """Rows to measure on, and the three pairs of rivals."""

    def __init__(self, engine: AsyncEngine, people: list[int], big: int, quick: bool) -> None:
        self.engine, self.people, self.big = engine, people, big
        self.sessions: async_sessionmaker[AsyncSession] = build_session_factory(engine)
        self.rounds = 3 if quick else 7

    @classmethod
    async def prepare(cls, engine: AsyncEngine, tasks: int, quick: bool) -> "Bench":
        async with engine.begin() as connection:
            handles = [{"handle": f"@worker-{n}"} for n in range(40)]
            await connection.execute(insert(worker), handles)
            people = list((await connection.execute(select(worker.c.id))).scalars())
            made = await connection.execute(insert(project).values(name="big"))
            (big,) = made.inserted_primary_key or (0,)
            rows = [
                {
                    "title": f"task {n}",
                    "project_id": big,
                    "created_by_id": people[n % 40],
                    "assignee_id": people[(n + 7) % 40],
                }
                for n in range(tasks)
            ]
            await connection.execute(insert(task), rows)
        return cls(engine, people, big, quick)

    async def page(self) -> tuple[float, float]:
        """Fifty tasks with their workers: objects against rows, the same statements."""

        async def ours() -> None:
            async with self.sessions() as session:
                for each in await TaskService(session).list_by_project(self.big, limit=50):
                    assert each.assignee is not None
                    assert each.created_by is not None

        async def floor() -> None:
            page = select(task).where(task.c.project_id == self.big).order_by(task.c.id).limit(50)
            async with self.engine.connect() as connection:
                rows = (await connection.execute(page)).all()
                for key in ("assignee_id", "created_by_id"):
                    ids = {getattr(row, key) for row in rows}
                    people = select(worker).where(worker.c.id.in_(ids))
                    {row.id: row for row in await connection.execute(people)}

        return await compare(ours, floor, rounds=self.rounds * 10)

    async def create(self) -> tuple[float, float]:
        """A project with 10,000 tasks, in one transaction each."""
        titles = [f"task {n}" for n in range(10_000)]
        creator = self.people[0]

        async def ours() -> None:
            async with self.sessions() as session:
                await create_project_with_tasks(session, ProjectCreate(name="p"), titles, creator)

        async def floor() -> None:
            async with self.engine.begin() as connection:
                made = await connection.execute(insert(project).values(name="p"))
                (key,) = made.inserted_primary_key or (0,)
                rows = [{"title": t, "project_id": key, "created_by_id": creator} for t in titles]
                await connection.execute(insert(task), rows)
                row = {"entity_type": "project", "entity_id": key, "action": "created"}
                await connection.execute(insert(audit).values(actor_id=creator, **row))

        return await compare(ours, floor, rounds=self.rounds)

    async def complete(self) -> tuple[float, float]:
        """All tasks of the big project completed, against the bare UPDATE."""
        mine = task.c.project_id == self.big

        async def ours() -> None:
            async with self.sessions() as session:
                await complete_project_tasks(session, self.big)

        async def floor() -> None:
            done = {"status": "completed", "updated_at": utc_now()}
            async with self.engine.begin() as connection:
                todo = update(task).where(mine, task.c.status != "completed")
                await connection.execute(todo.values(**done))

        async def reopen() -> None:
            async with self.engine.begin() as connection:
                await connection.execute(update(task).where(mine).values(status="pending"))

        return await compare(ours, floor, rounds=self.rounds, before=reopen)


async def measure(kind: str, url: str, quick: bool) -> list[Ratio]:
    """All ratios on one database."""
    engine = build_engine(url)
    tasks = 10_000 if quick else 100_000
    try:
        await create_db_and_tables(engine)
        async with engine.begin() as connection:
            made = await connection.execute(insert(tenant).values(name="b", subdomain="b"))
        (only,) = made.inserted_primary_key or (0,)
        with tenant_context(only):
            bench = await Bench.prepare(engine, tasks, quick)
            return [
                Ratio(kind, "page of 50 tasks with their workers", *await bench.page(), 2.0),
                Ratio(kind, "project with 10,000 tasks", *await bench.create(), 1.5),
                Ratio(kind, f"complete {tasks:,} tasks", *await bench.complete(), 1.2),
            ]
    finally:
        await engine.dispose()


async def run(quick: bool) -> list[Ratio]:
    """All ratios on every database that can be had."""
    found: list[Ratio] = []
    with tempfile.TemporaryDirectory() as folder:
        async with Databases(KINDS, folder=Path(folder), ahead=1) as databases:
            for kind in KINDS:
                if reason := databases.available(kind):
                    print(f"{kind} is left out: {reason}", file=sys.stderr)
                    continue
                database = await databases.create(kind)
                found += await measure(kind, database.url, quick)
    return found


def main() -> int:
    """Print the table; 1 when a ratio is above its target."""
    parser = argparse.ArgumentParser(description="Measure the reference against Core.")
    parser.add_argument("--quick", action="store_true", help="fewer rows and rounds")
    ratios = asyncio.run(run(parser.parse_args().quick))
    show(ratios)
    return int(any(each.value > each.target for each in ratios))


if __name__ == "__main__":
    sys.exit(main())
