"""An instructor may name a person in any way that means one person alone."""

import pytest

from workbook.grading.gradebook.book import GradebookError
from workbook.grading.gradebook.lookup import find_row
from workbook.grading.gradebook.rows import Row
from workbook.grading.gradebook.tables import Attempt
from workbook.grading.intake.roster import Student


def row(key: str, name: str = "", email: str = "", digest: str = "") -> Row:
    tried = Attempt(run_id=1, student=key, position=0, label=key, digest=digest)
    return Row(Student(key, name, email), "graded", attempts=(tried,), chosen=0)


CLASS = [
    row("ada1", "Lovelace, Ada", "ada@x.edu", "aaaaaa11"),
    row("=ben", "Ben Ng", "", "bbbbbb22"),
    row("cleo", "Ben Ng", "", "bbbbbb33"),
    row("CLEO", "Cleo May", "", "cccccc44"),
]


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("ada1", "ada1"),
        ("ADA1", "ada1"),
        ("Ada Lovelace", "ada1"),
        ("lovelace, ada", "ada1"),
        ("ADA@x.edu", "ada1"),
        ("aaaaaa", "ada1"),
        ("AAAAAA1", "ada1"),
        ("'=ben", "=ben"),
        ("cleo", "cleo"),
        ("CLEO", "CLEO"),
    ],
)
def test_whoever_is_meant_by_one_name_is_found(asked: str, key: str) -> None:
    assert find_row(CLASS, asked).student.key == key


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("Cleo", "fits more than one: cleo, CLEO"),
        ("ben ng", "fits more than one: =ben, cleo"),
        ("bbbbbb", "fits more than one: =ben, cleo"),
        ("aaaaa", "nobody in this gradebook is called"),
        ("lace", "perhaps ada1"),
        ("", "nobody in this gradebook is called"),
    ],
)
def test_a_name_that_fits_nobody_or_more_than_one_says_so(asked: str, said: str) -> None:
    with pytest.raises(GradebookError, match=said):
        find_row(CLASS, asked)
