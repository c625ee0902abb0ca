"""Report pages hold whatever a student wrote as text, load nothing, and are the same each time."""

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import archive
from fake_grader import CHECKS, FakeGrader

from workbook.grading.exports.github import job_summary
from workbook.grading.exports.gradescope import gradescope_results
from workbook.grading.gradebook.book import FILE, Gradebook
from workbook.grading.gradebook.catalogue import Catalogue
from workbook.grading.gradebook.ledger import Ledger
from workbook.grading.gradebook.overriding import override
from workbook.grading.intake.roster import Roster, Student
from workbook.grading.outputs import write_outputs
from workbook.grading.reports.charts import KINDS, LEGEND
from workbook.grading.reports.figures import per_check, point_biserial
from workbook.grading.reports.findings import clusters, normalised, same_files, stops, to_look_at
from workbook.grading.reports.pages import class_page, student_page
from workbook.grading.running.run import Plan, grade_class
from workbook.sandbox.needs import NEEDS

HOSTILE = "</td><script>alert(1)</script><img src=x onerror=alert(2)>\u202e\x1b[31m&amp;{{7*7}}"
WELCOME = {
    "a", "b", "bdi", "body", "br", "code", "dd", "details", "div", "dl", "dt", "footer", "h1",
    "h2", "h3", "head", "header", "html", "i", "li", "line", "main", "meta", "ol", "p", "path",
    "nav", "pre", "rect", "s", "section", "span", "style", "summary", "svg", "table", "tbody", "td",
    "text", "th", "thead", "title", "tr", "ul",
}  # fmt: skip


class Reader(HTMLParser):
    """What a browser would make of a page: elements, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "class"
    texts = ["passes = 6", "passes = 5", "passes = 4", "passes = 2", "passes = 1 # hostile", ""]
    for number, text in enumerate(texts):
        words = {"answers.md": f"## engine.1\n\n{HOSTILE}".encode()} if number == 5 else {}
        archive(folder / f"s{number}.zip", text, **words)
    archive(folder / "twin.zip", "passes = 2")
    archive(folder / "<img src=y>.zip", "passes = 3")
    people = [Student(f"s{number}", f"Person {number}") for number in range(7)]
    people[4] = Student("s4", HOSTILE, section=HOSTILE)
    catalogue = Catalogue(
        title=HOSTILE,
        lessons={"services": HOSTILE},
        objectives={"services.get": "Load an object graph."},
        extension=("tenancy",),
    )
    plan = Plan(catalogue=catalogue)
    grade_class(folder, tmp_path / "out", FakeGrader, plan, roster=Roster(people))
    with Gradebook(tmp_path / "out" / FILE) as book:
        write_outputs(override(book, "s3", CHECKS[2][0], 1, f"by hand {HOSTILE}"), tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def ledger(out: Path) -> Ledger:
    from workbook.grading.gradebook.ledger import read_ledger

    with Gradebook(out / FILE) as book:
        return read_ledger(book)


def test_nothing_a_student_wrote_becomes_an_element_or_an_attribute(out: Path) -> None:
    pages = list((out / "report").rglob("*.html"))
    assert len(pages) == 2 + 9
    for path in pages:
        seen = Reader(path.read_text(encoding="utf-8"))
        assert seen.tags <= WELCOME, path
        names = {name for name, _ in seen.attributes}
        assert not [name for name in names if name.startswith("on")]
        links = {value for name, value in seen.attributes if name in ("href", "src", "action")}
        assert not [link for link in links if ":" in link or link.startswith(("/", "<"))]
        policy = next(value for name, value in seen.attributes if name == "content")
        assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
        text = "".join(seen.text)
        assert "\u202e" not in text
        assert "\x1b" not in text


def test_hostile_text_is_there_to_be_read(out: Path) -> None:
    shown = "".join(Reader((out / "report" / "index.html").read_text(encoding="utf-8")).text)
    assert "</td><script>alert(1)</script><img src=x onerror=alert(2)>\\u202e\\u001b[31m" in shown
    assert "<img src=y>" in shown


def shown_of(out: Path, student: str) -> str:
    page = (out / "report" / "students" / f"{student}.html").read_text(encoding="utf-8")
    return "".join(Reader(page).text)


def test_answers_in_their_own_words_are_on_the_students_page_as_text(out: Path) -> None:
    shown = shown_of(out, "s5")
    assert "In your own words\n## engine.1\n\n</td><script>alert(1)</script>" in shown
    assert "onerror=alert(2)>\\u202e\\u001b[31m&amp;{{7*7}}" in shown
    assert "In your own words" not in shown_of(out, "s1")


def test_answers_are_as_long_as_a_course_asks_and_no_longer(tmp_path: Path) -> None:
    answers = {
        "ada": b"\xef\xbb\xbf" + b"word " * 3_000 + b"the end",
        "ben": b"word " * 5_000 + b"the end",
        "cleo": b"\xff\xfe\x00 \x00half",
        "dan": b" \n",
    }
    for name, text in answers.items():
        archive(tmp_path / "class" / f"{name}.zip", "", **{"answers.md": text})
    grade_class(tmp_path / "class", tmp_path / "out", FakeGrader, Plan())
    shown = {name: shown_of(tmp_path / "out", name) for name in answers}
    assert "In your own words\nword word" in shown["ada"]
    assert "the end" in shown["ada"]
    assert "the end" not in shown["ben"]
    assert "word  … (cut)" in shown["ben"]
    assert "\\u0000half" in shown["cleo"]
    assert "In your own words" not in shown["dan"]


def test_every_link_of_the_report_leads_to_a_page(out: Path) -> None:
    for path in (out / "report").rglob("*.html"):
        seen = Reader(path.read_text(encoding="utf-8"))
        for name, link in seen.attributes:
            if name == "href" and not link.startswith("#"):
                assert (path.parent / link).resolve().is_file(), link


def test_a_change_by_hand_is_seen_on_both_pages(out: Path) -> None:
    for page in ("index.html", "students/s3.html"):
        assert "by hand &lt;/td&gt;" in (out / "report" / page).read_text(encoding="utf-8")


def test_the_self_test_and_the_isolation_are_on_the_class_page(out: Path) -> None:
    page = (out / "report" / "index.html").read_text(encoding="utf-8")
    assert "bubblewrap, Landlock, seccomp and limits" in page
    assert "reaches a port of this machine" in page


def test_every_colour_of_the_map_is_in_its_legend() -> None:
    assert {*KINDS.values(), "hand"} == {kind for kind, _ in LEGEND}


def test_a_submission_no_check_could_read_is_noted_with_its_place(tmp_path: Path) -> None:
    archive(tmp_path / "class" / "ada.zip", "def (  # unreadable\n")
    ledger = grade_class(tmp_path / "class", tmp_path / "out", FakeGrader, Plan())
    assert ledger.row("ada").notes == ("can't be read as Python: app/database.py:1",)
    assert to_look_at(ledger) == [ledger.row("ada")]


def test_who_has_points_by_hand_counts_as_with_a_grade_everywhere(tmp_path: Path) -> None:
    archive(tmp_path / "class" / "ada.zip", "passes = 6")
    (tmp_path / "class" / "gus.zip").write_bytes(b"PK")
    grade_class(tmp_path / "class", tmp_path / "out", FakeGrader, Plan())
    with Gradebook(tmp_path / "out" / FILE) as book:
        page = class_page(override(book, "gus", CHECKS[0][0], 2, "seen in class"))
    assert "<b>2</b><span>with a grade</span>" in page
    assert "1 graded, 1 refused; 1 not graded and given points by hand" in page


def test_the_file_of_somebody_else_is_named_to_the_instructor_alone(ledger: Ledger) -> None:
    doubt = "amy.zip and another's.zip were taken for attempts of one person"
    row = replace(ledger.rows[0], flags=(doubt,), notes=("extra.txt was left out",))
    whole = replace(ledger, rows=(row, *ledger.rows[1:]))
    pages = class_page(whole), student_page(whole, row, None)
    assert ["another" in page for page in pages] == [True, False]
    assert "extra.txt" in pages[0]
    assert "extra.txt" in pages[1]
    results = gradescope_results(row, None)
    assert results is not None
    assert "another" not in results["output"]
    assert "another" not in job_summary(row)


def test_each_attempt_shows_its_points(tmp_path: Path) -> None:
    archive(tmp_path / "class" / "fay-attempt-1.zip", "passes = 1")
    archive(tmp_path / "class" / "fay-attempt-2.zip", "passes = 4")
    grade_class(tmp_path / "class", tmp_path / "out", FakeGrader, Plan())
    page = (tmp_path / "out" / "report" / "students" / "fay.html").read_text(encoding="utf-8")
    assert '<td class="right">2</td><td>no</td>' in page
    assert '<td class="right">8</td><td>this one</td>' in page
    assert '<th scope="col"></th>' not in page
    assert "CHECK --out GRADES" in page


def test_needs_that_are_met_are_not_called_attacks_refused(ledger: Ledger) -> None:
    tried = [("reads a file outside", True), ("fills the disk", False)]
    tried += [(need, True) for need in NEEDS]
    about = {"self_test": [{"name": name, "held": held} for name, held in tried]}
    page = class_page(replace(ledger, containment=about))
    assert "1 attack refused, 8 needs met, 1 attack possible" in page
    assert "<dt>met</dt><dd>can read its own submission" in page


def test_a_check_that_only_the_able_pass_discriminates(ledger: Ledger) -> None:
    items = {item.name: item for item in per_check(ledger)}
    first, last = items[CHECKS[0][0]], items[CHECKS[5][0]]
    assert first.rate == pytest.approx(7 / 8)
    assert last.rate == pytest.approx(1 / 8)
    assert last.discrimination is not None
    assert last.discrimination > 0.4
    assert items[CHECKS[3][0]].stopped == 5


def test_point_biserial_is_nothing_without_variation() -> None:
    assert point_biserial([1, 1, 1], [1, 2, 3]) is None
    assert point_biserial([1], [1]) is None
    assert point_biserial([0, 0, 1, 1], [1, 2, 3, 4]) == pytest.approx(0.89)
    assert point_biserial([1, 1, 0, 0], [1, 2, 3, 4]) == pytest.approx(-0.89)


def test_messages_that_differ_in_drawn_values_alone_are_one_cluster(ledger: Ledger) -> None:
    assert normalised("We asked '@ada-1' for 3 tasks in app/x.py:38") == normalised(
        "we asked  '@ben_2' for 12 tasks in app/other/y.py"
    )
    found = clusters(ledger)
    assert found[0].check == CHECKS[5][0]
    assert len(found[0].students) == 6


def test_people_with_the_same_files_are_named_together(ledger: Ledger) -> None:
    assert [[row.student.key for row in group] for group in same_files(ledger)] == [["s3", "twin"]]


def test_where_code_was_stopped_is_told_with_how(ledger: Ledger) -> None:
    found = stops(ledger)
    assert [stop.check for stop in found] == [CHECKS[3][0]]
    assert found[0].verdicts == (("timed out", found[0].people),)


def test_who_needs_a_look_is_named_and_who_is_absent_apart(ledger: Ledger, out: Path) -> None:
    assert {row.student.key for row in to_look_at(ledger)} >= {"s3", "twin"}
    assert "s6" not in {row.student.key for row in to_look_at(ledger)}
    shown = "".join(Reader((out / "report" / "index.html").read_text(encoding="utf-8")).text)
    assert "Nothing from Person 6" in shown


def test_a_thousand_students_fit_on_a_page_that_opens(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    for number in range(7):
        archive(folder / f"s{number}.zip", f"passes = {number}")
    ledger = grade_class(folder, tmp_path / "out", FakeGrader, Plan())
    many = tuple(
        replace(row, student=Student(f"{row.student.key}-{copy}"))
        for copy in range(143)
        for row in ledger.rows
    )
    assert len(class_page(replace(ledger, rows=many))) < 1_500_000
