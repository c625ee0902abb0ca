"""A class comes as a folder or as one zip, and what comes as neither says what to give."""

import zipfile
from pathlib import Path

import pytest
from laying import archive, labels

from workbook.grading.intake.candidates import read_class
from workbook.grading.intake.opening import IntakeError, opened


def test_the_zip_of_a_whole_class_is_opened_for_the_while(tmp_path: Path) -> None:
    archive(tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "submissions.zip", "w") as whole:
        whole.write(tmp_path / "a.zip", "lovelaceada_1_2_a.zip")
        whole.write(tmp_path / "a.zip", "ngben_3_4_a.zip")
    with opened(tmp_path / "submissions.zip") as folder:
        assert list(labels(read_class(folder))) == ["lovelaceada", "ngben"]
    assert not folder.exists()


@pytest.mark.parametrize("one", [False, True])
def test_the_zip_of_one_project_is_called_by_its_own_name(tmp_path: Path, one: bool) -> None:
    with zipfile.ZipFile(tmp_path / "ada.zip", "w") as made:
        made.writestr("app/database.py", "")
    for _ in range(2):
        with opened(tmp_path / "ada.zip") as folder:
            assert labels(read_class(folder, one=one)) == {"ada": ["ada"]}


@pytest.mark.parametrize("name", ["...zip", ".zip"])
def test_a_zip_without_a_name_stays_inside_its_folder(tmp_path: Path, name: str) -> None:
    archive(tmp_path / name)
    with opened(tmp_path / name) as folder:
        assert folder.parent.name.startswith("workbook-class-")


def test_an_empty_zip_is_told_by_its_own_name(tmp_path: Path) -> None:
    zipfile.ZipFile(tmp_path / "week3.zip", "w").close()
    told = pytest.raises(IntakeError, match=r"^week3 holds no submissions")
    with opened(tmp_path / "week3.zip") as folder, told:
        read_class(folder)


def test_nothing_to_grade_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="holds no submissions"):
        read_class(tmp_path)
    with pytest.raises(IntakeError, match="no class folder"), opened(tmp_path / "nowhere"):
        pass


def test_a_file_that_is_no_archive_is_no_class(tmp_path: Path) -> None:
    (tmp_path / "mk.py").write_text("")
    told = "mk.py is no folder and no archive: give the class as a folder or a zip"
    with pytest.raises(IntakeError) as caught, opened(tmp_path / "mk.py"):
        pass
    assert str(caught.value) == told
