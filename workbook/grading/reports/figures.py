"""What a class's results say about the class, and about the checks."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbook.grading.gradebook.catalogue import exercise_of, lesson_of
from workbook.grading.gradebook.ledger import Ledger
from workbook.grading.gradebook.rows import Mark, Row
from workbook.grading.reports.findings import STOPPED


@dataclass(frozen=True)
class Spread:
    """How many people lie in each tenth of the points, and the middle of them."""

    counts: tuple[int, ...]
    median: float
    mean: float


@dataclass(frozen=True)
class Item:
    """One check or objective over the class."""

    name: str
    line: str
    rate: float | None
    """The share of its points that the class earned; None where it could not be earned."""
    discrimination: float | None
    """How far it goes with the rest of the points, −1 to 1; None where that means nothing."""
    stopped: int = 0
    """How many ran out of time or memory, crashed, or met the sandbox."""


def spread(ledger: Ledger) -> Spread:
    """The distribution of grades, of those who have one."""
    earned = sorted(row.earned for row in ledger.rows if row.earned is not None)
    counts = [0] * 10
    for points in earned:
        counts[min(9, int(10 * points / ledger.possible)) if ledger.possible else 0] += 1
    if not earned:
        return Spread(tuple(counts), 0, 0)
    middle = (earned[(len(earned) - 1) // 2] + earned[len(earned) // 2]) / 2
    return Spread(tuple(counts), middle, sum(earned) / len(earned))


def per_check(ledger: Ledger) -> list[Item]:
    """Every check, in the order of the course."""
    marks = _by_name(ledger, lambda mark: mark.id)
    return [
        _item(id, next((mark.line for _, found in pairs for mark in found if mark.line), ""), pairs)
        for id, pairs in marks.items()
    ]


def per_objective(ledger: Ledger) -> list[Item]:
    """Every objective, in the order of the course; an exercise stands for one not named."""
    objectives = ledger.catalogue.objectives
    marks = _by_name(
        ledger, lambda mark: objectives.get(exercise_of(mark.id), exercise_of(mark.id))
    )
    lessons = {
        name: lesson_of(found[0].id) for name, pairs in marks.items() for _, found in pairs[:1]
    }
    return [_item(name, lessons.get(name, ""), pairs) for name, pairs in marks.items()]


def states(ledger: Ledger) -> Counter[str]:
    """How many people are graded, absent, refused or ours."""
    return Counter(row.state for row in ledger.rows)


def point_biserial(passed: Sequence[float], rest: Sequence[float]) -> float | None:
    """The correlation of passing with the rest of the points; None without any variation."""
    count = len(passed)
    if count < 3:
        return None
    one, other = sum(passed) / count, sum(rest) / count
    shared = math.fsum((a - one) * (b - other) for a, b in zip(passed, rest, strict=True))
    first = math.fsum((a - one) ** 2 for a in passed)
    second = math.fsum((b - other) ** 2 for b in rest)
    return None if first * second <= 1e-12 else round(shared / math.sqrt(first * second), 2)


Pairs = list[tuple[Row, list[Mark]]]


def _by_name(ledger: Ledger, name: Callable[[Mark], str]) -> dict[str, Pairs]:
    found: dict[str, Pairs] = {}
    for row in ledger.rows:
        if row.state == "graded":
            mine: dict[str, list[Mark]] = defaultdict(list)
            for mark in row.marks:
                mine[name(mark)].append(mark)
            for key, marks in mine.items():
                found.setdefault(key, []).append((row, marks))
    return found


def _item(name: str, line: str, pairs: Pairs) -> Item:
    earned = [sum(mark.judged for mark in marks) for _, marks in pairs]
    possible = sum(mark.possible for _, marks in pairs for mark in marks)
    shares = [
        points / max(sum(mark.possible for mark in marks), 1e-9)
        for points, (_, marks) in zip(earned, pairs, strict=True)
    ]
    rest = [
        row.judged + row.judged_beside - points
        for points, (row, _) in zip(earned, pairs, strict=True)
    ]
    stopped = sum(mark.verdict in STOPPED for _, marks in pairs for mark in marks)
    rate = sum(earned) / possible if possible else None
    return Item(name, line, rate, point_biserial(shares, rest), stopped)
