"""What stands out in a class: who to look at, what many met, where code was stopped."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass

from workbook.grading.gradebook.ledger import Ledger
from workbook.grading.gradebook.rows import UNREADABLE, Row

STOPPED = ("timed out", "out of memory", "crashed", "refused")


@dataclass(frozen=True)
class Cluster:
    """People who met the same message at the same check."""

    check: str
    message: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class Stop:
    """One check at which code was stopped, and how often in which way."""

    check: str
    line: str
    verdicts: tuple[tuple[str, int], ...]

    @property
    def people(self) -> int:
        """How many met it."""
        return sum(count for _, count in self.verdicts)


def clusters(ledger: Ledger) -> list[Cluster]:
    """The messages that more than one person met, the most common first."""
    met: dict[tuple[str, str], list[str]] = defaultdict(list)
    shown: dict[tuple[str, str], str] = {}
    for row in ledger.rows:
        for mark in row.marks:
            if mark.story and mark.verdict not in ("ok", "waits", "not started", "not checked"):
                key = (mark.id, normalised(mark.story))
                met[key].append(row.student.key)
                shown.setdefault(key, mark.story)
    found = [Cluster(key[0], shown[key], tuple(who)) for key, who in met.items() if len(who) > 1]
    return sorted(found, key=lambda one: (-len(one.students), one.check, one.message))


def normalised(story: str) -> str:
    """The story without what differs from one person to the next: numbers, names, drawn text."""
    text = re.sub(r"'[^']*'|\"[^\"]*\"|`[^`]*`", "…", story)
    text = re.sub(r"@[a-z0-9_-]+|0x[0-9a-f]+", "…", text)
    text = re.sub(r"[\w./-]+\.py(:\d+)?", "file", text)
    return re.sub(r"\d+([.,]\d+)*", "#", re.sub(r"\s+", " ", text)).strip().casefold()[:200]


def stops(ledger: Ledger) -> list[Stop]:
    """The checks at which somebody's code was stopped, the most people first."""
    lines: dict[str, str] = {}
    met: dict[str, Counter[str]] = defaultdict(Counter)
    for row in ledger.rows:
        for mark in row.marks:
            if mark.verdict in STOPPED:
                lines[mark.id] = mark.line
                met[mark.id][mark.verdict] += 1
    found = [Stop(id, lines[id], tuple(how.most_common())) for id, how in met.items()]
    return sorted(found, key=lambda stop: (-stop.people, stop.check))


def to_look_at(ledger: Ledger) -> list[Row]:
    """Who needs a person's eye: held up by us, refused, unreadable, flagged or changed by hand."""
    found = [
        row
        for row in ledger.rows
        if row.flags or row.changes or row.state in ("ours", "refused") or _unreadable(row)
    ]
    return sorted(found, key=lambda row: row.state != "ours")


def _unreadable(row: Row) -> bool:
    return any(note.startswith(UNREADABLE) for note in row.notes)


def same_files(ledger: Ledger) -> list[tuple[Row, ...]]:
    """People whose submissions are the same file for file and earned something."""
    held: dict[str, list[Row]] = defaultdict(list)
    for row in ledger.rows:
        if row.digest and row.judged + row.judged_beside > 0:
            held[row.digest].append(row)
    return [tuple(who) for who in held.values() if len(who) > 1]
