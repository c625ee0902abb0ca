"""Only a project root is staged; what lies beside it is named, and never read."""

import os
import zipfile
from pathlib import Path

import pytest

from workbook.grading.intake.archives import Archive
from workbook.grading.intake.folders import Folder
from workbook.grading.intake.limits import Refused
from workbook.grading.intake.staging import Staged, bundle, digest_of, stage, unbundle

WORK = {
    "app/__init__.py": "",
    "app/database.py": "x = 1\n",
    "app/models/task.py": "y = 2\n",
    "alembic.ini": "[alembic]\n",
    "alembic/env.py": "pass\n",
    "alembic/script.py.mako": "",
    "alembic/versions/0001_first.py": "",
    "tests/conftest.py": "",
    "tests/test_database.py": "",
    "skill/SKILL.md": "# skill\n",
    "answers.md": "yes\n",
}


def lay(folder: Path, files: dict[str, str], prefix: str = "") -> Folder:
    for name, content in files.items():
        path = folder / prefix / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return Folder(folder)


def refusal(folder: Path) -> str:
    with pytest.raises(Refused) as caught:
        stage(Folder(folder))
    return str(caught.value)


@pytest.mark.parametrize("prefix", ["", "task-api", "wrapper/exercises", "app", "a/b/c/d"])
def test_a_project_root_is_found_at_any_reasonable_depth(tmp_path: Path, prefix: str) -> None:
    assert list(stage(lay(tmp_path, WORK, prefix)).files) == sorted(WORK)


def test_a_root_deeper_than_reasonable_is_not_found(tmp_path: Path) -> None:
    lay(tmp_path, WORK, "a/b/c/d/e/f")
    assert "no app/ folder" in refusal(tmp_path)


def test_in_a_whole_course_the_exercises_are_the_project(tmp_path: Path) -> None:
    lay(tmp_path, WORK, "repo/exercises")
    lay(tmp_path, {"app/database.py": "other"}, "repo/copy")
    assert stage(Folder(tmp_path)).files["app/database.py"] == b"x = 1\n"


def test_two_projects_side_by_side_are_not_guessed_between(tmp_path: Path) -> None:
    lay(tmp_path, WORK, "old")
    lay(tmp_path, WORK, "new")
    assert refusal(tmp_path) == "more than one folder holds an app/ folder: new, old"


def test_what_is_smuggled_beside_the_project_is_named_and_not_staged(tmp_path: Path) -> None:
    smuggled = {
        "conftest.py": "", "pytest.ini": "", "sitecustomize.py": "", "evil.pth": "import os",
        "sqlalchemy/__init__.py": "", "json.py": "", "app/conftest.py": "", "app/data.db": "",
        "alembic/__init__.py": "", "__MACOSX/app/x.py": "", "README.md": "",
    }  # fmt: skip
    lay(tmp_path, {**WORK, **smuggled})
    staged = stage(Folder(tmp_path))
    assert list(staged.files) == sorted(WORK)
    assert staged.notes == (
        "not read, because not part of a project: README.md, alembic/__init__.py, app/conftest.py,"
        " app/data.db, conftest.py, evil.pth, json.py, pytest.ini and 2 more",
    )


def test_links_inside_the_project_are_refused_and_beside_it_left_alone(tmp_path: Path) -> None:
    lay(tmp_path, WORK)
    (tmp_path / "CLAUDE.md").symlink_to("/etc/passwd")
    assert stage(Folder(tmp_path)).notes == ("not read, because not part of a project: CLAUDE.md",)
    (tmp_path / "app" / "services").symlink_to("/etc")
    assert refusal(tmp_path) == "app/services is a link; hand in the files themselves"


def test_a_second_name_of_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    lay(tmp_path / "work", WORK)
    os.link(tmp_path / "secret", tmp_path / "work" / "app" / "secret.py")
    assert "app/secret.py is a link" in refusal(tmp_path / "work")


def test_pipes_are_refused_wherever_they_lie(tmp_path: Path) -> None:
    lay(tmp_path, WORK)
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path) == "pipe is a device, pipe or socket"


def test_source_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    lay(tmp_path, WORK)
    (tmp_path / "app" / "database.py").write_bytes("# fine\nname = 'é'\n".encode("latin-1"))
    assert refusal(tmp_path) == "app/database.py isn't UTF-8 text (line 2): save it as UTF-8"


def test_a_twelve_megabyte_source_is_refused(tmp_path: Path) -> None:
    lay(tmp_path, {**WORK, "app/big.py": "#" * 12_000_000})
    assert refusal(tmp_path) == "app/big.py holds more than 2 MB"


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["app/models.py", "app/Models.py"], "there twice"),
        (["app/a.py", "app/a.py"], "there twice"),
        (["app/x.py", "app/x.py/y.py"], "a file and a folder"),
        (["app/Api/x.py", "app/api/y.py"], "case alone"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_collide_are_refused(tmp_path: Path, names: list[str], reason: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ["app/database.py", *names]:
            archive.writestr(name, "")
    with pytest.raises(Refused, match=reason):
        stage(Archive(tmp_path / "a.zip"))


def test_the_hash_knows_paths_and_contents_but_no_order() -> None:
    files = {"app/a.py": b"1", "app/b.py": b"2"}
    assert digest_of(files) == digest_of(dict(reversed(files.items())))
    assert digest_of(files) != digest_of({"app/a.py": b"2", "app/b.py": b"1"})
    assert digest_of({"ab": b""}) != digest_of({"a": b"b"})


def test_a_folder_and_its_archive_are_the_same_submission(tmp_path: Path) -> None:
    folder = lay(tmp_path / "work", WORK)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, content in WORK.items():
            archive.writestr(f"task-api/{name}", content)
    assert stage(folder).digest == stage(Archive(tmp_path / "a.zip")).digest


def test_a_bundle_travels_and_comes_out_as_it_went_in(tmp_path: Path) -> None:
    staged = stage(lay(tmp_path / "work", WORK))
    out = unbundle(bundle(staged.files), tmp_path / "out")
    assert Staged(stage(Folder(out)).files).digest == staged.digest


def test_nothing_handed_in_says_so(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "nothing was handed in"
    (tmp_path / ".DS_Store").write_text("")
    assert refusal(tmp_path) == "nothing was handed in"
    (tmp_path / "project.zip").write_text("")
    assert refusal(tmp_path) == "no app/ folder, but an archive inside: project.zip"


def test_an_office_document_is_told_as_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "work.docx", "w") as made:
        made.writestr("[Content_Types].xml", "")
    with pytest.raises(Refused, match="an office document, and no project"):
        stage(Archive(tmp_path / "work.docx"))


def test_migrations_above_the_only_project_root_are_told_to_move(tmp_path: Path) -> None:
    lay(
        tmp_path,
        {"repo/src/app/database.py": "", "repo/alembic.ini": "", "repo/alembic/env.py": ""},
    )
    lay(tmp_path, {"repo/README.md": ""})
    assert stage(Folder(tmp_path)).notes == (
        "alembic/ and alembic.ini lie outside the project root repo/src/: move them beside app/",
        "not read, because not part of a project: repo/",
    )


def test_migrations_beside_another_project_or_own_ones_are_not_told_to_move(tmp_path: Path) -> None:
    lay(tmp_path, {**WORK, "../alembic.ini": ""}, "src")
    assert stage(Folder(tmp_path)).notes == (
        "not read, because not part of a project: alembic.ini",
    )
    (tmp_path / "src" / "alembic.ini").unlink()
    assert "alembic.ini lies outside the project root src/" in stage(Folder(tmp_path)).notes[0]
    lay(tmp_path, {"a/b/app/x.py": ""})
    assert "move" not in stage(Folder(tmp_path)).notes[0]
