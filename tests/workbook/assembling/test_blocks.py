"""A code block names its file in one of the ways that people and models write it."""

import pytest

from workbook.assembling import Block, parse, place

KNOWN = {"app/database.py", "app/models/task.py", "app/services/task_service.py", "alembic/env.py"}
CODE = "engine = None\n"


def paths(text: str) -> list[str]:
    return list(place(parse(text).blocks, KNOWN).files)


@pytest.mark.parametrize(
    "text",
    [
        '```python title="app/database.py"\nengine = None\n```',
        "```python app/database.py\nengine = None\n```",
        "```python:app/database.py\nengine = None\n```",
        "```app/database.py\nengine = None\n```",
        "```python {filename=app/database.py}\nengine = None\n```",
        "```python\n# app/database.py\nengine = None\n```",
        "```python\n# File: ./app/database.py\nengine = None\n```",
        "```py\n# task-api/app/database.py - the engine\nengine = None\n```",
        '```python\n"""app/database.py: the engine."""\nengine = None\n```',
        "**app/database.py**\n\n```python\nengine = None\n```",
        "Create `app/database.py`:\n\n```python\nengine = None\n```",
        "### 1. `app/database.py` (engine, session)\n\n```python\nengine = None\n```",
        "## app/database.py\n\nThe engine, and what it is for.\n\n```python\nengine = None\n```",
        "1. **database.py**\n\n   ```python\n   engine = None\n   ```",
        "## Step 1: database.py\n\n~~~python\nengine = None\n~~~",
        "backend/src/app/database.py\n```python\nengine = None\n```",
    ],
)
def test_a_block_says_its_file(text: str) -> None:
    assert paths(text) == ["app/database.py"]


def test_a_name_without_its_folder_is_the_one_file_that_ends_so() -> None:
    text = "\n\n".join(
        f"`{name}`\n\n```python\n{CODE}```" for name in ("models/task.py", "env.py", "stranger.py")
    )
    placed = place(parse(text).blocks, KNOWN)
    assert list(placed.files) == ["app/models/task.py", "alembic/env.py"]
    assert placed.notes == ("line 15: stranger.py is no file of a project; left out",)


@pytest.mark.parametrize(
    "text",
    [
        "```python\nengine = None\n```",
        "`app/database.py` uses `app/models/task.py`:\n\n```python\nengine = None\n```",
        "## app/database.py\n\n```bash\nalembic upgrade head\n```",
        "# app/../../etc/app.py\n\n```python\nengine = None\n```",
        "`app/conftest.py`\n\n```python\nengine = None\n```",
        "Look into `app/database.py`.\n\nAnd then:\n\n```python\nengine = None\n```",
    ],
)
def test_what_names_no_file_of_a_project_is_left_out(text: str) -> None:
    assert paths(text) == []


def test_of_two_blocks_for_one_file_the_later_counts() -> None:
    text = "```python\n# app/database.py\nfirst = 1\n```\n\n```python\n# database.py\nlast = 2\n```"
    placed = place(parse(text).blocks, KNOWN)
    assert placed.files == {"app/database.py": Block("database.py", "# database.py\nlast = 2\n", 6)}
    assert placed.notes == ("line 6: app/database.py again; this later block counts",)


def test_front_matter_is_read_and_lines_still_count_from_the_top() -> None:
    text = (
        "---\nname: relational\ndescription: >\n  Two\n  lines.\ntags: [a]\n---\n\n```py\nx\n```\n"
    )
    answer = parse(text)
    assert answer.front == {"name": "relational", "description": "Two lines.\n"}
    assert [block.line for block in answer.blocks] == [9]
    assert parse("---\n{ broken\n---\n").front == {}
