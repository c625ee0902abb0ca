"""From a class folder to one candidate a person: attempts in order, absent and unknown named."""

import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from workbook.grading.archives import Archive, archived
from workbook.grading.cleaning import line
from workbook.grading.folders import Folder
from workbook.grading.limits import MIB, Limits, Refused
from workbook.grading.members import Source
from workbook.grading.roster import Roster, Student
from workbook.grading.submitters import Entry, entries_in, natural, recognised

BULK = Limits(
    archive=4096 * MIB, unpacked=4096 * MIB, file=256 * MIB, members=200_000, directory=64 * MIB
)
_NUMBERED = re.compile(r"(?i)(attempt|submission|try|v)?[-_ ]?\d[\d_T:Z.-]*")


class IntakeError(ValueError):
    """The class folder can't be read; the message says what to give instead."""


@dataclass(frozen=True)
class Attempt:
    """One thing handed in: its name in the class folder, and where to read it."""

    label: str
    path: Path
    late: bool = False

    def source(self) -> Source:
        """The members of it, from a folder or an archive."""
        return Folder(self.path) if self.path.is_dir() else Archive(self.path)


@dataclass(frozen=True)
class Candidate:
    """One person, their attempts from first to last, and what needs a look."""

    student: Student
    attempts: tuple[Attempt, ...] = ()
    flags: tuple[str, ...] = ()


def read_class(folder: Path, roster: Roster | None = None, *, one: bool = False) -> list[Candidate]:
    """Everyone who handed in or is on the roster, in the order of their keys.

    A project root, or with `one` whatever the folder is, counts as a class of one.
    """
    top = folder if one else _top(folder)
    entries = [_alone(top)] if one or _is_project(top) else entries_in(top)
    by_person: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_person[entry.person].append(entry)
    gathered: dict[str, Candidate] = {}
    taken = {student.key.casefold() for student in roster.students} if roster else set()
    for _, handed_in in sorted(by_person.items()):
        student, flags = _who(handed_in, roster, taken)
        taken.add(student.key.casefold())
        before = gathered.get(student.key, Candidate(student))
        known = {field: value for field, value in vars(before.student).items() if value}
        merged = replace(student, **known)
        attempts = _attempts(handed_in, top)
        gathered[student.key] = Candidate(
            merged, before.attempts + attempts, tuple(dict.fromkeys(before.flags + flags))
        )
    for student in roster.students if roster else ():
        gathered.setdefault(student.key, Candidate(student))
    if not gathered:
        raise IntakeError(f"{folder} holds no submissions: give the folder or zip of a class")
    return [candidate for _, candidate in sorted(gathered.items())]


@contextmanager
def opened(folder: Path) -> Iterator[Path]:
    """The class folder, unpacked for the while if it is one archive of a whole class."""
    if folder.is_dir():
        yield folder
        return
    if not folder.is_file() or not archived(folder.name):
        raise IntakeError(f"there is no class folder at {folder}")
    with tempfile.TemporaryDirectory(prefix="workbook-class-") as made:
        try:
            for member in Archive(folder, BULK).members():
                if member.kind == "file":
                    target = Path(made, member.path)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(member.read(BULK.file))
        except (Refused, OSError) as error:
            raise IntakeError(f"{folder} can't be unpacked: {error}") from error
        yield Path(made)


def _top(folder: Path) -> Path:
    """The folder, or the one wrapper inside it that a download put around the class."""
    inside = [path for path in folder.iterdir() if path.name not in ("__MACOSX", ".DS_Store")]
    if len(inside) != 1 or not inside[0].is_dir() or _is_project(inside[0]):
        return folder
    children = list(inside[0].iterdir())
    whole = [child for child in children if archived(child.name) or _is_project(child)]
    exported = any(recognised(child.name) for child in children)
    return inside[0] if exported or len(whole) > 1 else folder


def _is_project(path: Path) -> bool:
    return path.is_dir() and (path / "app").is_dir()


def _alone(project: Path) -> Entry:
    name = project.resolve().name
    return Entry(project, f"plain {name}", name, (name,), (name,))


def _who(
    entries: list[Entry], roster: Roster | None, taken: set[str]
) -> tuple[Student, tuple[str, ...]]:
    entry = entries[0]
    flags: tuple[str, ...] = ()
    if roster is not None:
        found = roster.find(entry.ids, entry.names)
        if len(found) == 1:
            return replace(
                found[0],
                moodle=entry.moodle,
                canvas=found[0].canvas or entry.canvas,
                email=found[0].email or entry.email,
            ), ()
        if found:
            named = " or ".join(student.key for student in found[:3])
            flags = (f"may be {named}: the name fits more than one on the roster",)
        else:
            flags = ("not on the roster",)
    name = line(entry.name, 80)
    key = name if entry.person.startswith("plain") else line(entry.email or name, 80)
    if key.casefold() in taken:
        key = f"{key} ({entry.person})"
    known = {"email": entry.email, "number": entry.number}
    return Student(key, name, **known, canvas=entry.canvas, moodle=entry.moodle), flags


def _attempts(entries: list[Entry], top: Path) -> tuple[Attempt, ...]:
    ordered = sorted(entries, key=lambda entry: (entry.order, natural(entry.path.name)))
    return tuple(
        Attempt(line(str(path.relative_to(top)) if path != top else path.name, 160), path, late)
        for entry in ordered
        for path, late in [(path, entry.late) for path in _handed_in(entry.path)]
    )


def _handed_in(path: Path) -> list[Path]:
    """A submission's attempts: itself, or the numbered folders or archives it holds."""
    if not path.is_dir() or path.is_symlink() or _is_project(path):
        return [path]
    inside = sorted(path.iterdir(), key=lambda child: natural(child.name))
    folders = [child for child in inside if child.is_dir() and not child.is_symlink()]
    folders = [child for child in folders if child.name not in (".git", "__MACOSX")]
    packed = [child for child in inside if child.is_file() and archived(child.name)]
    packed = [child for child in packed if not child.is_symlink()]
    if packed and not folders:
        return packed
    if folders and all(_NUMBERED.fullmatch(child.name) for child in folders):
        return [attempt for child in folders for attempt in _handed_in(child)]
    return [path]
