"""Whom an entry means: somebody on the roster, or a person the roster doesn't know."""

from dataclasses import dataclass, replace
from typing import Literal

from workbook.grading.cleaning import line
from workbook.grading.intake.entries import Entry, listed, natural
from workbook.grading.intake.roster import Roster, Student, folded

By = Literal["an id", "their names", "a part of their names"]


@dataclass(frozen=True)
class Found:
    """Who handed these entries in, by what of their name, and what needs a look."""

    student: Student
    entries: list[Entry]
    by: By = "an id"
    flags: tuple[str, ...] = ()


def whose(entries: list[Entry], roster: Roster | None, taken: set[str]) -> Found:
    """The person of these entries; one the roster doesn't know gets a key nobody has `taken`."""
    entry = entries[0]
    flags = tuple(dict.fromkeys(flag for entry in entries for flag in entry.flags))
    flags += _guess(entries)
    if roster is not None:
        students, by = _looked_up(entry, roster)
        if len(students) == 1:
            known = students[0]
            student = replace(
                known,
                moodle=entry.moodle,
                canvas=known.canvas or entry.canvas,
                email=known.email or entry.email,
            )
            return Found(student, entries, by, flags)
        if students:
            named = " or ".join(student.key for student in students[:3])
            flags += (f"may be {named}: the name fits more than one on the roster",)
        else:
            flags += ("not on the roster",)
    return Found(_stranger(entry, taken), entries, flags=flags)


def meeting(found: list[Found]) -> tuple[str, ...]:
    """A flag, when differently named entries were taken for one person by less than an id."""
    by = {each.by for each in found}
    if len(found) < 2 or by == {"an id"}:
        return ()
    what = "a part of their names" if "a part of their names" in by else "their names"
    names = listed([entry.path.name for each in found for entry in each.entries])
    return (line(f"{names} were taken for {found[0].student.key} by {what}", 300),)


def _looked_up(entry: Entry, roster: Roster) -> tuple[list[Student], By]:
    """Everyone the entry may mean, and by what of its name."""
    if students := roster.find(entry.ids, ()):
        return students, "an id"
    if entry.canvas and (students := roster.find_canvas(entry.canvas, entry.name)):
        return students, "an id"
    if students := roster.find((), entry.names):
        return students, "their names"
    return roster.find(entry.parts, ()), "a part of their names"


def _guess(entries: list[Entry]) -> tuple[str, ...]:
    if len(entries) < 2 or not any(entry.guessed for entry in entries):
        return ()
    names = listed(sorted((entry.path.name for entry in entries), key=natural))
    return (line(f"{names} were taken for attempts of one person", 300),)


def _stranger(entry: Entry, taken: set[str]) -> Student:
    name = line(entry.name, 80)
    key = name if entry.person.startswith("plain") else line(entry.email or name, 80)
    if folded(key) in taken:
        key = f"{key} ({entry.person})"
    return Student(
        key,
        name,
        email=entry.email,
        number=entry.number,
        canvas=entry.canvas,
        moodle=entry.moodle,
    )
