"""A link in a class folder is refused and says so: what it leads to may be anybody's."""

import zipfile
from pathlib import Path

import pytest
from conftest import archive
from laying import labels
from test_run import grades, run

from workbook.grading.intake.candidates import read_class
from workbook.grading.intake.limits import Refused
from workbook.grading.intake.opening import opened
from workbook.grading.intake.roster import Roster, Student
from workbook.grading.intake.staging import stage

LINK = "is a link; hand in the files themselves"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A class of one, and a project that lies elsewhere."""
    archive(tmp_path / "class" / "ada.zip", "passes = 6")
    (tmp_path / "elsewhere" / "app").mkdir(parents=True)
    (tmp_path / "elsewhere" / "app" / "database.py").write_text("passes = 6")
    return tmp_path / "class"


def refusals(folder: Path, roster: Roster | None = None) -> dict[str, str]:
    """Why nothing of a person is read, for each of whom that is so."""
    said: dict[str, str] = {}
    for candidate in read_class(folder, roster):
        for attempt in candidate.attempts:
            try:
                stage(attempt.source())
            except Refused as refusal:
                said[candidate.student.key] = str(refusal)
    return said


def test_a_link_among_the_submissions_is_refused(folder: Path) -> None:
    (folder / "fred.zip").symlink_to(folder / "ada.zip")
    (folder / "hal").symlink_to(folder.parent / "elsewhere")
    (folder / "ivy.zip").symlink_to("nowhere")
    assert refusals(folder) == {
        "fred": f"fred.zip {LINK}",
        "hal": f"hal {LINK}",
        "ivy": f"ivy.zip {LINK}",
    }


def test_a_link_inside_a_submission_is_refused(folder: Path) -> None:
    for name in ("gina", "hal"):
        (folder / name).mkdir()
    (folder / "gina" / "work.zip").symlink_to(folder / "ada.zip")
    (folder / "hal" / "app").symlink_to(folder.parent / "elsewhere" / "app")
    assert refusals(folder) == {
        "gina": f"no app/ folder, and work.zip {LINK}",
        "hal": f"no app/ folder, and app {LINK}",
    }


def test_a_link_in_a_folder_that_is_nobodys_is_its_owners_refusal(folder: Path) -> None:
    archive(folder / "Group A" / "ben.zip", "")
    (folder / "Group A" / "fred.zip").symlink_to(folder / "ada.zip")
    people = Roster([Student("ada"), Student("ben"), Student("fred")])
    assert refusals(folder, people) == {"fred": f"fred.zip {LINK}"}


def test_who_hands_in_a_link_has_a_row_with_the_reason_and_no_grade(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "fred.zip").symlink_to(folder / "ada.zip")
    run(folder, tmp_path / "out")
    fred = grades(tmp_path / "out")["fred"]
    assert (fred["state"], fred["earned"], fred["notes"]) == ("refused", "", f"fred.zip {LINK}")


def test_a_link_to_the_whole_class_is_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "one").symlink_to(tmp_path / "elsewhere")
    assert labels(read_class(tmp_path / "link")) == {"ada": ["ada.zip"]}
    assert refusals(tmp_path / "link") == {}
    (alone,) = read_class(tmp_path / "one", one=True)
    assert list(stage(alone.attempts[0].source()).files) == ["app/database.py"]


def test_a_link_that_stands_alone_in_the_class_folder_is_refused(tmp_path: Path) -> None:
    archive(tmp_path / "elsewhere" / "ada.zip", "")
    archive(tmp_path / "elsewhere" / "ben.zip", "")
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "hal").symlink_to(tmp_path / "elsewhere")
    assert refusals(tmp_path / "class") == {"hal": f"hal {LINK}"}


def test_a_link_in_the_zip_of_a_class_is_refused_by_its_name(folder: Path) -> None:
    with zipfile.ZipFile(folder.parent / "week.zip", "w") as whole:
        whole.write(folder / "ada.zip", "ada.zip")
        whole.writestr("ben/app/database.py", "")
        for name in ("fred.zip", "ben/app/models.py", "gina/app", "hal"):
            link = zipfile.ZipInfo(name)
            link.external_attr = 0o120777 << 16
            whole.writestr(link, "/etc/passwd")
    with opened(folder.parent / "week.zip") as unpacked:
        assert refusals(unpacked) == {
            "ben": f"app/models.py {LINK}",
            "fred": f"fred.zip {LINK}",
            "gina": f"no app/ folder, and app {LINK}",
            "hal": f"hal {LINK}",
        }
