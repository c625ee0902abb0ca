"""A call that can't be answered as it stands is told so in one line, with the next step."""

import sys
from pathlib import Path

import pytest

from workbook.commands import main

COURSE = Path(__file__).with_name("tally") / "lessons"


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WORKBOOK_COURSE", str(COURSE))
    monkeypatch.setenv("WORKBOOK_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


def call(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["workbook", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("check --db mysql", "--db: 'mysql' is not one of 'sqlite', 'postgresql', 'both'; see"),
        ("check --seed abc", "--seed abc: input should be a valid integer"),
        ("check --target", "option '--target' requires an argument; see workbook -h"),
        (
            "check --targt x",
            "no such option: --targt (Possible options: --target); see",
        ),
        ("grade --jobs 0 x", "--jobs 0: input should be greater than or equal to 1; see"),
        ("export nope", "to: 'nope' is not one of 'csv', 'canvas',"),
        ("hint", "id is missing (an exercise, as services.get); see workbook hint -h"),
        ("chek", "no such command 'chek'; perhaps 'check'; see workbook -h"),
        ("review . --select XYZ", "no rule's code begins with 'XYZ'; docs/review/README.md lists"),
        ("check nope", 'no lesson, exercise or check is called "nope"; the lessons are: tally'),
        ("check taly.add", 'is called "taly.add"; close to it: tally.add'),
        ("hint tally", '"tally" is a lesson; name one of its exercises: tally.add, tally.store'),
        ("reset tally", '"tally" is a lesson; name one of its exercises: tally.add, tally.store'),
        ("grade x --lesson nope", 'is called "nope"; the lessons are: tally'),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    words: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, *words.split()) == 2
    shown, error = capsys.readouterr()
    assert shown == ""
    assert error.startswith("workbook: ")
    assert error.count("\n") == 1
    assert told in error
    assert "Value error" not in error


def test_without_a_verb_the_verbs_are_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch) == 0
    assert "check" in capsys.readouterr().out


def test_a_verb_keeps_its_own_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "hint", "tally.add.adds_two_numbers") == 0
    assert "hint 1 of 3" in capsys.readouterr().out
    assert call(monkeypatch, "check", "--db", "sqlite", "--target", str(COURSE.parent)) == 2
