"""From a class folder to one candidate a person: attempts in order, absent and unknown named."""

import unicodedata
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from workbook.grading.cleaning import line
from workbook.grading.intake.archives import Archive, archived
from workbook.grading.intake.entries import Entry, natural
from workbook.grading.intake.folders import Folder
from workbook.grading.intake.holding import (
    attempts_in,
    children,
    doubts_about,
    is_project,
    is_whole,
)
from workbook.grading.intake.limits import LINK, Refused
from workbook.grading.intake.matching import Found, meeting, whose
from workbook.grading.intake.members import Source
from workbook.grading.intake.opening import IntakeError
from workbook.grading.intake.plain import named_in, plain_entry
from workbook.grading.intake.roster import Roster, Student, folded
from workbook.grading.intake.submitters import entries_in, recognised


@dataclass(frozen=True)
class Attempt:
    """One thing handed in: its name in the class folder, and where to read it."""

    label: str
    path: Path
    late: bool = False
    reason: str = ""
    """Why there is nothing to read in it, if so."""

    def source(self) -> Source:
        """The members of it, from a folder or an archive; raises `Refused` with its reason."""
        if self.reason:
            raise Refused(self.reason)
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
    top = folder if one else _top(folder, roster)
    entries = [_alone(top)] if one or is_project(top) else entries_in(top, roster)
    by_person: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_person[entry.person].append(entry)
    gathered: dict[str, list[Found]] = defaultdict(list)
    taken = {folded(student.key) for student in roster.students} if roster else set()
    for _, handed_in in sorted(by_person.items()):
        found = whose(handed_in, roster, taken)
        taken.add(folded(found.student.key))
        gathered[found.student.key].append(found)
    candidates = {key: _candidate(found, top) for key, found in gathered.items()}
    for student in roster.students if roster else ():
        candidates.setdefault(student.key, Candidate(student))
    if not candidates:
        name = folder.resolve().name
        raise IntakeError(f"{name} holds no submissions: give the folder or zip of a class")
    return [candidate for _, candidate in sorted(candidates.items())]


def _top(folder: Path, roster: Roster | None) -> Path:
    """The folder, or the one wrapper inside it that a download put around the class."""
    inside = [path for path in folder.iterdir() if path.name not in ("__MACOSX", ".DS_Store")]
    if len(inside) != 1 or not inside[0].is_dir() or inside[0].is_symlink():
        return folder
    if is_whole(inside[0]):
        return folder
    if named_in(roster, plain_entry(inside[0])):
        return folder
    held = children(inside[0])
    whole = [child for child in held if archived(child.name) or is_project(child)]
    exported = any(recognised(child.name) for child in held)
    return inside[0] if exported or len(whole) > 1 else folder


def _alone(project: Path) -> Entry:
    name = unicodedata.normalize("NFC", project.resolve().name)
    return Entry(project, f"plain {name}", name, (name,), (name,))


def _candidate(found: list[Found], top: Path) -> Candidate:
    """One person, of everything that was found to be theirs."""
    student = found[0].student
    attempts: list[Attempt] = []
    flags: list[str] = []
    for each in found:
        known = {field: value for field, value in vars(student).items() if value}
        student = replace(each.student, **known)
        flags += each.flags
        for entry in sorted(each.entries, key=lambda it: (it.order, natural(it.path.name))):
            paths = attempts_in(entry.path)
            flags += doubts_about(paths)
            attempts += [
                Attempt(_label(path, top), path, entry.late, entry.reason or _linked(path, top))
                for path in paths
            ]
    flags += meeting(found)
    return Candidate(student, tuple(attempts), tuple(dict.fromkeys(flags)))


def _linked(path: Path, top: Path) -> str:
    """Why a link is not read; the class folder itself may be one."""
    return f"{line(path.name, 80)} {LINK}" if path != top and path.is_symlink() else ""


def _label(path: Path, top: Path) -> str:
    return line(path.name if path == top else str(path.relative_to(top)), 160)
