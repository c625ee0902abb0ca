"""What is mended reads as if it had been written so, and is found no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbook.review import review_path
from workbook.review.fixes import mend

HEAD = """\
from datetime import datetime

from sqlmodel import Field, SQLModel


class Worker(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)


class Task(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
"""
WITH_ZONE = HEAD.replace("import datetime\n", "import datetime, timezone\n")
POSTGRES = 'URL = "postgresql+asyncpg://localhost"\n'
ENGINE = f"from sqlalchemy.ext.asyncio import create_async_engine\n\n{POSTGRES}\n\ndef build():\n"

CASES = {
    "a default": (
        HEAD + "    at: datetime = Field(default_factory=datetime.utcnow)\n",
        WITH_ZONE
        + "    at: datetime = Field(default_factory=lambda: datetime.now(timezone.utc))\n",
    ),
    "a moment": (
        HEAD + "\n\ndef touch(task):\n    task.at = datetime.utcnow()  # now\n",
        WITH_ZONE + "\n\ndef touch(task):\n    task.at = datetime.now(timezone.utc)  # now\n",
    ),
    "an index": (
        HEAD + '    worker_id: int = Field(foreign_key="worker.id")\n',
        HEAD + '    worker_id: int = Field(foreign_key="worker.id", index=True)\n',
    ),
    "an index that was refused": (
        HEAD + '    worker_id: int = Field(index=False, foreign_key="worker.id")\n',
        HEAD + '    worker_id: int = Field(index=True, foreign_key="worker.id")\n',
    ),
    "a call over several lines": (
        ENGINE + "    return create_async_engine(\n        URL,\n        echo=True,\n    )\n",
        ENGINE + "    return create_async_engine(\n        URL,\n        echo=True,\n"
        "        pool_pre_ping=True,\n    )\n",
    ),
    "a call of one argument": (
        ENGINE + "    return create_async_engine(URL)\n",
        ENGINE + "    return create_async_engine(URL, pool_pre_ping=True)\n",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_fix_changes_the_place_and_nothing_else(name: str, tmp_path: Path) -> None:
    before, after = CASES[name]
    file = tmp_path / "app.py"
    file.write_text(before)
    assert mend(review_path(tmp_path)) == 1
    assert file.read_text() == after
    assert mend(review_path(tmp_path)) == 0


STAMPED = HEAD + "    at: datetime = Field(default_factory=datetime.utcnow{})\n"
LEFT_ALONE = {
    "a naive column": "from sqlalchemy import DateTime\n" + STAMPED.format(", sa_type=DateTime"),
    "another timezone": "from django.utils import timezone\n" + STAMPED.format(""),
}


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_what_would_change_the_meaning_is_left_alone(name: str, tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text(LEFT_ALONE[name])
    assert "WB601" in {item.code for item in review_path(tmp_path)}
    assert mend(review_path(tmp_path)) == 0
    assert file.read_text() == LEFT_ALONE[name]
