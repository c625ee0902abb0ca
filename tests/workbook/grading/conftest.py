"""A class on disk, and a grader that decides by reading the files alone."""

import sys
import zipfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent
if str(HERE) not in sys.path:
    # Graders run in processes of their own, which import theirs by name.
    sys.path.insert(0, str(HERE))


@pytest.fixture
def klass(tmp_path: Path) -> Path:
    """A class of eight: right, partial, empty, refused, twice the same, two attempts."""
    folder = tmp_path / "class"
    works = {
        "ada": "passes = 6\n",
        "ben": "passes = 3\n",
        "cleo": "passes = 0\n",
        "dan": "passes = 3\n",
        "eve": "passes = 4  # <script>alert('eve')</script>\n",
        "fay_1": "passes = 5\n",
        "fay_2": "passes = 2\n",
    }
    for name, text in works.items():
        archive(folder / f"{name}.zip", text)
    (folder / "gus.zip").write_bytes(b"PK not a zip")
    return folder


def archive(path: Path, text: str, **more: bytes) -> None:
    """One submission whose database.py says how many checks it passes; `more` lies beside app/."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("task-api/app/database.py", text)
        for name, content in more.items():
            made.writestr(f"task-api/{name}", content)
