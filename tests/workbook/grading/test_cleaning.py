"""Whatever a student writes can be shown, filed and opened in a spreadsheet."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.grading.cleaning import cell, clean, line, slug
from workbook.grading.exports.table import sheet


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\u001b[31mred"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("a\u200bb", "a\\u200bb"),
        ("\ud800", "\\ud800"),
        ("two\r\nlines\tand tabs", "two\nlines\tand tabs"),
        ("naïve Ж 漢", "naïve Ж 漢"),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_long_text_is_cut_and_says_so() -> None:
    assert clean("x" * 5000) == "x" * 2000 + " … (cut)"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "  =", "\t=", "＝", "＠", "|", "%"])
def test_no_cell_begins_like_a_formula(start: str) -> None:
    assert cell(f"{start}cmd()").startswith("'")


@given(st.text())
def test_every_text_survives_a_csv_on_one_line(text: str) -> None:
    written = sheet(["a"], [[text, "end"]])
    rows = list(csv.reader(io.StringIO(written)))
    assert rows[1] == [cell(text), "end"]
    written.encode()


@given(st.text(max_size=80), st.text(max_size=80))
def test_two_people_never_share_a_file(one: str, other: str) -> None:
    names = {slug(one), slug(other)}
    assert len(names) == len({one, other})
    assert all(
        name and set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_") for name in names
    )


@pytest.mark.parametrize("name", ["con", "NUL", "../../etc", "", ".", "a/b", "Ada"])
def test_a_name_is_never_a_path_or_a_device(name: str) -> None:
    assert slug(name) not in {"con", "nul", "..", ".", ""}
    assert "/" not in slug(name)


def test_nobody_takes_the_file_made_for_another() -> None:
    assert slug(slug("Ada")) != slug("Ada")


def test_a_line_is_one_line() -> None:
    assert line(" a\n b\u2028c ") == "a b\\u2028c"
