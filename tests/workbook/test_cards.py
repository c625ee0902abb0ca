"""Cards say the same in three forms, and show nothing that could act."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from workbook import cards
from workbook.course import Course

EXAMPLE = """\
transactions.create_project   a project and its tasks, or nothing              2 of 6 points
  ok       commits the project and its tasks together
  not yet  leaves nothing behind when the third task is refused
           We asked for 3 tasks, the third with an unknown creator, and then looked
           with a new session: expected 0 projects, found 1. A commit ran before the
           last insert.                               app/services/project_service.py:38
  waits    writes 10,000 tasks in a bulk statement     (the check above first)
  next     workbook hint transactions.create_project"""

LESSON = """
slug = "transactions"
title = "Transactions"
promise = "All or nothing."
minutes = 60
[objectives]
whole = "Write one unit of work."
[[exercises]]
id = "create_project"
title = "a project and its tasks, or nothing"
minutes = 8
core = true
objective = "whole"
hints = ["where", "which", "shape"]
cuts = [{ file = "app/services/project_service.py", body = "create" }]
checks = [
  { id = "together", points = 2 }, { id = "nothing", points = 2 }, { id = "bulk", points = 2 },
]
"""

EVIL = "\x1b[31m<script>alert(1)</script>\u202e[bold]x[/bold] & \x07\x00{{ 7*7 }}"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    folder = tmp_path / "lessons"
    folder.mkdir()
    (folder / "course.toml").write_text('title = "A course"\nroot = ".."\n')
    (folder / "04_transactions.toml").write_text(LESSON)
    return Course.load(folder)


def check(name: str, verdict: str, line: str, **more: Any) -> dict[str, Any]:
    row = {
        "id": f"transactions.create_project.{name}",
        "verdict": verdict,
        "line": line,
        "earned": 2 if verdict == "ok" else 0,
        "possible": 2,
        "story": "",
        "where": "",
        "sql": [],
        "printed": "",
        "databases": {},
    }
    return row | more


def result(*checks: dict[str, Any], **more: Any) -> dict[str, Any]:
    sums = {key: sum(each[key] for each in checks) for key in ("earned", "possible")}
    empty = {"extension": {"earned": 0, "possible": 0}, "notes": [], "seed": 7, "databases": []}
    return {"schema": 1, "checks": list(checks)} | sums | empty | more


def example() -> dict[str, Any]:
    return result(
        check("together", "ok", "commits the project and its tasks together"),
        check(
            "nothing",
            "not yet",
            "leaves nothing behind when the third task is refused",
            story="We asked for 3 tasks, the third with an unknown creator, and then looked with"
            " a new session: expected 0 projects, found 1. A commit ran before the last insert.",
            where="app/services/project_service.py:38",
            sql=["INSERT INTO project (name) VALUES (?)", "COMMIT"],
            printed="in create_project",
        ),
        check(
            "bulk",
            "waits",
            "writes 10,000 tasks in a bulk statement",
            waits_for="transactions.create_project.nothing",
        ),
    )


class Page(HTMLParser):
    """The words and the tags of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words, self.tags = "", []
        self.attributes: list[str] = []
        self.feed(re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL))

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def printed(renderable: Any, width: int = 120, **more: Any) -> str:
    console = Console(file=io.StringIO(), width=width, **more)
    console.print(renderable)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_a_card_reads_as_the_style_says(course: Course) -> None:
    found = example()
    found["checks"][1]["printed"] = ""
    assert cards.text_result(course, found) == EXAMPLE


def test_of_what_was_printed_the_last_exception_is_shown_from_its_first_line(
    course: Course,
) -> None:
    found, said = example(), ["sqlalchemy.exc.OperationalError: no such column", "[SQL: SELECT"]
    found["checks"][1]["printed"] = "\n".join(["Traceback", *said, "FROM task]", "[parameters: 1]"])
    text = cards.text_result(course, found)
    assert said[0] in text
    assert "[parameters" not in text


def test_the_terminal_shows_the_same_text(course: Course) -> None:
    text = cards.text_result(course, example())
    assert printed(cards.rich_result(course, example())).rstrip("\n") == text
    assert "\x1b[" in printed(cards.rich_result(course, example()), force_terminal=True)


def test_a_narrow_terminal_loses_no_word(course: Course) -> None:
    text = printed(cards.rich_result(course, example()), width=50)
    assert set(EXAMPLE.split()) <= set(text.split())
    assert max(map(len, text.split("\n"))) <= 50


def test_html_holds_every_word_of_the_text(course: Course) -> None:
    page = Page(cards.html_result(course, example()))
    words = " ".join(page.words.split())
    for line in EXAMPLE.split("\n"):
        for part in re.split(r"\s{2,}", line.strip()):
            assert part.split()[0] in words
    assert "INSERT INTO project" in words
    assert "in create_project" in words


def test_html_has_no_script_and_folds_what_is_long(course: Course) -> None:
    page = Page(cards.html_result(course, example()))
    assert not {"script", "iframe", "img", "link"} & set(page.tags)
    assert not [name for name in page.attributes if name.startswith("on")]
    assert page.tags.count("details") == page.tags.count("summary") == 2


@pytest.mark.parametrize("key", ["line", "story", "where", "printed", "sql"])
def test_what_a_student_wrote_is_shown_and_never_acts(course: Course, key: str) -> None:
    evil = check("nothing", "not yet", "a line", story="a story")
    evil[key] = [EVIL] if key == "sql" else EVIL
    page = cards.html_result(course, result(evil))
    text = cards.text_result(course, result(evil))
    shown = printed(cards.rich_result(course, result(evil)))
    for form in (page, text, shown):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", form)
    assert "script" not in Page(page).tags
    if key != "sql":
        assert "<script>alert(1)</script>[bold]x[/bold] & {{ 7*7 }}" in Page(page).words
        assert "[bold]x[/bold]" in shown


def test_the_same_story_is_told_once(course: Course) -> None:
    broken = {"story": "The file can't be read.", "where": "app/x.py:3"}
    rows = [check(name, "not yet", name, **broken) for name in ("together", "nothing", "bulk")]
    text = cards.text_result(course, result(*rows))
    assert text.count("The file can't be read.") == 1
    assert text.count("(as above)") == 2


def test_a_story_of_another_card_is_said_to_stand_there(course: Course) -> None:
    broken = {"story": "The file can't be read.", "where": "app/x.py:3"}
    other = check("x", "not yet", "elsewhere", **broken) | {"id": "models.task.x"}
    text = cards.text_result(course, result(check("bulk", "not yet", "in bulk", **broken), other))
    assert text.count("The file can't be read.") == 1
    assert "(as in transactions.create_project)" in text
    assert "(as above)" not in text


def test_what_was_asked_on_fewer_databases_than_a_grade_says_so(course: Course) -> None:
    line = "On SQLite alone; a grade asks PostgreSQL too (both=True, or --db both in a terminal)."
    rows = [check("bulk", "ok", "in bulk"), check("nothing", "not yet", "nothing")]
    assert cards.text_result(course, result(*rows, databases=["sqlite"])).endswith(f"\n{line}")
    assert line in Page(cards.html_result(course, result(*rows, databases=["sqlite"]))).words
    for silent in (
        result(*rows, databases=["sqlite", "postgresql"]),
        result(rows[1], databases=["sqlite"]),
        result(*rows, databases=["sqlite"], notes=["Nothing was checked on PostgreSQL: none"]),
    ):
        assert "a grade asks" not in cards.text_result(course, silent)


def test_a_card_that_is_done_shows_how_to_compare(course: Course) -> None:
    done = result(*(check(name, "ok", name) for name in ("together", "nothing", "bulk")))
    assert 'build("transactions.create_project")' in cards.text_result(course, done)
    assert "workbook hint" not in cards.text_result(course, done)


def test_a_check_that_waits_names_what_comes_first(course: Course) -> None:
    text = cards.text_result(
        course, result(check("bulk", "waits", "in bulk", waits_for="models.task"))
    )
    assert "(models.task first)" in text
    assert "workbook check models.task" in text


def test_what_is_not_begun_says_how_long_it_takes_and_where_to_write_it(course: Course) -> None:
    rows = [check(name, "not started", name) for name in ("together", "nothing", "bulk")]
    opening = {
        "  takes        8 minutes, core",
        "  write        create in app/services/project_service.py",
    }
    assert opening <= set(cards.text_result(course, result(*rows)).split("\n"))
    rows[0]["verdict"] = "not yet"
    assert not opening & set(cards.text_result(course, result(*rows)).split("\n"))


def test_a_fault_of_ours_sends_nobody_to_a_hint(course: Course) -> None:
    text = cards.text_result(course, result(check("bulk", "ours", "in bulk", story="The checker…")))
    assert "workbook hint" not in text
    assert "not your work" in text


def test_several_cards_end_with_their_sum_and_the_notes(course: Course) -> None:
    other = check("x", "ok", "elsewhere") | {"id": "models.task.x"}
    note = "PostgreSQL could not be had, so nothing was checked on it: no server"
    text = cards.text_result(course, result(check("bulk", "ok", "bulk"), other, notes=[note]))
    assert text.split("\n")[-3:] == ["", "4 of 4 points", note]


@pytest.mark.parametrize(
    "verdict", ["timed out", "out of memory", "crashed", "refused", "not checked", "not started"]
)
def test_every_verdict_has_its_word(course: Course, verdict: str) -> None:
    found = result(check("bulk", verdict, "in bulk"))
    assert f"  {verdict}" in cards.text_result(course, found)
    assert verdict in Page(cards.html_result(course, found)).words


def test_the_map_shows_what_is_done_in_three_forms(course: Course) -> None:
    chart = cards.Map.of(course, {"transactions.create_project.bulk", "unknown.x.y"})
    text = str(chart)
    assert "2 of 6 points" in text
    assert "####........" in text
    assert "60 min, core 8" in text
    assert printed(chart).rstrip("\n") == text
    page = Page(chart.html())
    assert "04_transactions.ipynb" in chart.html()
    assert all(words in page.words for words in ("2 of 6", "Transactions", "60 min"))


def test_the_map_tells_points_of_one_database_from_points_of_both(course: Course) -> None:
    ids = {"transactions.create_project.bulk", "transactions.create_project.nothing"}
    note = "2 of these points were seen on one database alone; a grade asks both."
    chart = cards.Map.of(course, ids, {"transactions.create_project.bulk"})
    assert str(chart).endswith(f"\n  {note}")
    assert printed(chart).rstrip("\n") == str(chart)
    assert note in Page(chart.html()).words
    assert "alone" not in str(cards.Map.of(course, ids))
