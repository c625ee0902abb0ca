"""A grader for tests: what a submission earns is a function of its files and nothing else."""

import hashlib
import os
import re
import time
from pathlib import Path
from typing import Any, Self

from workbook.grading.grader import GraderFault

CHECKS = [
    ("services.get.loads_the_assignee", "loads the task with its assignee", 2),
    ("services.get.unknown_is_none", "gives None for an unknown id", 1),
    ("transactions.create_project.leaves_nothing_behind", "leaves nothing behind", 3),
    ("transactions.create_project.counts_tasks", "counts the tasks", 2),
    ("tenancy.context.restores", "restores the tenant on every path", 2),
    ("tenancy.rows.hides_neighbours", "hides the neighbours' rows", 2),
]
POSSIBLE = {"core": 8, "extension": 4}


class FakeGrader:
    """Passes as many checks as `passes = N` says; other words in the file make it misbehave."""

    def __init__(self, suite: str = "suite-1", marks: Path | None = None) -> None:
        self.suite_version = suite
        self.marks = marks
        self.containment = {
            "rung": "bubblewrap, Landlock, seccomp and limits",
            "self_test": [
                {"name": "reads a file outside", "held": True},
                {"name": "reaches a port of this machine", "held": True},
            ],
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def grade(self, staged: Path, *, seed: int) -> dict[str, Any]:
        """The result for the files in the folder."""
        text = (staged / "app" / "database.py").read_text()
        once = self._once(text)
        if "fault always" in text or ("fault once" in text and once):
            raise GraderFault("the witness could not start")
        if "die always" in text or ("die once" in text and once):
            os._exit(3)
        if "hang" in text:
            time.sleep(60)
        if "nonsense" in text:
            return {"schema": 1, "checks": [{"id": 1}]}
        if found := re.search(r"slow = ([\d.]+)", text):
            time.sleep(float(found[1]))
        found = re.search(r"passes = (\d+)", text)
        passes = int(found[1]) if found else 0
        ours = "ours always" in text or ("ours once" in text and once)
        checks = [
            self._check(place, *about, passed=place < passes, ours=ours and place == 0, said=text)
            for place, about in enumerate(CHECKS)
        ]
        earned = sum(check["earned"] for check in checks[:4])
        beside = sum(check["earned"] for check in checks[4:])
        return {
            "schema": 1,
            "seed": seed,
            "databases": ["sqlite", "postgresql"],
            "earned": earned,
            "possible": POSSIBLE["core"],
            "extension": {"earned": beside, "possible": POSSIBLE["extension"]},
            "notes": [],
            "checks": checks,
            "timing": {check["id"]: 0.1 * place for place, check in enumerate(checks)},
        }

    def _once(self, text: str) -> bool:
        """Whether this text is seen for the first time, by any process."""
        if self.marks is None or "once" not in text:
            return False
        mark = self.marks / f"{hashlib.sha256(text.encode()).hexdigest()}.seen"
        try:
            mark.touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def _check(
        self, place: int, id: str, line: str, points: int, *, passed: bool, ours: bool, said: str
    ) -> dict[str, Any]:
        verdict = "ours" if ours else "ok" if passed else "timed out" if place == 3 else "not yet"
        story = "" if passed else f"We asked for {place} tasks: expected 0, found {len(said)}."
        if "unreadable" in said:
            story = "The file could not be read as Python. SyntaxError: invalid syntax"
        if "hostile" in said:
            story = "<img src=x onerror=alert(1)> \u202egnp.exe \x1b[31mred =cmd()|| ```@team"
        return {
            "id": id,
            "line": line,
            "verdict": verdict,
            "earned": points if passed and not ours else 0,
            "possible": points,
            "story": story,
            "where": "" if passed else "app/database.py:1",
            "sql": [] if passed else ["SELECT 1"],
            "printed": said if "hostile" in said else "",
            "databases": {"sqlite": verdict, "postgresql": verdict},
        }


class OnSqlite(FakeGrader):
    """A grader on SQLite alone, where the last check of lessons 1–5 runs on PostgreSQL only."""

    def grade(self, staged: Path, *, seed: int) -> dict[str, Any]:
        """The result without that check, which is still told."""
        result = super().grade(staged, seed=seed)
        check = result["checks"][3]
        result["earned"] -= check["earned"]
        check |= {"verdict": "not checked", "earned": 0, "story": "", "where": "", "databases": {}}
        return result


class NoStart(FakeGrader):
    """A grader whose machine can't hold it."""

    def __enter__(self) -> Self:
        raise GraderFault("there is no sandbox here")


def grader_for(course: Path | None, **_: Any) -> type[FakeGrader]:
    """What the command line asks for a factory."""
    return FakeGrader


def no_start_for(course: Path | None, **_: Any) -> type[FakeGrader]:
    """A factory of graders that can't start."""
    return NoStart
