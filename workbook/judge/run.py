"""Runs checks on one project root: a judge for each database, side by side."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from workbook.course import Check, Course
from workbook.databases import KINDS, NAMES, Databases, DatabaseUnavailable
from workbook.postgres import Server

from .client import Judge
from .confinement import Confinement
from .lines import lines
from .outcome import Outcome
from .places import place_of
from .target import find_target
from .verdicts import FINE, assemble
from .versions import seed_of, suite_version

OnOutcome = Callable[[Outcome], None]


class Judges:
    """Warm judges, kept between runs; the second run starts at once."""

    def __init__(
        self,
        course: Course,
        db_url: str | None = None,
        confinement: Confinement | None = None,
    ) -> None:
        """`confinement` is for the code of others: then `db_url` isn't used."""
        self.course = course
        self.db_url = db_url
        self.confinement = confinement
        self._judges: dict[str, Judge] = {}
        self._missing: dict[str, str] = {}

    def _judge(self, kind: str) -> Judge:
        if kind not in self._judges:
            options = [f"--db-url={self.db_url}"] if self.db_url else []
            if self.confinement is not None:
                options = self.confinement.options()
            self._judges[kind] = Judge(self.course.folder, kind, options)
        return self._judges[kind]

    async def warm(self, kinds: Sequence[str]) -> None:
        """Starts the judges for these databases."""
        await asyncio.gather(*(self._judge(kind).start() for kind in kinds))

    async def run(
        self,
        ids: Sequence[str] = (),
        folder: Path | None = None,
        *,
        databases: Sequence[str] = KINDS,
        seed: int | None = None,
        on_outcome: OnOutcome | None = None,
    ) -> dict[str, Any]:
        """Checks a project root and returns the result, schema 1.

        Raises `UnknownId`, `TargetError`, and `JudgeFault` for faults of our own.
        """
        selected = self.course.select(ids)
        target = find_target(self.course, folder or self.course.starter)
        if seed is None:
            seed = seed_of(target.digest(), suite_version(self.course))
        kinds, notes = await self._at_hand(databases)

        async def judge(checks: Sequence[Check]) -> list[Outcome]:
            runs = [self._one(kind, checks, target.named, seed, on_outcome) for kind in kinds]
            return [outcome for run in await asyncio.gather(*runs) for outcome in run]

        asked, outcomes = list(selected), await judge(selected)
        while more := self._unknown_needs(asked, outcomes):
            asked += more
            outcomes += await judge(more)
        result = assemble(
            self.course,
            selected,
            outcomes,
            lines(self.course),
            seed=seed,
            databases=kinds,
            notes=notes,
        )
        for row in result["checks"]:
            if row["verdict"] == "not yet" and not row["where"]:
                exercise = self.course.exercise(row["id"])
                row["where"] = place_of(self.course, exercise, target, row["story"])
        return result

    async def _at_hand(self, databases: Sequence[str]) -> tuple[list[str], list[str]]:
        """The databases that can be had, and a note for each that can't.

        A server that was named and refuses raises `DatabaseUnavailable`.
        """
        for kind in databases:
            if kind not in self._missing:
                self._missing[kind] = await self._why_not(kind)
        notes = [
            f"Nothing was checked on {NAMES[kind]}: {self._missing[kind]}"
            for kind in databases
            if self._missing[kind]
        ]
        return [kind for kind in databases if not self._missing[kind]], notes

    async def _why_not(self, kind: str) -> str:
        if kind != "postgresql" or self.confinement is not None:
            return ""
        if self.db_url is not None:
            async with Databases((kind,), folder=Path(), db_url=self.db_url, ahead=0):
                return ""
        try:
            await asyncio.to_thread(Server.shared)
        except DatabaseUnavailable as error:
            return str(error)
        return ""

    async def _one(
        self, kind: str, checks: Sequence[Check], folder: Path, seed: int, say: OnOutcome | None
    ) -> list[Outcome]:
        ids = [check.id for check in checks if kind in check.databases]
        found: list[Outcome] = []
        if not ids:
            return found
        async for outcome in self._judge(kind).run(folder, ids, seed):
            found.append(outcome)
            if say is not None:
                say(outcome)
        return found

    def _unknown_needs(self, asked: Sequence[Check], outcomes: Sequence[Outcome]) -> list[Check]:
        """Checks that nobody asked for, and that one that failed may be waiting for.

        One that met a blank waits for that, or is one: nothing else has to be looked at. And where
        all that a check needs holds, nothing before that is looked at.
        """
        told = {*FINE, "not started"}
        failed = {one.check for one in outcomes if one.verdict not in told and not one.blanks}
        needs = {need for check in asked if check.id in failed for need in check.needs}
        return [
            check
            for check in self.course.checks
            if check not in asked and needs & {check.id, check.exercise}
        ]

    async def close(self) -> None:
        """Ends the judges."""
        await asyncio.gather(*(judge.close() for judge in self._judges.values()))
        self._judges.clear()
