"""A roster is read in the columns platforms write, and finds a person by any of their names."""

from pathlib import Path

import pytest

from workbook.grading.intake.roster import Roster, RosterError, read_roster


def roster(tmp_path: Path, text: str) -> Roster:
    (tmp_path / "roster.csv").write_text(text, encoding="utf-8-sig")
    return read_roster(tmp_path / "roster.csv")


def test_the_columns_of_classroom_50(tmp_path: Path) -> None:
    read = roster(
        tmp_path,
        "username,first_name,last_name,email,section,github_id\n"
        "ada,Ada,Lovelace,ada@school.edu,A,12345\n",
    )
    (ada,) = read.students
    assert (ada.key, ada.name, ada.section, ada.github) == ("ada", "Ada Lovelace", "A", "")


def test_the_columns_of_a_canvas_gradebook(tmp_path: Path) -> None:
    read = roster(
        tmp_path,
        "Student,ID,SIS User ID,SIS Login ID,Section,Task API (99)\n"
        "    Points Possible,,,,,100.00\n"
        '"Lovelace, Ada",5501,S-1,ada1,Section A,\n'
        '"Student, Test",5599,,,Section A,\n',
    )
    (ada,) = read.students
    assert (ada.key, ada.canvas, ada.number, ada.name) == ("ada1", "5501", "S-1", "Lovelace, Ada")


def test_the_columns_of_moodle_with_semicolons(tmp_path: Path) -> None:
    read = roster(
        tmp_path,
        "First name;Surname;ID number;Institution;Department;Email address\n"
        "Ada;Lovelace;4711;;;ada@school.edu\n",
    )
    (ada,) = read.students
    assert (ada.key, ada.number, ada.name) == ("ada@school.edu", "4711", "Ada Lovelace")


def test_staff_of_a_gradescope_roster_are_no_students(tmp_path: Path) -> None:
    read = roster(
        tmp_path,
        "Name,SID,Email,Role\nAda Lovelace,1,ada@x.edu,Student\nCharles,2,c@x.edu,Instructor\n",
    )
    assert [student.name for student in read.students] == ["Ada Lovelace"]


def test_githubs_number_does_not_hide_the_user_name(tmp_path: Path) -> None:
    read = roster(tmp_path, "name,github_id,github_username\nJane A,11,jane\n")
    (jane,) = read.students
    assert (jane.key, jane.github) == ("jane", "jane")


@pytest.mark.parametrize("name", ["lovelaceada", "Ada Lovelace", "LOVELACE, ADA", "adalovelace"])
def test_a_person_is_found_however_a_platform_spells_them(tmp_path: Path, name: str) -> None:
    read = roster(tmp_path, "username,first name,last name\nada,Ada,Lovelace\n")
    assert [student.key for student in read.find((), (name,))] == ["ada"]


def test_accents_do_not_hide_a_person(tmp_path: Path) -> None:
    read = roster(tmp_path, "username,name\nzoe,Zoë Müller-Čapek\n")
    assert [student.key for student in read.find((), ("capekzoemuller",))] == ["zoe"]


def test_an_id_wins_over_a_name_and_two_namesakes_are_both_named(tmp_path: Path) -> None:
    read = roster(tmp_path, "username,name,email\na1,Kim Lee,k1@x\na2,Kim Lee,k2@x\n")
    assert [student.key for student in read.find((), ("leekim",))] == ["a1", "a2"]
    assert [student.key for student in read.find(("K2@x",), ("leekim",))] == ["a2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("colour,shape\nred,round\n", "names nobody: its columns are colour, shape; understood"),
        ("ada,Ada L,ada@x.edu\n", "its columns are ada, Ada L, ada@x.edu; understood are username"),
        ("username,name\n", "names nobody: there are no rows below the header"),
        ("name,role\nCharles,teacher\n", "names nobody: of the rows below the header none is"),
        ("username\nada\nben\nAda\n", "names Ada twice, in lines 2 and 4"),
        ("name,email\nAda,a@x\n\nBen,A@x\n", "names A@x twice, in lines 2 and 4"),
        ("name,email,Name\nAda,a@x,Ada\n", 'a column "Name" twice, as columns 1 and 3'),
        ("name,email\nLovelace, Ada,a@x\n", "has 3 cells in line 2, and 2 columns in its header"),
    ],
)
def test_a_roster_that_cannot_be_used_says_what_to_mend(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(RosterError) as caught:
        roster(tmp_path, text)
    assert said in str(caught.value)


def test_empty_cells_past_the_header_are_let_be(tmp_path: Path) -> None:
    assert len(roster(tmp_path, "username,name\nada,Ada,,\n").students) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_excel_writes_is_read(tmp_path: Path, encoding: str) -> None:
    text = "sep=;\r\nVorname;Nachname;E-Mail-Adresse\r\nZoë;Süß;zoe@x.edu\r\n"
    (tmp_path / "roster.csv").write_bytes(text.encode(encoding))
    (zoe,) = read_roster(tmp_path / "roster.csv").students
    assert (zoe.key, zoe.name) == ("zoe@x.edu", "Zoë Süß")


def test_the_unicode_text_of_excel_has_tabs(tmp_path: Path) -> None:
    (tmp_path / "roster.txt").write_bytes("username\tname\nzoe\tZoë\n".encode("utf-16"))
    assert [one.name for one in read_roster(tmp_path / "roster.txt").students] == ["Zoë"]


def test_a_roster_of_another_encoding_says_so(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_bytes("name\nZoë\n".encode("latin-1"))
    with pytest.raises(RosterError, match="UTF-8"):
        read_roster(tmp_path / "roster.csv")


def test_a_roster_that_is_a_folder_or_not_there_says_which(tmp_path: Path) -> None:
    with pytest.raises(RosterError, match="is a folder: give a CSV file"):
        read_roster(tmp_path)
    with pytest.raises(RosterError, match="there is no roster at"):
        read_roster(tmp_path / "nowhere.csv")
