"""Brings outcomes together: one verdict per check, points, and what waits for what."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workbook.course import Check, Course, Exercise
from workbook.databases import NAMES as NAMES

from .outcome import Outcome

SCHEMA = 1
FINE = {"ok", "not checked"}


def assemble(
    course: Course,
    selected: Sequence[Check],
    outcomes: Iterable[Outcome],
    lines: Mapping[str, str],
    *,
    seed: int,
    databases: Sequence[str],
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """The result of a run as plain data, schema 1: no times, hosts or addresses."""
    by_check: dict[str, dict[str, Outcome]] = defaultdict(dict)
    for outcome in outcomes:
        by_check[outcome.check][outcome.database] = outcome
    rows = {
        check.id: _row(check, by_check.get(check.id, {}), databases)
        | {"line": lines.get(check.id, "")}
        for check in course.checks
    }
    _let_wait(course, rows, by_check)
    checks = [rows[check.id] for check in selected]
    extension = {
        check.id for lesson in course.lessons if lesson.extension for check in lesson.checks
    }
    core = [row for row in checks if row["id"] not in extension]
    beside = [row for row in checks if row["id"] in extension]
    return {
        "schema": SCHEMA,
        "seed": seed,
        "databases": list(databases),
        **_sum(core),
        "extension": _sum(beside),
        "notes": list(notes),
        "checks": checks,
    }


def _sum(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {
        "earned": sum(row["earned"] for row in rows),
        "possible": sum(row["possible"] for row in rows),
    }


def _row(check: Check, found: Mapping[str, Outcome], databases: Sequence[str]) -> dict[str, Any]:
    """One check: it holds when it holds on every database that it names and that was asked."""
    verdicts = {
        kind: found[kind].verdict if kind in found else "not checked"
        for kind in check.databases
        if kind in databases
    }
    deciding = [found[kind] for kind, verdict in verdicts.items() if verdict not in FINE]
    deciding.sort(key=lambda outcome: outcome.verdict == "ours")
    row: dict[str, Any] = {
        "id": check.id,
        "line": "",
        "verdict": "not checked",
        "earned": 0,
        "possible": check.points,
        "story": "",
        "where": "",
        "sql": [],
        "printed": "",
        "databases": verdicts,
    }
    if deciding:
        first = deciding[0]
        row |= {
            "verdict": first.verdict,
            "story": first.story,
            "where": first.where,
            "sql": first.sql,
            "printed": first.printed,
        }
        passed = [NAMES.get(kind, kind) for kind, verdict in verdicts.items() if verdict == "ok"]
        if passed and first.verdict == "not yet":
            name = NAMES.get(first.database, first.database)
            row["story"] = f"On {name} ({' and '.join(passed)} passed): {first.story}"
    elif not verdicts:
        row["story"] = f"needs {' or '.join(NAMES.get(kind, kind) for kind in check.databases)}"
    elif "ok" in verdicts.values():
        row |= {"verdict": "ok", "earned": check.points}
        row["printed"] = next(iter(found.values())).printed
    return row


def _let_wait(
    course: Course, rows: dict[str, dict[str, Any]], found: Mapping[str, Mapping[str, Outcome]]
) -> None:
    """Relabels failures whose prerequisite isn't ok; a check that passes is left alone."""

    def unfinished(exercise: Exercise) -> bool:
        states = [rows[check.id]["verdict"] for check in exercise.checks if check.id in found]
        return any(state not in FINE for state in states)

    known = {exercise.id for exercise in course.exercises}
    open_ones = [exercise.id for exercise in course.exercises if unfinished(exercise)]
    waiting: dict[str, str] = {}
    for exercise in course.exercises:
        earlier = {each.id for each in course.prerequisites(exercise)}
        for check in exercise.checks:
            row = rows[check.id]
            if row["verdict"] != "not yet":
                continue
            met = {blank for one in found[check.id].values() for blank in one.blanks} & known
            first = [id for id in check.needs if id in rows and rows[id]["verdict"] not in FINE]
            before = [id for id in open_ones if id in earlier.union(check.needs)]
            if exercise.id in met:
                row["verdict"] = "not started"
            elif others := [*sorted(met), *first, *before]:
                waiting[check.id] = others[0]
    for id, other in waiting.items():
        rows[id]["verdict"] = "waits"
        rows[id]["waits_for"] = other
