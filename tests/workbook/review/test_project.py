"""A project is read as it is: broken files, other encodings, tests and all."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbook.review import review_path
from workbook.review.files import python_files
from workbook.review.project import Project

ROOT = Path(__file__).parents[3]
BAD = "from sqlmodel.ext.asyncio.session import AsyncSession\n\n\n" + (
    "async def save(session: AsyncSession):\n    session.commit()\n"
)
ENGINE = "from sqlalchemy.ext.asyncio import create_async_engine\n\n" + (
    'engine = create_async_engine("sqlite+aiosqlite:///tasks.db")\n'
)


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("folder", ["solution", "alembic"])
def test_the_reference_passes_its_own_review(folder: str) -> None:
    assert review_path(ROOT / folder) == []


def test_a_file_that_can_not_be_read_is_a_finding_and_the_rest_is_reviewed(
    tmp_path: Path,
) -> None:
    found = review_path(write(tmp_path, {"a.py": "def broken(:\n", "b.py": BAD}))
    assert [(Path(item.path).name, item.code, item.line) for item in found] == [
        ("a.py", "WB001", 1),
        ("b.py", "WB101", 5),
    ]


def test_bytes_that_are_no_text_are_a_finding(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"name = '\xff'\n")
    (tmp_path / "b.py").write_bytes(b"# coding: latin-1\nname = '\xff'\n")
    (tmp_path / "c.py").write_bytes(b"name = '\0'\n")
    assert [Path(item.path).name for item in review_path(tmp_path)] == ["a.py", "c.py"]


def test_a_template_of_python_files_is_no_python_and_no_finding(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("{% if strict %}\nimport x\n{% endif %}\n")
    (tmp_path / "b.py").write_text("from app.{{ version }} import main\n")
    assert review_path(tmp_path) == []


def test_syntax_of_a_later_python_is_named_and_no_finding(tmp_path: Path) -> None:
    project = Project(write(tmp_path, {"a.py": "def f[T](x: T) -> T:\n    return x\n"}))
    later = [Path(path).name for path in project.unread]
    assert (later, project.broken) in ((["a.py"], []), ([], []))


def test_columns_count_characters_not_bytes(tmp_path: Path) -> None:
    text = BAD.replace("    session.commit()", '    "ü"; session.commit()')
    assert [item.column for item in review_path(write(tmp_path, {"a.py": text}))] == [10]


def test_installed_and_hidden_folders_are_left_out(tmp_path: Path) -> None:
    files = dict.fromkeys((".venv/a.py", "venv/a.py", "node_modules/a.py", "x/b.py"), BAD)
    assert [path.name for path in python_files(write(tmp_path, files))] == ["b.py"]


def test_tests_are_held_to_what_is_an_error_anywhere(tmp_path: Path) -> None:
    write(tmp_path, {"tests/test_app.py": BAD + ENGINE, "seed.py": ENGINE, "app/engine.py": ENGINE})
    found = [(Path(item.path).name, item.code) for item in review_path(tmp_path)]
    assert found == [("engine.py", "WB504"), ("test_app.py", "WB101")]


def test_a_folder_called_tests_can_itself_be_reviewed(tmp_path: Path) -> None:
    folder = write(tmp_path / "tests", {"engine.py": ENGINE})
    assert [item.code for item in review_path(folder)] == ["WB504"]


ENV = """from alembic import context
from {module} import Base

context.configure(target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
"""
MODELS = """from sqlmodel import Field, SQLModel


class Base(SQLModel):
    pass


class {name}(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
"""
REVISION = """from alembic import op

revision, down_revision = "1", None


def upgrade() -> None:
    op.create_table("{table}")
"""


def test_models_belong_to_the_nearest_env_alone(tmp_path: Path) -> None:
    files = {
        "alembic/env.py": ENV.format(module="app.models"),
        "alembic/versions/1.py": REVISION.format(table="task"),
        "app/models.py": MODELS.format(name="Task"),
        "app/books/migrations/env.py": ENV.format(module="app.books.tables"),
        "app/books/migrations/versions/1.py": REVISION.format(table="entry"),
        "app/books/tables.py": MODELS.format(name="Entry"),
    }
    assert review_path(write(tmp_path, files)) == []
    late = {"app/late.py": MODELS.format(name="Late")}
    late |= {"app/books/more.py": MODELS.format(name="More")}
    root, books = "alembic/env.py", "app/books/migrations/env.py"
    found = [
        (Path(item.path).relative_to(tmp_path).as_posix(), item.code)
        for item in review_path(write(tmp_path, late))
    ]
    assert found == [(root, "WB702"), (root, "WB704"), (books, "WB702"), (books, "WB704")]


def test_findings_come_in_reading_order_and_once(tmp_path: Path) -> None:
    found = review_path(write(tmp_path, {"b.py": BAD + ENGINE, "a.py": BAD}))
    assert found == sorted(set(found))
    assert [item.code for item in found] == ["WB101", "WB101", "WB504"]
