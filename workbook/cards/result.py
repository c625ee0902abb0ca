"""The cards of a run: one for each exercise, from the result and the course."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbook.cards.paper import clean
from workbook.course import Course, Exercise, UnknownId
from workbook.databases import KINDS, NAMES

FINE = {"ok", "not checked"}
_MOST_PRINTED = 4_000


@dataclass(frozen=True)
class Row:
    """One check: its verdict, its line and, where it isn't there yet, its story."""

    verdict: str
    line: str
    aside: str = ""
    story: str = ""
    where: str = ""
    sql: tuple[str, ...] = ()
    printed: str = ""


@dataclass(frozen=True)
class Card:
    """One exercise; `closing` are the lines that say how to go on."""

    id: str
    title: str
    earned: int
    possible: int
    rows: tuple[Row, ...]
    closing: tuple[tuple[str, str], ...]

    @property
    def points(self) -> str:
        return f"{self.earned} of {_points(self.possible)}"


@dataclass(frozen=True)
class Cards:
    """All cards of a run, and what holds for the run as a whole."""

    cards: tuple[Card, ...]
    sums: str
    notes: tuple[str, ...] = ()


def cards_of(course: Course, result: Mapping[str, Any]) -> Cards:
    """The cards of a result (schema 1), in its order."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for check in result["checks"]:
        groups.setdefault(str(check["id"]).rpartition(".")[0], []).append(check)
    told: dict[tuple[str, str], str] = {}
    cards = tuple(_card(course, id, checks, told) for id, checks in groups.items())
    sums = [f"{result['earned']} of {_points(result['possible'])}"] if result["possible"] else []
    if beside := result.get("extension", {}).get("possible"):
        earned = result["extension"]["earned"]
        sums.append(f"{earned} of {beside} extension points")
    notes = [*result.get("notes", ())] or list(_asked_less(course, result))
    return Cards(cards, ", ".join(sums), tuple(clean(note) for note in notes))


def _asked_less(course: Course, result: Mapping[str, Any]) -> Iterator[str]:
    """A line where something is ok on fewer databases than a grade asks."""
    asked = result.get("databases", ())
    passed = {check["id"] for check in result["checks"] if check["verdict"] == "ok"}
    named = {kind for check in course.checks if check.id in passed for kind in check.databases}
    left = [NAMES[kind] for kind in KINDS if kind in named - set(asked)]
    if asked and left:
        here = " and ".join(NAMES[kind] for kind in asked)
        other = " and ".join(left)
        yield f"On {here} alone; a grade asks {other} too (both=True, or --db both in a terminal)."


def _card(
    course: Course, id: str, checks: Sequence[Mapping[str, Any]], told: dict[tuple[str, str], str]
) -> Card:
    rows: list[Row] = []
    for place, check in enumerate(checks):
        above = checks[place - 1]["id"] if place else ""
        rows.append(_row(check, str(above), told))
    earned = sum(check["earned"] for check in checks)
    possible = sum(check["possible"] for check in checks)
    try:
        exercise = course.exercise(id)
    except UnknownId:
        return Card(id, "", earned, possible, tuple(rows), tuple(_closing(id, checks)))
    closing = [*_opening(exercise, checks), *_closing(id, checks)]
    return Card(id, exercise.title, earned, possible, tuple(rows), tuple(closing))


def _row(check: Mapping[str, Any], above: str, told: dict[tuple[str, str], str]) -> Row:
    verdict, waits_for = str(check["verdict"]), str(check.get("waits_for", ""))
    line = clean(str(check.get("line", ""))) or str(check["id"]).rpartition(".")[2]
    if verdict in {"ok", "not started"}:
        return Row(verdict, line, printed=_printed(check))
    if verdict == "not checked":
        return Row(verdict, line, aside=_missing(check))
    if verdict == "waits":
        first = "the check above" if waits_for == above else waits_for or "what comes before"
        return Row(verdict, line, aside=f"({first} first)")
    story, where = clean(str(check.get("story", ""))).strip(), clean(str(check.get("where", "")))
    sql = tuple(clean(each) for each in check.get("sql", ()))
    exercise = str(check["id"]).rpartition(".")[0]
    if story and (teller := told.get((story, where))):
        aside = "(as above)" if teller == exercise else f"(as in {teller})"
        return Row(verdict, line, aside=aside, sql=sql)
    told[story, where] = exercise
    return Row(verdict, line, "", story, where, sql, _printed(check))


def _missing(check: Mapping[str, Any]) -> str:
    """Which database a check would have needed."""
    story = clean(str(check.get("story", ""))).strip()
    return f"({story})" if story else ""


def _printed(check: Mapping[str, Any]) -> str:
    text = clean(str(check.get("printed", ""))).strip("\n")
    return text if len(text) <= _MOST_PRINTED else f"…\n{text[-_MOST_PRINTED:]}"


def _opening(exercise: Exercise, checks: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """What nobody has begun: how long it takes, and where to write it."""
    if {check["verdict"] for check in checks} - {"not checked"} == {"not started"}:
        yield "takes", f"{exercise.minutes} minutes{', core' * exercise.core}"
        for cut in exercise.cuts:
            yield "write", f"{cut.name} in {cut.file}" if cut.name else cut.file


def _closing(id: str, checks: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    verdicts = [check["verdict"] for check in checks if check["verdict"] not in FINE]
    if not verdicts:
        if all(check["verdict"] == "ok" for check in checks):
            yield "compare", f'build("{id}") in a notebook shows one way to write it'
    elif set(verdicts) == {"ours"}:
        yield "next", f"workbook check {id}   (the checker failed, not your work)"
    elif set(verdicts) == {"waits"}:
        first = next((str(c["waits_for"]) for c in checks if c.get("waits_for")), id)
        yield "next", f"workbook check {first}"
    else:
        yield "next", f"workbook hint {id}"


def _points(count: int) -> str:
    return f"{count} point{'s' * (count != 1)}"
