"""What a run says of others is short, and in words that fit."""

import errno

import pytest
import typer

from workbook.grading.verbs.speaking import told
from workbook.grading.wording import counted, last_words

ENDED = """the grader's process ended with code 1: Traceback (most recent call last):
  File "<string>", line 1, in <module>
  File "/srv/workbook/grading/running/judging.py", line 60, in __enter__
    raise GraderFault(str(error)) from error
    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
"""


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"{ENDED}workbook.grading.grader.GraderFault: no sandbox here", "no sandbox here"),
        (f"{ENDED}some.where.Odd: one\ntwo", "Odd: one\ntwo"),
        (f"{ENDED}KeyError: 'x'", "KeyError: 'x'"),
        ("the grader's process ended with code -9", "the grader's process ended with code -9"),
    ],
)
def test_of_a_traceback_the_message_alone_is_said(said: str, kept: str) -> None:
    assert last_words(said) == kept


def test_words_fit_their_number() -> None:
    assert [counted(1, "check"), counted(2, "check"), counted(0, "person", "people")] == [
        "1 check", "2 checks", "0 people",
    ]  # fmt: skip


def test_a_full_disk_is_one_line_that_says_how_to_go_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(typer.Exit) as ended, told("add --resume"):
        raise OSError(errno.ENOSPC, "No space left on device", "grades/report/index.html")
    assert ended.value.exit_code == 2
    assert capsys.readouterr().err == (
        "workbook: no space left in grades/report; free some and add --resume\n"
    )
