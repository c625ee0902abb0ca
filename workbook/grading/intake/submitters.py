"""Who handed in what, read from the names that learning platforms give."""

import re
import unicodedata
from os.path import isfile
from pathlib import Path

from workbook.grading.intake.archives import archived
from workbook.grading.intake.entries import Entry, natural, stem_of
from workbook.grading.intake.gradescope_list import METADATA, gradescope_entries
from workbook.grading.intake.holding import is_whole, lying_in
from workbook.grading.intake.plain import named_in, plain_entry, read_numbers, without_assignment
from workbook.grading.intake.roster import Roster

_CANVAS = re.compile(
    r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<user>\d+|anon\w+)_(?P<file_id>\d+)_(?P<file>.+)"
)
_MOODLE = re.compile(
    r"(?P<name>.+)_(?P<user>\d+)_assignsubmission_(?P<kind>file|onlinetext)_?(?P<file>.*)"
)
_DOCUMENTS = (".md", ".txt", ".html", ".xlsx")
_PAPERWORK = (*_DOCUMENTS, ".csv", ".json", ".yml", ".yaml", ".ods", ".db")
GRADEBOOK = "gradebook.sqlite"
"""Marks the folder an earlier run wrote into, which nobody handed in."""


def entries_in(folder: Path, roster: Roster | None = None) -> list[Entry]:
    """What lies in a class folder, one entry for each person and thing handed in."""
    lying = [path for path in sorted(folder.iterdir()) if not _paperwork(path, roster)]
    if (folder / METADATA).is_file():
        handed_in = [path for path in lying if path.is_dir() or archived(path.name)]
        return gradescope_entries(folder, handed_in)
    found = [_entry(inner) for path in lying for inner in _people_in(path, roster)]
    return _without_the_lesser(read_numbers(without_assignment(found), roster))


def recognised(name: str) -> bool:
    """Whether a learning platform gave this name."""
    return bool(name == METADATA or _CANVAS.fullmatch(name) or _MOODLE.fullmatch(name))


def _paperwork(path: Path, roster: Roster | None) -> bool:
    if path.name.startswith(".") or path.name == "__MACOSX" or isfile(path / GRADEBOOK):
        return True
    if path.is_dir() or not path.name.lower().endswith(_PAPERWORK) or recognised(path.name):
        return False
    stem = (stem_of(path),)
    on_roster = roster is not None and roster.find(stem, stem)
    return not (on_roster and path.name.lower().endswith(_DOCUMENTS))


def _people_in(path: Path, roster: Roster | None) -> list[Path]:
    """The path itself, or what people on the roster have in a folder that is nobody's."""
    if roster is None or not path.is_dir() or path.is_symlink():
        return [path]
    own = _entry(path)
    if is_whole(path) or recognised(path.name) or named_in(roster, own):
        return [path]
    if roster.find(own.parts, ()):
        return [path]
    inside = [child for child in lying_in(path) if child.is_dir() or archived(child.name)]
    inside = [child for child in inside if not _paperwork(child, roster)]
    return inside if any(named_in(roster, _entry(child)) for child in inside) else [path]


def _entry(path: Path) -> Entry:
    name = unicodedata.normalize("NFC", path.name)
    if found := _MOODLE.fullmatch(name):
        return _moodle(path, found)
    if found := _CANVAS.fullmatch(name):
        return _canvas(path, found)
    return plain_entry(path)


def _moodle(path: Path, found: re.Match[str]) -> Entry:
    online = found["kind"] == "onlinetext"
    return Entry(
        path,
        f"moodle {found['user']}",
        found["name"],
        names=(found["name"],),
        order=natural(found["file"]),
        moodle=found["user"],
        reason="handed in as online text, not as a file" if online else "",
    )


def _canvas(path: Path, found: re.Match[str]) -> Entry:
    return Entry(
        path,
        f"canvas {found['user']}",
        found["name"],
        names=(found["name"],),
        order=natural(found["file_id"]),
        late=bool(found["late"]),
        canvas=found["user"],
    )


def _without_the_lesser(entries: list[Entry]) -> list[Entry]:
    """Beside an archive or a folder, somebody's screenshots and online text are no attempts."""
    whole = {entry.person for entry in entries if entry.is_work}
    return [entry for entry in entries if entry.is_work or entry.person not in whole]
