"""From a clone to a working .venv, and from the tree to a wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="make and sh are not Windows's")


def locked() -> dict[str, Requirement]:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def test_the_lock_pins_everything_the_project_names_and_no_address() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    pins = locked()
    for requirement in map(Requirement, named):
        pin = pins[canonicalize_name(requirement.name)]
        [specifier] = pin.specifier
        assert specifier.operator == "=="
        assert requirement.specifier.contains(specifier.version), requirement.name
    assert "//" not in (ROOT / "requirements.lock").read_text()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    [built] = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return archive.namelist()


def test_the_wheel_holds_the_tool_alone(wheel: list[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"workbook"}


def test_the_wheel_holds_the_tools_data(wheel: list[str]) -> None:
    tree = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "workbook").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert tree - set(wheel) == set()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with what set-up reads, and a Python in it that can be told to fail."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/set-up", tmp_path / ".ci/set-up")
    return tmp_path


def set_up(clone: Path, python: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    fake = clone / "python"
    fake.write_text(f"#!/bin/sh\n{python}\n")
    fake.chmod(0o755)
    return subprocess.run(
        [clone / ".ci/set-up", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHON": str(fake), "UV": ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@POSIX
def test_a_python_that_is_too_old_is_named_with_the_cure(clone: Path) -> None:
    done = set_up(clone, "exit 1")
    assert done.returncode == 2
    assert f"PYTHON={clone}/python doesn't run, or isn't Python 3.11 to 3.14." in done.stderr


@POSIX
def test_a_missing_venv_is_named_with_the_cure(clone: Path) -> None:
    done = set_up(clone, 'case "$*" in *venv*) echo "No module named ensurepip"; exit 1;; esac')
    assert done.returncode == 2
    assert "No module named ensurepip" in done.stderr
    assert "apt install python3-venv" in done.stderr


@POSIX
def test_set_up_knows_three_sizes(clone: Path) -> None:
    done = set_up(clone, "", "everything")
    assert (done.returncode, done.stderr) == (2, "set-up takes lab, dask or test.\n")


@POSIX
@pytest.mark.parametrize(
    ("size", "project"), [("lab", "."), ("dask", ".[dask]"), ("test", ".[dask,dev,proof]")]
)
def test_each_size_installs_the_clone_with_its_own_extras(
    clone: Path, size: str, project: str
) -> None:
    made = clone / ".venv/bin/python"
    made.parent.mkdir(parents=True)
    made.write_text('#!/bin/sh\necho "$@" >> said\n')
    made.chmod(0o755)
    done = set_up(clone, "", size)
    assert done.returncode == 0, done.stderr
    assert (clone / "said").read_text().count(f" --editable {project}\n") == 1
    assert (clone / ".venv/.test").exists() == (size == "test")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no clone")
@pytest.mark.parametrize(
    "path",
    [
        "grades/grades.csv",
        "exercises/app/database.py.before-reset",
        "x.py.before-reset-2",
        "uv.lock",
    ],
)
def test_grades_and_what_was_put_aside_stay_out_of_commits(path: str) -> None:
    done = subprocess.run(["git", "check-ignore", "-q", path], cwd=ROOT, check=False)
    assert done.returncode == 0


@POSIX
@pytest.mark.proof
def test_a_fresh_clone_with_an_empty_home_sets_itself_up(tmp_path: Path) -> None:
    home, clone = tmp_path / "home", tmp_path / "clone"
    home.mkdir()
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    environment = {**os.environ, "HOME": str(home), "PYTHON": sys.executable}
    subprocess.run(["make", ".venv/.lab"], cwd=clone, env=environment, check=True, timeout=900)
    python = clone / ".venv/bin/python"
    where = subprocess.run(
        [python, "-c", "import workbook, alembic; print(workbook.__file__, alembic.__cached__)"],
        cwd=home, check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    assert where[0] == str(clone / "workbook/__init__.py")
    assert Path(where[1]).exists()
    again = subprocess.run(
        ["make", ".venv/.lab"],
        cwd=clone,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert "up to date" in again.stdout
