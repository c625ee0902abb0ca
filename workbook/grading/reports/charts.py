"""Numbers turned into shapes: bars of a distribution, and the map of checks by students."""

from dataclasses import dataclass

from markupsafe import Markup

from workbook.grading.cleaning import slug
from workbook.grading.exports.table import number
from workbook.grading.gradebook.catalogue import lesson_of
from workbook.grading.gradebook.ledger import Ledger
from workbook.grading.reports.figures import Spread

KINDS = {
    "ok": "ok",
    "not yet": "yet",
    "not started": "blank",
    "waits": "waits",
    "timed out": "stop",
    "out of memory": "stop",
    "crashed": "stop",
    "refused": "stop",
    "not checked": "none",
    "ours": "ours",
}
"""The look of each verdict."""
LEGEND = (
    ("ok", "ok"),
    ("yet", "not yet"),
    ("waits", "waits"),
    ("blank", "not started"),
    ("stop", "timed out, out of memory, crashed, refused"),
    ("none", "not checked"),
    ("ours", "our fault"),
    ("hand", "changed by hand"),
)
ROW, GAP = 16, 8


@dataclass(frozen=True)
class Bar:
    """One tenth of the points."""

    x: float
    y: float
    height: float
    count: int
    label: str
    edge: str
    """Where it begins, for the axis."""


def bars(found: Spread, possible: float, width: float = 1000, height: float = 150) -> list[Bar]:
    """The bars of a distribution inside a box of this size."""
    most = max(found.counts) or 1
    step = width / len(found.counts)
    made = []
    for place, count in enumerate(found.counts):
        tall = height * count / most
        low, high = possible * place / 10, possible * (place + 1) / 10
        label = f"{number(low)}–{number(high)}"
        x, y = round(place * step, 1), round(height - tall, 1)
        made.append(Bar(x, y, round(tall, 1), count, label, number(low)))
    return made


@dataclass(frozen=True)
class Line:
    """One check on the map: where it lies and what it is called."""

    y: int
    check: str
    name: str
    title: str
    first_of: str
    """The lesson's title, on a line of its own above its first check."""


@dataclass(frozen=True)
class Column:
    """One student on the map."""

    x: float
    key: str
    file: str
    said: str


@dataclass(frozen=True)
class HeatMap:
    """Checks by students; one path for each kind of verdict keeps a large class small."""

    lines: tuple[Line, ...]
    columns: tuple[Column, ...]
    paths: tuple[tuple[str, Markup], ...]
    width: float
    height: int
    cell: float


def heat_map(ledger: Ledger) -> HeatMap:
    """The map of everybody who was graded, the most points first."""
    rows = [row for row in ledger.rows if row.marks]
    rows.sort(key=lambda row: (-(row.judged + row.judged_beside), row.student.key))
    cell = max(4.0, min(20.0, round(880 / max(len(rows), 1), 1)))
    lines = _lines(ledger)
    place = {line.check: line.y for line in lines}
    shapes: dict[str, list[str]] = {}
    gap = 1 if cell > 6 else 0
    for x, row in enumerate(rows):
        for mark in row.marks:
            kind = "hand" if mark.change else KINDS[mark.verdict]
            corner = f"M{round(x * cell, 1):g} {place[mark.id]}"
            shapes.setdefault(kind, []).append(
                f"{corner}h{round(cell - gap, 1):g}v{ROW - 2}h-{round(cell - gap, 1):g}z"
            )
    columns = tuple(
        Column(
            round(x * cell, 1), row.student.key, slug(row.student.key),
            f"{row.student.name or row.student.key}: {number(row.earned) or 'no grade'}",
        )
        for x, row in enumerate(rows)
    )  # fmt: skip
    height = (lines[-1].y + ROW) if lines else 0
    # Numbers alone, and long: marked so that nothing cuts them.
    paths = tuple((kind, Markup("".join(shapes[kind]))) for kind in sorted(shapes))
    return HeatMap(tuple(lines), columns, paths, round(len(rows) * cell, 1), height, cell)


def _lines(ledger: Ledger) -> list[Line]:
    known: dict[str, str] = {}
    for row in ledger.rows:
        for mark in row.marks:
            known[mark.id] = known.get(mark.id) or mark.line
    order = {id: place for place, id in enumerate([*ledger.catalogue.points, *known])}
    lines: list[Line] = []
    y, lesson = 0, ""
    for id in sorted(known, key=lambda one: order[one]):
        first = ""
        if lesson_of(id) != lesson:
            y += ROW + (GAP if lesson else 0)
            lesson = lesson_of(id)
            first = ledger.catalogue.lessons.get(lesson, lesson)
        lines.append(Line(y, id, id.partition(".")[2] or id, known[id], first))
        y += ROW
    return lines
