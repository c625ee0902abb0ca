"""Names people gave themselves: who is meant, and which numbers count attempts."""

import re
import unicodedata
from dataclasses import replace
from pathlib import Path

from workbook.grading.intake.entries import Entry, natural, stem_of
from workbook.grading.intake.roster import Roster, folded

_COUNTED = re.compile(
    r"(?i)(?P<who>.+?)[-_ .](?:attempt|try|submission|v)[-_ .]?(?P<number>\d{1,3})"
)
# A leading zero or a third digit is how classes are numbered, not attempts.
_BARE = re.compile(r"(?P<who>.+?)[-_ .][-_ ]?(?P<number>[1-9]\d?)")
_LITTLE = re.compile(r"\d{1,3}")


def plain_entry(path: Path) -> Entry:
    """An entry whose whole name is taken for a person's; `read_numbers` may know better."""
    stem = unicodedata.normalize("NFC", stem_of(path))
    entry = Entry(path, _person(stem), stem, (stem,), (stem,), _parts(stem))
    counted = _COUNTED.fullmatch(stem)
    if found := counted or _BARE.fullmatch(stem):
        who, number = found["who"], found["number"]
        return replace(entry, bases=(who,), attempt=number, bare=counted is None)
    return entry


def read_numbers(entries: list[Entry], roster: Roster | None) -> list[Entry]:
    """The entries with the number at the end of each read: an attempt's, or part of a name.

    A roster that has the whole name, or the name without its number, decides. Else a bare number
    counts attempts, unless the whole class would then be one person, or the roster has somebody
    who differs in the number alone.
    """
    read = [_read(entry, roster) for entry in entries]
    pairs = list(zip(entries, read, strict=True))
    one = len({entry.person for entry in read if entry.is_work}) < 2
    numbered = {_person(entry.bases[0]) for entry, same in pairs if entry is same and entry.bases}
    return [
        whole if attempt.guessed and (one or attempt.person in numbered) else attempt
        for whole, attempt in pairs
    ]


def named_in(roster: Roster | None, entry: Entry) -> bool:
    """Whether the roster has this name, with or without the number at its end."""
    return roster is not None and bool(
        roster.find((*entry.ids, *entry.bases), (*entry.names, *entry.bases))
    )


def without_assignment(entries: list[Entry]) -> list[Entry]:
    """Take the assignment's name off repositories, when they all begin with it."""
    called = [(entry.bases or entry.ids)[:1] for entry in entries if _is_plain(entry)]
    words = [name.split("-")[:-1] for (name,) in called]
    if len(words) < 2 or len(words) < len(entries) or not all(words):
        return entries
    shared = 0
    while all(len(mine) > shared and mine[shared] == words[0][shared] for mine in words):
        shared += 1
    # What is left has to be a name: `jane-42`, not `42`.
    while shared and any(_LITTLE.fullmatch(_cut(entry.name, shared)) for entry in entries):
        shared -= 1
    return [_shortened(entry, shared) for entry in entries] if shared else entries


def _read(entry: Entry, roster: Roster | None) -> Entry:
    if not entry.bases:
        return entry
    if roster and roster.find((*entry.ids, *_endings(entry.ids[-1])), entry.names):
        return entry
    decided = roster is not None and roster.find(entry.bases, entry.bases)
    return replace(
        entry,
        person=_person(entry.bases[0]),
        name=entry.bases[0],
        ids=entry.bases,
        names=entry.bases[:1],
        parts=_parts(entry.bases[-1]),
        order=natural(entry.attempt),
        guessed=entry.bare and not decided,
    )


def _shortened(entry: Entry, shared: int) -> Entry:
    name = _cut(entry.name, shared)
    return replace(
        entry,
        person=_person(name),
        name=name,
        ids=(name, *entry.ids),
        names=(name,),
        bases=(*(_cut(base, shared) for base in entry.bases), *entry.bases),
    )


def _cut(name: str, shared: int) -> str:
    return name.split("-", shared)[-1]


def _person(name: str) -> str:
    return f"plain {folded(name)}"


def _is_plain(entry: Entry) -> bool:
    return entry.person.startswith("plain ")


def _parts(stem: str) -> tuple[str, ...]:
    """What may be an id: a repository is assignment-username, an upload username_homework."""
    starts = [stem.rsplit("_", cut)[0] for cut in range(1, stem.count("_") + 1)]
    return (*_endings(stem), *starts)


def _endings(stem: str) -> list[str]:
    ends = [stem.split("-", cut)[-1] for cut in range(1, stem.count("-") + 1)]
    return [end for end in ends if not _LITTLE.fullmatch(end)]
