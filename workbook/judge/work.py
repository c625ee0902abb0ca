"""What a check holds in its hands: probes, the database, random inputs, the story."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbook.course import Check
from workbook.databases import Database, Unreadable

from .channel import WitnessEndedError
from .draw import Draw
from .evidence import NotYet, Seen, StudentError

if TYPE_CHECKING:
    from .sitting import Stand

CPU_SECONDS = 4.0
WALL_SECONDS = 12.0
NOT_PYTHON = "The file could not be read as Python."


@dataclass
class Work:
    """One check on one database of one submission."""

    check: Check
    kind: str
    draw: Draw
    stand: "Stand"
    database: Database
    seen: list[Seen] = field(default_factory=list)

    async def probe(
        self,
        name: str,
        *,
        wall: float = WALL_SECONDS,
        cpu: float = CPU_SECONDS,
        counted: bool = False,
        **inputs: Any,
    ) -> Seen:
        """Runs a probe beside the student's code; `counted` for a check that counts statements.

        An exception that the probe did not expect is a story of its own (`NotYet`).
        """
        seen = await self.stand.probe(
            name, inputs, self.database, cpu=cpu, wall=wall, counted=counted
        )
        self.seen.append(seen)
        if seen.error is not None and seen.error.is_a("MemoryError"):
            raise WitnessEndedError("out of memory")
        if seen.error is not None:
            raise NotYet(_raised(seen.error, self._subject), seen.error.where, _sql(seen))
        return seen

    async def rows(self, sql: str, *parameters: Any) -> list[dict[str, Any]]:
        """The judge's own look into the database, past all student code; `$1` for parameters."""
        try:
            return await self.database.rows(sql, *parameters)
        except Unreadable as error:
            raise NotYet(f"We looked into the database ({sql}); it answered: {error}.") from None

    async def fresh(self) -> Database:
        """Gives the probes that follow a new, empty database without tables."""
        self.database = await self.stand.fresh()
        return self.database

    async def renew(self) -> None:
        """Lets the probes that follow run in a witness that knows nothing of those before."""
        await self.stand.renew()

    def expect(self, holds: object, story: str, seen: "Seen | StudentError | None" = None) -> None:
        """Goes on if it holds; otherwise tells the story: did, expected, found."""
        if holds:
            return
        error = seen if isinstance(seen, StudentError) else None
        of = seen if isinstance(seen, Seen) else (self.seen[-1] if self.seen else None)
        raise NotYet(story, error.where if error else "", _sql(of) if of else [])

    @property
    def _subject(self) -> str:
        """What the check is about, where an error came from no line of the student's."""
        exercise = self.stand.sitting.course.exercise(self.check.id)
        names = [cut.name or cut.file for cut in exercise.cuts]
        return names[0] if len(names) == 1 else f"your code for {exercise.id}"

    @property
    def databases(self) -> list[Database]:
        """Those that this check's probes have seen."""
        own = [self.stand.database] if self.stand.database is not None else []
        return [*own, *self.stand.sitting.extra, self.database]

    @property
    def printed(self) -> str:
        """What the student's code printed while this check ran."""
        return "".join(seen.printed for seen in self.seen)


def _raised(error: StudentError, subject: str) -> str:
    if error.is_a("SyntaxError"):
        return f"{NOT_PYTHON} {error}"
    if error.is_a("ImportError"):
        return f"The import did not work. {error}"
    said = str(error).rstrip(".")
    if error.called.replace(".", "").isidentifier():
        text = f"{error.called} was expected to return; it raised {said}."
    else:
        text = f"We used {subject}: expected no error, found {said}."
    return text if error.cause is None else f"{text} It came from {error.cause}."


def _sql(seen: Seen) -> list[str]:
    return [sql for name in seen.windows for sql in seen.sql(name)][:40]
