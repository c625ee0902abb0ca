"""The members of a submission that lies unpacked in a folder."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbook.grading.intake.limits import DEFAULT, Limits, Refused, read_all
from workbook.grading.intake.members import PRUNED, Kind, Member, plain_path


@dataclass(frozen=True)
class Folder:
    """A folder on disk; a link is never followed."""

    path: Path
    limits: Limits = DEFAULT

    def members(self) -> Iterator[Member]:
        """Every member once, in the order of names; raises `Refused` past a limit."""
        for count, entry in enumerate(_walk(self.path), start=1):
            if count > self.limits.members:
                raise Refused(f"the folder holds more than {self.limits.members:,} files")
            path = plain_path(os.path.relpath(entry, self.path), self.limits)

            def read(limit: int, entry: Path = entry, path: str = path) -> bytes:
                return _read(entry, limit, path)

            yield Member(path, _kind(entry.lstat()), read)


def _walk(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as listed:
        entries = sorted(listed, key=lambda entry: entry.name)
    for entry in entries:
        if entry.name in PRUNED:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))
        else:
            yield Path(entry.path)


def _kind(seen: os.stat_result) -> Kind:
    if stat.S_ISLNK(seen.st_mode) or (stat.S_ISREG(seen.st_mode) and seen.st_nlink > 1):
        return "link"
    return "file" if stat.S_ISREG(seen.st_mode) else "special"


def _read(path: Path, limit: int, what: str) -> bytes:
    """The file's bytes, if at this very moment it still is a plain file."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Refused(f"{what} isn't a plain file")
            return read_all(file, limit, what)
    except OSError as error:
        raise Refused(f"{what} can't be read ({error.strerror})") from error
