"""Where the work to be judged lies: a project root and the package in it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from workbook.course import Course


class TargetError(ValueError):
    """There is nothing to check at this place; the message says what to do."""


@dataclass(frozen=True)
class Target:
    """A project root, the folder imported as the course's package, and what a user names."""

    root: Path
    package: Path
    named: Path

    def digest(self) -> str:
        """A hash of the project's own text files, whatever order they lie in."""
        found = hashlib.sha256()
        for path in sorted(self._files()):
            found.update(path.relative_to(self.root).as_posix().encode() + b"\0")
            found.update(hashlib.sha256(path.read_bytes()).digest())
        return found.hexdigest()

    def _files(self) -> list[Path]:
        roots = [self.package, *(self.root / name for name in ("alembic", "tests", "skill"))]
        suffixes = {".py", ".ini", ".md", ".mako"}
        paths = [
            self.root / "alembic.ini",
            *(path for folder in roots for path in folder.rglob("*")),
        ]
        return [
            path
            for path in paths
            if path.suffix in suffixes and path.is_file() and not path.is_symlink()
        ]


def find_target(course: Course, folder: Path) -> Target:
    """The project in a folder: one with `app/`, or the reference itself.

    Raises `TargetError` when the folder is missing or holds no package.
    """
    folder = folder.resolve()
    if not folder.exists():
        raise TargetError(f"{folder} does not exist; name a folder that holds {course.package}/")
    if not folder.is_dir():
        raise TargetError(f"{folder} is a file; name the folder that holds {course.package}/")
    if (folder / course.package).is_dir():
        return Target(folder, folder / course.package, folder)
    if folder == course.reference:
        return Target(course.root, folder, folder)
    if folder.name == course.package:
        raise TargetError(f"name the folder above: {folder.parent}")
    raise TargetError(f"{folder} holds no folder {course.package}/; name a project root")
