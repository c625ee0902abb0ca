"""One person's row: what was handed in, what it earned, what was changed by hand."""

from dataclasses import dataclass

from workbook.grading.gradebook.book import Key
from workbook.grading.gradebook.tables import Attempt
from workbook.grading.intake.roster import Student

UNREADABLE = "can't be read as Python"
"""How the note begins of a submission in which every check met the same unreadable file."""


@dataclass(frozen=True)
class Change:
    """Points given by hand. One made for another submission has lapsed, and stays listed."""

    check: str
    points: float | None
    reason: str
    in_force: bool


@dataclass(frozen=True)
class Mark:
    """One check of one person."""

    id: str
    line: str
    verdict: str
    judged: float
    """What the judge gave; `earned` is that, or what a person gave instead."""
    possible: float
    story: str = ""
    extension: bool = False
    change: Change | None = None

    @property
    def left_out(self) -> bool:
        """Whether no chosen database could run it: then nobody can earn it, and it isn't missed."""
        return self.verdict == "not checked" and not self.possible and self.change is None

    @property
    def told(self) -> str:
        """The verdict; of an `ok` that a person took points of, that they did."""
        taken = self.verdict == "ok" and self.earned < self.possible
        return "changed by hand" if taken else self.verdict

    @property
    def earned(self) -> float:
        """The points that count."""
        given = self.change.points if self.change else None
        return self.judged if given is None else given


@dataclass(frozen=True)
class Row:
    """One person: what was handed in, what it earned, and all that is worth a look."""

    student: Student
    state: str
    marks: tuple[Mark, ...] = ()
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    chosen: int | None = None
    key: Key | None = None
    changes: tuple[Change, ...] = ()
    judged: float = 0
    judged_beside: float = 0
    possible: float = 0
    beside: float = 0
    """The extension points there are."""

    @property
    def known_as(self) -> tuple[str, ...]:
        """The key, the name and the address."""
        return self.student.key, self.student.name, self.student.email

    @property
    def digest(self) -> str:
        """The hash of the submission that counts, or nothing."""
        return self.attempts[self.chosen].digest or "" if self.chosen is not None else ""

    @property
    def attempt(self) -> str:
        """The name of the attempt that counts."""
        return self.attempts[self.chosen].label if self.chosen is not None else ""

    @property
    def late(self) -> bool:
        """Whether the platform marked the attempt that counts as late."""
        return self.chosen is not None and self.attempts[self.chosen].late

    @property
    def unknown(self) -> bool:
        """Whether the roster was asked and doesn't say who this is: no platform knows them."""
        return any(flag.endswith("on the roster") for flag in self.flags)

    @property
    def settled(self) -> bool:
        """Whether there is a grade: graded, or decided by hand; never while a fault is ours."""
        open_ones = [mark for mark in self.marks if mark.verdict == "ours" and not mark.change]
        given = any(mark.change for mark in self.marks)
        return self.state == "graded" or (given and not open_ones)

    @property
    def earned(self) -> float | None:
        """The points, or None where there is no grade."""
        return self.judged + self._given(extension=False) if self.settled else None

    @property
    def extension(self) -> float | None:
        """The extension points, or None where there is no grade."""
        return self.judged_beside + self._given(extension=True) if self.settled else None

    def _given(self, *, extension: bool) -> float:
        mine = (mark for mark in self.marks if mark.extension == extension)
        return sum(mark.earned - mark.judged for mark in mine)
