"""The command says what it found, and by its exit code whether it found anything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from workbook.review.command import review

BAD = "from sqlmodel.ext.asyncio.session import AsyncSession\n\n\n" + (
    "async def save(session: AsyncSession, row):\n    session.add(row)\n    session.commit()\n"
)
GOOD = BAD.replace("session.commit", "await session.commit")

app = typer.Typer()
app.command()(review)


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "bad.py").write_text(BAD)
    (tmp_path / "good.py").write_text(GOOD)
    return tmp_path


def test_nothing_found_is_exit_0_and_not_a_word(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    result = run(tmp_path)
    assert (result.exit_code, result.output) == (0, "")


def test_a_finding_is_exit_1_and_says_where_why_and_what_to_do(project: Path) -> None:
    result = run(project)
    assert result.exit_code == 1
    assert f"{project}/bad.py:6:5  WB101  `session.commit(...)` is not awaited" in result.output
    assert "    why   " in result.output
    assert "    fix   " in result.output
    assert "    read  docs/review/awaits.md#wb101" in result.output
    assert result.output.endswith("1 finding in 1 file\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["absent"], "there is nothing at absent; give the folder of a project"),
        (["empty"], "there are no Python files at empty; give the folder of a project"),
        (["project", "--format", "xml"], "there is no format 'xml'; choose one of text, json,"),
        (
            ["project", "--select", "E501"],
            "no rule's code begins with 'E501'; docs/review/README.md lists the codes",
        ),
    ],
)
def test_a_request_that_can_not_be_met_is_exit_2_and_one_line(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("project").mkdir()
    Path("project/app.py").write_text(GOOD)
    result = run(*words)
    assert result.exit_code == 2
    assert result.output.startswith(f"workbook: {told}")
    assert result.output.count("\n") == 1


def test_a_single_file_can_be_reviewed(project: Path) -> None:
    assert run(project / "bad.py").exit_code == 1
    assert run(project / "good.py").exit_code == 0


def test_paths_are_told_as_seen_from_the_current_folder(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.parent)
    found = json.loads(run(project, "--format", "json").output)["findings"]
    assert [item["path"] for item in found] == [f"{project.name}/bad.py"]


def test_codes_and_their_beginnings_select_and_ignore(project: Path) -> None:
    assert run(project, "--select", "WB101").exit_code == 1
    assert run(project, "--select", "wb1,WB9").exit_code == 1
    assert run(project, "--select", "WB9").exit_code == 0
    assert run(project, "--ignore", "WB1").exit_code == 0
    assert run(project, "--select", "WB1", "--ignore", "WB101").exit_code == 0


def test_it_is_one_of_the_workbooks_commands(project: Path) -> None:
    from workbook.commands import app as workbook

    words = ["review", str(project), "--format", "json"]
    result = CliRunner().invoke(workbook, words)
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["schema"] == 1
    assert [item["code"] for item in document["findings"]] == ["WB101"]


def test_the_package_runs_as_a_module(project: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "workbook.review", str(project)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (1, "")
    assert "WB101" in result.stdout
