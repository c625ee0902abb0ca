"""Whom a name means: numbers that are attempts, numbers of platforms, and parts of names."""

from pathlib import Path

from laying import archive, flags, labels, project, zips

from workbook.grading.intake.candidates import read_class
from workbook.grading.intake.roster import Roster, Student


def roster(*usernames: str) -> Roster:
    return Roster([Student(username, username=username) for username in usernames])


def test_a_whole_name_on_the_roster_is_that_person_whatever_its_number(tmp_path: Path) -> None:
    zips(tmp_path, "student_17", "student_18", "student_18_2", "Group 1", "Group 2")
    known = roster("student_17", "student_18", "Group 1", "Group 2")
    assert labels(read_class(tmp_path, known)) == {
        "Group 1": ["Group 1.zip"],
        "Group 2": ["Group 2.zip"],
        "student_17": ["student_17.zip"],
        "student_18": ["student_18.zip", "student_18_2.zip"],
    }
    assert flags(tmp_path, known) == {}


def test_a_user_name_with_a_number_is_found_behind_the_assignment(tmp_path: Path) -> None:
    for name in ("jane-42", "jane-43", "octocat"):
        project(tmp_path / f"cs101-taskapi-{name}")
    known = Roster([Student("a", github="jane-42"), Student("b", github="jane-43")])
    found = labels(read_class(tmp_path, known))
    assert (found["a"], found["b"]) == (["cs101-taskapi-jane-42"], ["cs101-taskapi-jane-43"])


def test_a_leading_zero_or_three_digits_count_no_attempts(tmp_path: Path) -> None:
    zips(tmp_path, "student_01", "student_02", "student_117", "student_118", "zoe")
    assert len(read_class(tmp_path)) == 5
    assert flags(tmp_path) == {}


def test_behind_a_word_every_number_is_an_attempts(tmp_path: Path) -> None:
    zips(tmp_path, "ada_attempt_001", "ada_Attempt_002", "ada-v110", "ada_submission3", "ada try 4")
    assert list(labels(read_class(tmp_path))) == ["ada"]
    assert flags(tmp_path) == {}


def test_a_class_of_numbered_names_is_not_one_person(tmp_path: Path) -> None:
    zips(tmp_path, "student_17", "student_18")
    assert list(labels(read_class(tmp_path))) == ["student_17", "student_18"]
    strangers = read_class(tmp_path, roster("ada"))
    assert [one.student.key for one in strangers] == ["ada", "student_17", "student_18"]


def test_strangers_who_differ_from_the_roster_in_the_number_alone_are_people(
    tmp_path: Path,
) -> None:
    zips(tmp_path, "Group 1", "Group 11", "Group 12")
    known = roster("Group 1", "Group 2")
    assert list(labels(read_class(tmp_path, known))) == [
        "Group 1", "Group 11", "Group 12", "Group 2",
    ]  # fmt: skip


def test_numbered_repositories_alone_keep_a_name_before_their_number(tmp_path: Path) -> None:
    for name in ("hw-jane-007", "hw-jane-008"):
        project(tmp_path / name)
    assert list(labels(read_class(tmp_path))) == ["jane-007", "jane-008"]


def test_attempts_by_a_bare_number_are_flagged_unless_the_roster_has_the_name(
    tmp_path: Path,
) -> None:
    zips(tmp_path, "student_18", "student_17", "zoe")
    told = "student_17.zip and student_18.zip were taken for attempts of one person"
    assert flags(tmp_path) == {"student": (told,)}
    assert flags(tmp_path, roster("student", "zoe")) == {}


def test_a_canvas_number_is_not_compared_with_another_number_column(tmp_path: Path) -> None:
    zips(tmp_path, "roejohn_19_457_p", "doejane_21_458_p", "lovelaceada_22_459_p")
    known = Roster(
        [
            Student("mueller", "Mueller, Mia", number="19"),
            Student("jroe", "Roe, John", number="20"),
            Student("nameless", number="21"),
            Student("a1", "Ada Lovelace", number="22"),
            Student("a2", "Ada Lovelace", number="23"),
        ]
    )
    assert labels(read_class(tmp_path, known)) == {
        "a1": ["lovelaceada_22_459_p.zip"],
        "a2": [],
        "jroe": ["roejohn_19_457_p.zip"],
        "mueller": [],
        "nameless": ["doejane_21_458_p.zip"],
    }


def test_canvas_own_number_wins_over_the_name(tmp_path: Path) -> None:
    zips(tmp_path, "roejohn_19_457_p")
    known = Roster([Student("j1", "Roe, John", canvas="18"), Student("j2", "John", canvas="19")])
    assert labels(read_class(tmp_path, known))["j2"] == ["roejohn_19_457_p.zip"]


def test_people_who_meet_in_one_row_by_a_part_of_their_names_are_flagged(tmp_path: Path) -> None:
    zips(tmp_path, "anna", "anna_lee", "van-anna")
    told = "anna.zip, anna_lee.zip, van-anna.zip were taken for anna by a part of their names"
    assert flags(tmp_path, roster("anna", "ben")) == {"anna": (told,)}


def test_a_name_turned_around_that_meets_its_like_is_flagged(tmp_path: Path) -> None:
    zips(tmp_path, "Kim Lee", "Lee Kim")
    told = "Kim Lee.zip and Lee Kim.zip were taken for kl1 by their names"
    assert flags(tmp_path, Roster([Student("kl1", "Kim Lee")])) == {"kl1": (told,)}


def test_one_entry_found_by_a_part_of_its_name_is_no_reason_to_look(tmp_path: Path) -> None:
    archive(tmp_path / "anna_homework.zip")
    assert flags(tmp_path, roster("anna")) == {}


def test_a_whole_name_wins_over_a_part_that_somebody_else_has(tmp_path: Path) -> None:
    archive(tmp_path / "Anna_Lee.zip")
    known = Roster([Student("anna"), Student("k2", "Anna Lee")])
    assert labels(read_class(tmp_path, known)) == {"anna": [], "k2": ["Anna_Lee.zip"]}
