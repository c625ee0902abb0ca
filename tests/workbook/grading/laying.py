"""Lay out a class folder for a test, and say who was found in it."""

import zipfile
from pathlib import Path

from workbook.grading.intake.candidates import Candidate, read_class
from workbook.grading.intake.roster import Roster


def archive(path: Path, content: str = "") -> None:
    """A zip of one project."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("task-api/app/database.py", content)


def project(path: Path) -> None:
    """A folder that is one project."""
    (path / "app").mkdir(parents=True)
    (path / "app" / "database.py").write_text("")


def zips(folder: Path, *stems: str) -> Path:
    """The folder, with a zip of each name in it."""
    for stem in stems:
        archive(folder / f"{stem}.zip")
    return folder


def labels(candidates: list[Candidate]) -> dict[str, list[str]]:
    """What everybody handed in."""
    return {
        candidate.student.key: [attempt.label for attempt in candidate.attempts]
        for candidate in candidates
    }


def flags(folder: Path, roster: Roster | None = None) -> dict[str, tuple[str, ...]]:
    """What needs a look, for those who have something."""
    found = read_class(folder, roster)
    return {candidate.student.key: candidate.flags for candidate in found if candidate.flags}
