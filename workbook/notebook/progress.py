"""What a student has tried, passed and been hinted, kept in one small file."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbook.course import Course


class Progress:
    """The file `.workbook/progress.json` of a course; every question reads it anew.

    Written in one step, so a kernel that is killed leaves the old file or the new one. A
    file that can't be read counts as empty, and is kept beside the new one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, course: Course) -> Progress:
        """The progress of a course; WORKBOOK_STATE names another folder for it."""
        return cls(state_folder(course) / "progress.json")

    @property
    def passed(self) -> set[str]:
        """The ids of the checks that have passed."""
        return set(self._read()["passed"])

    def partly(self, course: Course) -> set[str]:
        """Those that have passed, but not yet on every database a grade asks."""
        kept = self._read()
        passed, seen = set(kept["passed"]), kept["databases"]
        return {
            check.id
            for check in course.checks
            if check.id in passed and set(check.databases) - set(seen.get(check.id, ()))
        }

    def attempts(self, exercise: str) -> int:
        """How often an exercise was checked after it had been begun."""
        return int(self._read()["attempts"].get(exercise, 0))

    def hints(self, exercise: str) -> int:
        """How many hints of an exercise have been asked for."""
        return int(self._read()["hints"].get(exercise, 0))

    @property
    def asks(self) -> bool:
        """Whether `build` asks before it shows an answer nobody has tried for."""
        return bool(self._read()["asks"])

    def record(self, result: Mapping[str, Any]) -> None:
        """Keeps what a result (schema 1) says; a check that no longer passes is open again.

        A check counts as passed on what it was checked on, so a quick run counts too; the
        databases it has passed on are kept with it.
        """
        kept = self._read()
        passed, tried, seen = set(kept["passed"]), set(), kept["databases"]
        for check in result["checks"]:
            if check["verdict"] == "ok":
                passed.add(check["id"])
                asked = check.get("databases", {}).items()
                here = {kind for kind, verdict in asked if verdict == "ok"}
                seen[check["id"]] = sorted(here | set(seen.get(check["id"], ())))
            elif check["verdict"] not in {"not checked", "ours"}:
                passed.discard(check["id"])
                seen.pop(check["id"], None)
            if check["verdict"] not in {"not checked", "not started", "ours"}:
                tried.add(str(check["id"]).rpartition(".")[0])
        kept["passed"] = sorted(passed)
        for exercise in tried:
            kept["attempts"][exercise] = kept["attempts"].get(exercise, 0) + 1
        self._write(kept)

    def next_hint(self, exercise: str, last: int) -> int:
        """Counts one hint more, up to `last`, and returns the count."""
        kept = self._read()
        kept["hints"][exercise] = min(kept["hints"].get(exercise, 0) + 1, last)
        self._write(kept)
        return int(kept["hints"][exercise])

    def ask(self, asks: bool) -> None:
        """Sets whether `build` asks."""
        self._write(self._read() | {"asks": asks})

    def _read(self) -> dict[str, Any]:
        kept: dict[str, Any] = {
            "passed": [], "databases": {}, "attempts": {}, "hints": {}, "asks": True,
        }  # fmt: skip
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return kept
        found = found if isinstance(found, dict) else {}
        return kept | {k: v for k, v in found.items() if type(v) is type(kept.get(k, v))}

    def _write(self, kept: Mapping[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._set_aside()
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".progress-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(kept, file, indent=1, sort_keys=True)
        Path(name).replace(self.path)

    def _set_aside(self) -> None:
        try:
            json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except (OSError, ValueError):
            self.path.replace(self.path.with_suffix(".unreadable.json"))


def state_folder(course: Course) -> Path:
    """Where a course keeps what belongs to one student: `.workbook` at its root."""
    named = os.environ.get("WORKBOOK_STATE")
    return Path(named).absolute() if named else course.root / ".workbook"
