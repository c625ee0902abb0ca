"""The class page, a page for each student, and the page of times, from the gradebook alone.

Every value passes `clean` and autoescape; a page loads nothing and runs no script.
"""

import json
import statistics
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from sqlmodel import col, select

from workbook.grading.cleaning import clean, slug
from workbook.grading.exports.table import isolation, noted, number, remarks
from workbook.grading.gradebook.answers import answers_in
from workbook.grading.gradebook.catalogue import exercise_of, lesson_of
from workbook.grading.gradebook.ledger import Ledger
from workbook.grading.gradebook.rows import Row
from workbook.grading.gradebook.tables import Log
from workbook.grading.reports import charts, figures, findings
from workbook.grading.wording import counted
from workbook.sandbox.needs import NEEDS

ANSWERS = 20_000
"""Characters of a student's answers that their page shows: a few sentences to each question."""
TEMPLATES = Path(__file__).with_name("templates")


def class_page(ledger: Ledger) -> str:
    """The class on one page; the same class gives the same page."""
    found = figures.spread(ledger)
    return _page(
        "class.html",
        ledger=ledger,
        title=ledger.catalogue.title,
        states=figures.states(ledger),
        spread=found,
        by_hand=sum(row.settled and row.state != "graded" for row in ledger.rows),
        bars=charts.bars(found, ledger.possible),
        map=charts.heat_map(ledger),
        legend=charts.LEGEND,
        checks=figures.per_check(ledger),
        objectives=figures.per_objective(ledger),
        clusters=findings.clusters(ledger),
        stops=findings.stops(ledger),
        same=findings.same_files(ledger),
        look=findings.to_look_at(ledger),
        absent=[row for row in ledger.rows if row.state == "absent" and not row.changes],
        proofs=_proofs(ledger.containment),
        home="index.html",
    )


def _proofs(containment: dict[str, Any]) -> list[dict[str, Any]]:
    """What the self-test tried, and what came of it: attacks are refused, needs are met."""
    words = {
        (False, True): "refused", (False, False): "possible",
        (True, True): "met", (True, False): "not met",
    }  # fmt: skip
    tried = containment.get("self_test", [])
    return [{**one, "word": words[one["name"] in NEEDS, bool(one["held"])]} for one in tried]


def student_page(ledger: Ledger, row: Row, document: dict[str, Any] | None) -> str:
    """One person's grade: a card for each exercise, as they see it in their notebook."""
    judged = {check["id"]: check for check in (document or {}).get("checks", ())}
    cards: dict[str, dict[str, list[Any]]] = {}
    for mark in row.marks:
        exercises = cards.setdefault(lesson_of(mark.id), {})
        exercises.setdefault(exercise_of(mark.id), []).append((mark, judged.get(mark.id, {})))
    sums = [
        (
            ledger.catalogue.lessons.get(lesson, lesson),
            sum(mark.earned for marks in exercises.values() for mark, _ in marks),
            sum(mark.possible for marks in exercises.values() for mark, _ in marks),
        )
        for lesson, exercises in cards.items()
    ]
    name = row.student.name or row.student.key
    return _page(
        "student.html",
        ledger=ledger,
        row=row,
        cards=cards,
        lessons=sums,
        tried=[(attempt, ledger.points(attempt)) for attempt in row.attempts],
        answers=escape(clean(answers_in(ledger.book, row.digest), ANSWERS)),
        title=name,
        home="../index.html",
    )


def timing_page(ledger: Ledger) -> str:
    """How long things took, where, and what failed on our side: true, and never compared."""
    checks: dict[str, list[float]] = {}
    students = {row.digest: row.student.key for row in ledger.rows if row.digest}
    with ledger.book.session() as session:
        lines = session.exec(select(Log).where(Log.event == "graded").order_by(col(Log.id))).all()
    lines = [line for line in lines if line.digest in students]
    for line in lines:
        for check, seconds in json.loads(line.timing).items():
            checks.setdefault(check, []).append(float(seconds))
    slowest = sorted(checks.items(), key=lambda pair: -statistics.median(pair[1]))[:20]
    return _page(
        "timing.html",
        ledger=ledger,
        title="Times",
        checks=[(id, statistics.median(took), max(took), len(took)) for id, took in slowest],
        lines=sorted(lines, key=lambda line: -line.seconds)[:20],
        faults=[line for line in lines if line.message],
        students=students,
        hosts=sorted({line.host for line in lines}),
        total=sum(line.seconds for line in lines),
        home="index.html",
    )


def _page(name: str, **facts: Any) -> str:
    return _environment().get_template(name).render(**facts)


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= {
        "number": number,
        "file": slug,
        "percent": _percent,
        "worth": _worth,
        "isolation": isolation,
        "lesson": lesson_of,
        "tried": _tried,
    }
    environment.globals |= {
        "kinds": charts.KINDS,
        "noted": noted,
        "remarks": remarks,
        "number": number,
    }
    environment.globals["style"] = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))
    return environment


def _shown(value: Any) -> Any:
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _tried(proofs: list[dict[str, Any]]) -> str:
    """`32 attacks refused, 8 needs met`, and what went otherwise."""
    count = Counter(str(proof["word"]) for proof in proofs)
    said = [
        f"{counted(count['refused'], 'attack')} refused",
        f"{counted(count['met'], 'need')} met",
    ]
    if count["possible"]:
        said.append(f"{counted(count['possible'], 'attack')} possible")
    if count["not met"]:
        said.append(f"{counted(count['not met'], 'need')} not met")
    return ", ".join(said)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _worth(points: float) -> str:
    return f"{number(points)} point{'' if points == 1 else 's'}"
