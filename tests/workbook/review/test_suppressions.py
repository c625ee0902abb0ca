"""A finding can be taken back where it stands, and only there."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbook.review import review_path

HEAD = "from sqlmodel.ext.asyncio.session import AsyncSession\n"
CALL = """

async def save(session: AsyncSession, rows):
    session.commit(){}
    session.rollback()
"""


def codes(folder: Path, text: str) -> list[tuple[str, int]]:
    (folder / "app.py").write_text(text)
    return [(item.code, item.line) for item in review_path(folder)]


@pytest.mark.parametrize(
    "comment",
    [
        "  # review: ignore[WB101] the caller awaits",
        "  # review: ignore[WB901, WB101]",
        "  # review: ignore[wb101]",
        "  # review: ignore everything here",
        "  # type: ignore  # review: ignore[WB101] both",
    ],
)
def test_a_comment_takes_the_finding_of_its_line_back(comment: str, tmp_path: Path) -> None:
    assert codes(tmp_path, HEAD + CALL.format(comment)) == [("WB101", 6)]


def test_another_code_takes_nothing_back(tmp_path: Path) -> None:
    text = HEAD + CALL.format("  # review: ignore[WB301] a loop")
    assert codes(tmp_path, text) == [("WB101", 5), ("WB101", 6)]


def test_a_comment_behind_the_last_line_of_a_call_counts(tmp_path: Path) -> None:
    text = (
        "from sqlalchemy.ext.asyncio import create_async_engine\n\nengine = create_async_engine(\n"
    )
    text += '    "sqlite+aiosqlite:///x.db",\n)'
    assert codes(tmp_path, text + "\n") == [("WB504", 3)]
    assert codes(tmp_path, text + "  # review: ignore[WB504] a script\n") == []


def test_a_file_can_be_excused_from_a_rule(tmp_path: Path) -> None:
    text = "# review: ignore-file[WB101] generated\n" + HEAD + CALL.format("")
    assert codes(tmp_path, text) == []


def test_the_text_of_a_suppression_in_a_string_is_a_string(tmp_path: Path) -> None:
    text = HEAD + '\nNOTE = "# review: ignore-file[WB101] no"\n' + CALL.format("")
    assert len(codes(tmp_path, text)) == 2


def test_a_suppression_that_names_no_rule_is_a_finding(tmp_path: Path) -> None:
    text = HEAD + CALL.format("  # review: ignore[WB110] misspelled")
    assert codes(tmp_path, text) == [("WB101", 5), ("WB002", 5), ("WB101", 6)]
