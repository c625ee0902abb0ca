"""One thing handed in, and all that its name says about who and when."""

import re
from dataclasses import dataclass
from pathlib import Path

from workbook.grading.intake.archives import archived


@dataclass(frozen=True)
class Entry:
    """One thing handed in by one person, and all that its name says about both."""

    path: Path
    person: str
    """What tells this person from another of the same name."""
    name: str
    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    """Parts of the name that may be somebody's id: a guess."""
    bases: tuple[str, ...] = ()
    """The name without the number at its end, where there is one."""
    attempt: str = ""
    """The number at the end of the name."""
    bare: bool = False
    """No word such as `attempt` says what that number counts."""
    guessed: bool = False
    """Nothing but a bare number says that this is somebody's attempt."""
    order: tuple[str, ...] = ()
    late: bool = False
    email: str = ""
    number: str = ""
    canvas: str = ""
    moodle: str = ""
    reason: str = ""
    """Why there is nothing to read in it, if so."""
    flags: tuple[str, ...] = ()

    @property
    def is_work(self) -> bool:
        """Whether it may hold a project: a folder or an archive, and no online text."""
        return not self.reason and (self.path.is_dir() or archived(self.path.name))


def natural(text: str) -> tuple[str, ...]:
    """A sort key that puts attempt 10 after attempt 9."""
    parts = re.findall(r"\d+|\D+", text)
    return tuple(part.rjust(20, "0") if part.isdigit() else part.casefold() for part in parts)


def stem_of(path: Path) -> str:
    """The name of a folder, or of a file without what says its kind."""
    if path.is_dir() or not (path.is_file() or path.is_symlink()):
        return path.name
    return re.sub(r"(?i)(\.tar)?\.[a-z0-9]{1,4}$", "", path.name) or path.name


def listed(names: list[str]) -> str:
    """A few names as people say them; of many the first five."""
    if len(names) == 2:
        return " and ".join(names)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
