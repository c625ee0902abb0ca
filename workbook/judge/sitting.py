"""One submission before the judge: its witnesses, its databases, its clock."""

import contextlib
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from workbook.course import Check, Course, Lesson
from workbook.databases import Busy, Database, Databases
from workbook.postgres import LogPosition
from workbook.starter import untouched

from .channel import Channel, WitnessEndedError
from .draw import Draw
from .evidence import Logged, Seen, Tampered
from .nurseries import Nursery
from .target import Target
from .work import CPU_SECONDS, WALL_SECONDS, Work

PATIENT, IMPATIENT_SECONDS = 3, 3.0
MEASURED_FOR_SECONDS = 5


def slowness() -> float:
    """How much slower than a common machine this one is now, from 1 to 6; no student code run."""
    return _slowness(int(time.monotonic() / MEASURED_FOR_SECONDS))


@lru_cache(maxsize=1)
def _slowness(when: int) -> float:
    start = time.perf_counter()
    sum(number * number for number in range(200_000))
    return min(6.0, max(1.0, (time.perf_counter() - start) / 0.015))


@dataclass
class Stand:
    """One lesson's witness on one database; a new witness follows one that ended."""

    sitting: "Sitting"
    lesson: Lesson
    kind: str
    channel: Channel | None = None
    database: Database | None = None
    dead: WitnessEndedError | None = None
    used: bool = False

    async def ready(self) -> Database:
        """A witness that has imported what the lesson needs, and an empty database."""
        if self.dead is not None:
            raise self.dead
        if self.database is not None and self.used:
            try:
                await self.database.empty()
            except Busy:
                await self.close()
        if self.database is None:
            self.database = await self.sitting.databases.create(self.kind)
        self.used = False
        if self.channel is None or self.channel.ended:
            self.channel = await self.sitting.open_witness(self.database)
            try:
                modules = {"do": "import", "modules": list(self.lesson.imports)}
                await self.channel.ask(modules, cpu=CPU_SECONDS, wall=self.sitting.wall())
                await self.channel.confirm(wall=self.sitting.wall(IMPATIENT_SECONDS))
            except WitnessEndedError as ended:
                self.dead = ended
                raise
        return self.database

    async def fresh(self) -> Database:
        """A database of its own for the rest of one check; it is dropped with the stand."""
        database = await self.sitting.databases.create(self.kind)
        self.sitting.extra.append(database)
        return database

    async def probe(
        self,
        name: str,
        inputs: dict[str, Any],
        database: Database,
        *,
        cpu: float,
        wall: float,
        counted: bool = False,
    ) -> Seen:
        """One probe's evidence; where it is `counted`, with what the server logged of it."""
        if self.channel is None or self.channel.ended:
            self.channel = await self.sitting.open_witness(database)
        self.used = True
        before = await database.log_position() if counted else None
        request = {
            "do": "probe",
            "probe": name,
            "inputs": inputs,
            "url": database.url,
            "database": self.kind,
        }
        answer = await self.channel.ask(request, cpu=cpu, wall=self.sitting.wall(wall))
        if changed := await self.channel.confirm(wall=self.sitting.wall(IMPATIENT_SECONDS)):
            await self.channel.end()
            raise Tampered(changed)
        return Seen.read(answer, await _logged(database, before))

    async def renew(self) -> None:
        """Ends the witness; the next probe begins with a new one."""
        if self.channel is not None:
            await self.channel.end()

    async def close(self) -> None:
        """Ends the witness and drops the database."""
        if self.channel is not None:
            await self.channel.end()
        if self.database is not None:
            await self.database.drop()
        self.channel = self.database = None


@dataclass
class Sitting:
    """All that is kept while one submission is judged."""

    course: Course
    target: Target
    seed: int
    nursery: Nursery
    databases: Databases
    opening: dict[str, Any] = field(default_factory=dict)
    stands: dict[tuple[str, str], Stand] = field(default_factory=dict)
    hung: dict[str, WitnessEndedError] = field(default_factory=dict)
    extra: list[Database] = field(default_factory=list)
    slow: float = field(default_factory=slowness)
    untouched: set[str] = field(init=False)

    def __post_init__(self) -> None:
        reference = self.target.package == self.course.reference
        self.untouched = set() if reference else untouched(self.course, self.target.root)

    def wall(self, seconds: float = WALL_SECONDS) -> float:
        """A wall limit that a slow machine doesn't turn into another verdict.

        Who hangs in one exercise after another gets less patience, still many times what an
        answer takes: so a submission can't hold up a class.
        """
        if len(self.hung) >= PATIENT:
            seconds = min(seconds, IMPATIENT_SECONDS)
        return seconds * self.slow

    async def open_witness(self, database: Database) -> Channel:
        """A new witness of this submission."""
        return await self.nursery.open(
            {
                "root": str(self.target.root),
                "package": str(self.target.package),
                "name": self.course.package,
                "env": {"DATABASE_URL": database.url, "PYTHONDONTWRITEBYTECODE": "1"},
                **self.opening,
            }
        )

    async def work(self, lesson: Lesson, check: Check, kind: str) -> Work:
        """A check's hands, on a database without rows. Raises how an earlier one ended."""
        exercise = check.id.rpartition(".")[0]
        if exercise in self.hung:
            raise self.hung[exercise]
        key = (lesson.slug, kind)
        stand = self.stands.setdefault(key, Stand(self, lesson, kind))
        database = await stand.ready()
        return Work(check, kind, Draw.of(self.seed, check.id, kind), stand, database)

    def note_end(self, check: Check, ended: WitnessEndedError) -> None:
        """A hang costs its limit once: the rest of its exercise ends as it did."""
        if ended.verdict == "timed out":
            self.hung.setdefault(check.id.rpartition(".")[0], ended)

    async def close(self) -> None:
        """Ends every witness and drops every database."""
        for stand in self.stands.values():
            await stand.close()
        for database in self.extra:
            with contextlib.suppress(OSError):
                await database.drop()
        self.stands.clear()
        self.extra.clear()


async def _logged(database: Database, since: LogPosition | None) -> Logged | None:
    statements = await database.statements(since)
    if statements is None:
        return None
    return Logged(
        statements, frozenset(name.rpartition(".")[2] for name in await database.tables())
    )
