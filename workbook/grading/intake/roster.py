"""Who is in the class: a roster in any of the columns that platforms write."""

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from workbook.grading.cleaning import line
from workbook.grading.intake.spreadsheet import SpreadsheetError, read_rows


class RosterError(ValueError):
    """The roster can't be read; the message says what to change in it."""


@dataclass(frozen=True)
class Student:
    """A person by one key of their own, and by every name a platform may know them by."""

    key: str
    name: str = ""
    email: str = ""
    section: str = ""
    username: str = ""
    number: str = ""
    canvas: str = ""
    github: str = ""
    moodle: str = ""


_COLUMNS = {
    "username": "username user userid login loginid sisloginid netid identifier benutzername",
    "github": "githubusername github githublogin",
    "email": "email emailaddress mail emailadresse",
    "number": "idnumber sid studentid sisuserid studentnumber matriculationnumber idnummer"
    " matrikelnummer",
    "section": "section sections group groups class cohort gruppe gruppen",
    "first": "firstname first givenname given forename vorname",
    "last": "lastname last surname familyname family nachname",
    "name": "name fullname studentname displayname student",
    "role": "role",
    "id": "id",
}
_FIELD = {word: field for field, words in _COLUMNS.items() for word in words.split()}
_WHO = {"username", "github", "email", "number", "first", "last", "name", "id"}
_HEADER_ONLY = "there are no rows below the header"
_UNDERSTOOD = (
    "username, name, first_name, last_name, email, id, id_number, github_username, section"
)


class Roster:
    """The class in the order of the file, found by any name."""

    def __init__(self, students: list[Student]) -> None:
        self.students = students
        self._ids: dict[str, set[str]] = defaultdict(set)
        self._names: dict[str, set[str]] = defaultdict(set)
        self._canvas: dict[str, list[Student]] = defaultdict(list)
        self._by_key = {student.key: student for student in students}
        for student in students:
            for known in (student.username, student.github, student.email, student.number,
                          student.canvas, student.key):  # fmt: skip
                if known:
                    self._ids[folded(known)].add(student.key)
            for spelling in spellings(student.name):
                self._names[spelling].add(student.key)
            if student.canvas:
                self._canvas[student.canvas].append(student)

    def find(self, ids: tuple[str, ...], names: tuple[str, ...]) -> list[Student]:
        """Everyone the first name that fits anyone may mean: more than one is ambiguous."""
        for known in ids:
            if found := self._ids.get(folded(known)):
                return [self._by_key[key] for key in sorted(found)]
        for name in names:
            for spelling in spellings(name):
                if found := self._names.get(spelling):
                    return [self._by_key[key] for key in sorted(found)]
        return []

    def find_canvas(self, user: str, name: str) -> list[Student]:
        """Whom Canvas numbers so; a number of another column counts if the name fits too."""
        if found := self._canvas.get(user):
            return found
        mine = set(spellings(name))
        return [
            student
            for student in self.find((user,), ())
            if not student.name or not mine.isdisjoint(spellings(student.name))
        ]


def folded(text: str) -> str:
    """The text as names are compared: composed, and without regard to case."""
    return unicodedata.normalize("NFC", text).casefold()


def spellings(name: str) -> list[str]:
    """The name as platforms squeeze it: `First Last`, `Last, First`, `lastfirst`."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    last, comma, first = plain.partition(",")
    words = re.findall(r"[^\W_]+", f"{first} {last}" if comma else plain)
    if not words:
        return []
    turned = ["".join(words[cut:] + words[:cut]) for cut in range(len(words))]
    return list(dict.fromkeys(turned))


def read_roster(path: Path) -> Roster:
    """The roster of a CSV file; raises `RosterError` with the line to mend."""
    try:
        rows = read_rows(path)
        return Roster(_students(rows))
    except SpreadsheetError as error:
        raise RosterError(str(error)) from None
    except RosterError as error:
        raise RosterError(f"{path} {error}") from None


def _students(rows: list[tuple[int, list[str]]]) -> list[Student]:
    if not rows:
        raise RosterError("is empty: its first line names the columns")
    (_, header), *below = rows
    fields = _fields(header)
    students: list[Student] = []
    keys: dict[str, int] = {}
    emails: dict[str, int] = {}
    for number, row in below:
        if any(cell.strip() for cell in row[len(header) :]):
            raise RosterError(
                f"has {len(row)} cells in line {number}, and {len(header)} columns in its header:"
                " a cell that holds the separator needs quotes around it"
            )
        student = _student(dict(_filled(fields, row)), header)
        if student is None:
            continue
        _once(keys, student.key, number)
        if student.email:
            _once(emails, student.email, number)
        students.append(student)
    if not students:
        said = "of the rows below the header none is a student's" if below else _HEADER_ONLY
        raise RosterError(f"names nobody: {said}")
    return students


def _fields(header: list[str]) -> list[str]:
    """What each column is; raises `RosterError` when none tells who somebody is."""
    fields = [_FIELD.get(re.sub(r"[^a-z]", "", title.casefold()), "") for title in header]
    if _WHO.isdisjoint(fields):
        found = ", ".join(line(title, 40) for title in header[:8])
        raise RosterError(f"names nobody: its columns are {found}; understood are {_UNDERSTOOD}")
    titles = [title.strip().casefold() for title in header]
    for place, title in enumerate(titles):
        if fields[place] and (before := titles.index(title)) != place:
            shown = line(header[place].strip(), 40)
            raise RosterError(
                f'has a column "{shown}" twice, as columns {before + 1} and {place + 1}'
            )
    return fields


def _once(seen: dict[str, int], known: str, number: int) -> None:
    if (before := seen.setdefault(folded(known), number)) != number:
        raise RosterError(f"names {line(known, 60)} twice, in lines {before} and {number}")


def _filled(fields: list[str], row: list[str]) -> list[tuple[str, str]]:
    pairs = [(field, text.strip()) for field, text in zip(fields, row, strict=False)]
    return [(field, text) for field, text in reversed(pairs) if field and text]


def _student(given: dict[str, str], header: list[str]) -> Student | None:
    name = given.get("name", "")
    if name.startswith("Points Possible") or name in ("Student, Test", "Test Student"):
        return None
    if given.get("role", "student").casefold() not in ("student", "learner"):
        return None
    name = name or " ".join(filter(None, (given.get("first", ""), given.get("last", ""))))
    from_canvas = any("SIS" in title for title in header)
    username, number = given.get("username", ""), given.get("number", "")
    canvas = given.get("id", "") if from_canvas else ""
    number = number or ("" if from_canvas else given.get("id", ""))
    github, email = given.get("github", ""), given.get("email", "")
    key = username or github or email or number or canvas or name
    if not key:
        return None
    section = given.get("section", "")
    return Student(line(key, 80), name, email, section, username, number, canvas, github)
