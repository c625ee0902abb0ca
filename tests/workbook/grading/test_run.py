"""A class run settles everyone once, whatever fails on the way, and loses nothing."""

import csv
import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from conftest import archive
from fake_grader import FakeGrader, NoStart

from workbook.grading.gradebook.book import FILE, Gradebook, GradebookError
from workbook.grading.gradebook.catalogue import Catalogue
from workbook.grading.gradebook.folder import only_one
from workbook.grading.intake.roster import Roster, Student
from workbook.grading.running.crew import CannotStart
from workbook.grading.running.events import Event, Faulted, Settled
from workbook.grading.running.merging import merge
from workbook.grading.running.run import Plan, grade_class

HERE = Path(__file__).parent
CATALOGUE = Catalogue(extension=("tenancy",))


def grades(out: Path) -> dict[str, dict[str, str]]:
    with (out / "grades.csv").open(encoding="utf-8") as file:
        return {line["student"]: line for line in csv.DictReader(file)}


def canonical_files(out: Path) -> dict[str, bytes]:
    """Every file of the folder whose bytes are promised."""
    chosen = [*out.glob("grades.csv"), *out.rglob("*.json"), *out.rglob("*.html")]
    chosen += [path for path in (out / "exports").rglob("*") if path.is_file()]
    kept = [path for path in chosen if path.name != "timing.html"]
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(set(kept))}


def run(klass: Path, out: Path, jobs: int = 2, **plan: object) -> list[Event]:
    events: list[Event] = []
    roster = plan.pop("roster", None)
    factory = plan.pop("factory", FakeGrader)
    chosen = Plan(jobs=jobs, catalogue=CATALOGUE, **plan)  # type: ignore[arg-type]
    grade_class(klass, out, factory, chosen, roster=roster, on_event=events.append)  # type: ignore[arg-type]
    return events


def test_everyone_has_one_row_and_a_bad_submission_costs_nobody_else(
    klass: Path, tmp_path: Path
) -> None:
    run(klass, tmp_path / "out")
    seen = grades(tmp_path / "out")
    assert {key: (row["state"], row["earned"], row["extension"]) for key, row in seen.items()} == {
        "ada": ("graded", "8", "4"),
        "ben": ("graded", "6", "0"),
        "cleo": ("graded", "0", "0"),
        "dan": ("graded", "6", "0"),
        "eve": ("graded", "8", "0"),
        "fay": ("graded", "8", "2"),
        "gus": ("refused", "", ""),
    }
    assert "damaged" in seen["gus"]["notes"]
    assert seen["fay"]["attempt"] == "fay_1.zip"
    assert {path.name for path in (tmp_path / "out" / "results").iterdir()} == {
        f"{key}.json" for key in seen
    }


def test_the_last_attempt_counts_where_the_course_says_so(klass: Path, tmp_path: Path) -> None:
    events = run(klass, tmp_path / "out", attempts="last")
    fay = grades(tmp_path / "out")["fay"]
    assert (fay["earned"], fay["attempt"], fay["attempts"]) == ("3", "fay_2.zip", "2")
    assert "fay_1.zip" not in [event.label for event in events if isinstance(event, Settled)]


def test_absent_is_not_zero_and_unknown_is_flagged(klass: Path, tmp_path: Path) -> None:
    roster = Roster([Student(key) for key in ("ada", "ben", "cleo", "dan", "fay", "gus", "zoe")])
    run(klass, tmp_path / "out", roster=roster)
    seen = grades(tmp_path / "out")
    assert (seen["zoe"]["state"], seen["zoe"]["earned"]) == ("absent", "")
    assert seen["eve"]["notes"] == "not on the roster"


def test_neither_order_nor_workers_change_a_byte(klass: Path, tmp_path: Path) -> None:
    run(klass, tmp_path / "one", jobs=1)
    run(klass, tmp_path / "three", jobs=3)
    files = canonical_files(tmp_path / "one")
    assert len(files) >= 8
    assert canonical_files(tmp_path / "three") == files


def test_only_what_changed_is_graded_again(klass: Path, tmp_path: Path) -> None:
    run(klass, tmp_path / "out")
    archive(klass / "ben.zip", "passes = 6  # at last\n")
    again = run(klass, tmp_path / "out")
    fresh = [event.label for event in again if isinstance(event, Settled) and not event.known]
    assert fresh == ["gus.zip", "ben.zip"]
    assert grades(tmp_path / "out")["ben"]["earned"] == "8"
    other_suite = run(klass, tmp_path / "out", factory=partial(FakeGrader, "suite-2"))
    assert not [event for event in other_suite if isinstance(event, Settled) and event.known]


def test_a_submission_two_people_share_is_graded_once(klass: Path, tmp_path: Path) -> None:
    run(klass, tmp_path / "out", jobs=1)
    with Gradebook(tmp_path / "out" / FILE) as book, book.session() as session:
        graded = session.connection().exec_driver_sql("select count(*) from log").scalar()
    assert graded == 6


@pytest.mark.parametrize("trouble", ["fault once", "die once", "ours once"])
def test_our_own_fault_is_tried_again_and_costs_nothing(tmp_path: Path, trouble: str) -> None:
    archive(tmp_path / "class" / "ada.zip", f"passes = 6  # {trouble}\n")
    (tmp_path / "marks").mkdir()
    factory = partial(FakeGrader, marks=tmp_path / "marks")
    events = run(tmp_path / "class", tmp_path / "out", factory=factory)
    assert len([event for event in events if isinstance(event, Faulted)]) == 1
    assert grades(tmp_path / "out")["ada"]["earned"] == "8"


@pytest.mark.parametrize("trouble", ["fault always", "die always", "ours always", "nonsense"])
def test_our_lasting_fault_is_called_ours_and_takes_no_points(tmp_path: Path, trouble: str) -> None:
    archive(tmp_path / "class" / "ada.zip", f"passes = 6  # {trouble}\n")
    archive(tmp_path / "class" / "ben.zip", "passes = 6\n")
    run(tmp_path / "class", tmp_path / "out", jobs=1)
    seen = grades(tmp_path / "out")
    assert (seen["ada"]["state"], seen["ada"]["earned"]) == ("ours", "")
    assert "our own fault" in seen["ada"]["notes"]
    assert seen["ben"]["earned"] == "8"


def test_what_was_our_fault_is_graded_by_the_next_run(tmp_path: Path) -> None:
    archive(tmp_path / "class" / "ada.zip", "passes = 6  # ours always\n")
    run(tmp_path / "class", tmp_path / "out")
    again = run(tmp_path / "class", tmp_path / "out")
    assert [event.known for event in again if isinstance(event, Settled)] == [False]


def test_a_grader_that_never_answers_is_taken_for_dead(tmp_path: Path) -> None:
    archive(tmp_path / "class" / "ada.zip", "passes = 6  # hang\n")
    run(tmp_path / "class", tmp_path / "out", patience=1.5)
    assert grades(tmp_path / "out")["ada"]["state"] == "ours"


def test_without_a_grader_the_run_says_why_and_blames_nobody(klass: Path, tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="there is no sandbox here"):
        run(klass, tmp_path / "out", factory=NoStart)
    assert not (tmp_path / "out" / "grades.csv").exists()


def test_shards_together_are_the_undisturbed_run(klass: Path, tmp_path: Path) -> None:
    run(klass, tmp_path / "whole")
    for part in (1, 2, 3):
        run(klass, tmp_path / f"part{part}", shard=(part, 3))
    merge([tmp_path / f"part{part}" for part in (3, 1, 2)], tmp_path / "merged")
    assert canonical_files(tmp_path / "merged") == canonical_files(tmp_path / "whole")


def test_a_merge_refuses_what_does_not_belong_together(klass: Path, tmp_path: Path) -> None:
    run(klass, tmp_path / "a", shard=(1, 2))
    run(klass, tmp_path / "b", shard=(2, 2), factory=partial(FakeGrader, "suite-2"))
    with pytest.raises(GradebookError, match=r"b was graded with other suites than .*/a: grade it"):
        merge([tmp_path / "a", tmp_path / "b"], tmp_path / "c")
    run(klass, tmp_path / "g", shard=(2, 2), databases=("sqlite",), attempts="last")
    with pytest.raises(GradebookError) as refused:
        merge([tmp_path / "a", tmp_path / "g"], tmp_path / "c")
    assert "databases (sqlite, not postgresql and sqlite) and attempts (the last" in str(
        refused.value
    )
    run(klass, tmp_path / "d")
    with pytest.raises(GradebookError, match="more than one of the folders"):
        merge([tmp_path / "a", tmp_path / "d"], tmp_path / "e")
    with pytest.raises(GradebookError, match="no gradebook"):
        merge([tmp_path / "nowhere"], tmp_path / "f")


def test_a_merge_without_all_shards_names_the_missing_one(klass: Path, tmp_path: Path) -> None:
    run(klass, tmp_path / "a", shard=(1, 2))
    with pytest.raises(GradebookError, match="shard 2/2 is missing: give its folder too"):
        merge([tmp_path / "a"], tmp_path / "all")
    assert not (tmp_path / "all").exists()


def process(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, str(HERE / "class_run.py"), *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def settled_lines(running: subprocess.Popen[str], count: int) -> None:
    assert running.stdout is not None
    while count:
        line = running.stdout.readline()
        assert line, "the run ended before its time"
        count -= line == "Settled\n"


def test_a_run_killed_again_and_again_resumes_to_the_same_bytes(
    klass: Path, tmp_path: Path
) -> None:
    for number in range(12):
        archive(klass / f"more{number:02}.zip", f"passes = {number % 7}  # {number}\n")
    whole = process(klass, tmp_path / "whole")
    whole.communicate()
    for count in (1, 6, 12):
        with process(klass, tmp_path / "killed", "--resume") as running:
            settled_lines(running, count)
            os.kill(running.pid, signal.SIGKILL)
    last = process(klass, tmp_path / "killed", "--resume")
    last.communicate()
    assert last.returncode == 0
    assert canonical_files(tmp_path / "killed") == canonical_files(tmp_path / "whole")


def test_a_cut_off_run_is_not_started_over_by_accident(klass: Path, tmp_path: Path) -> None:
    with process(klass, tmp_path / "out") as running:
        settled_lines(running, 2)
        os.kill(running.pid, signal.SIGKILL)
    with pytest.raises(GradebookError, match="add --resume"):
        run(klass, tmp_path / "out")


def test_ctrl_c_stops_between_two_results_and_keeps_them(klass: Path, tmp_path: Path) -> None:
    archive(klass / "zed.zip", "passes = 1  # slow = 30\n")
    with process(klass, tmp_path / "out") as running:
        settled_lines(running, 3)
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate()
    assert running.returncode == 130
    assert said.splitlines().index("Stopping") < len(said.splitlines()) - 1
    assert "stopped after" in said
    with Gradebook(tmp_path / "out" / FILE) as book:
        assert book.unfinished() is not None


def test_a_dying_grader_process_is_replaced_and_the_job_done_again(tmp_path: Path) -> None:
    for name in ("ada", "ben", "cleo"):
        archive(tmp_path / "class" / f"{name}.zip", f"passes = 6  # {name} die once\n")
    (tmp_path / "marks").mkdir()
    factory = partial(FakeGrader, marks=tmp_path / "marks")
    run(tmp_path / "class", tmp_path / "out", factory=factory)
    assert {row["earned"] for row in grades(tmp_path / "out").values()} == {"8"}


def test_two_runs_do_not_write_to_one_folder(klass: Path, tmp_path: Path) -> None:
    with only_one(tmp_path / "out"), pytest.raises(GradebookError, match="another run"):
        run(klass, tmp_path / "out")


def test_results_hold_no_times_hosts_or_paths(klass: Path, tmp_path: Path) -> None:
    run(klass, tmp_path / "out")
    for path in (tmp_path / "out" / "results").iterdir():
        text = path.read_text()
        assert str(tmp_path) not in text
        assert os.uname().nodename not in text
        assert "timing" not in json.loads(text)["result"] if json.loads(text)["result"] else True
