"""The judge tells every state of a check apart, and a fault of one check stays with it."""

import shutil
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from workbook.cards import text_result
from workbook.course import Course
from workbook.judge.client import Judge
from workbook.judge.outcome import Outcome
from workbook.judge.run import Judges
from workbook.judge.verdicts import assemble

TALLY = Path(__file__).parent / "tally"
ADD = "    return left + right"
STORE = "    await connection.commit()"


@pytest.fixture(scope="module")
async def judges() -> AsyncIterator[Judges]:
    found = Judges(Course.load(TALLY / "lessons"))
    yield found
    await found.close()


class Project:
    """A project root with the small course's answer in it, to be changed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(TALLY / "reference", root / "app")
        self.file = root / "app" / "tally.py"

    def change(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert text.count(old) == 1
        self.file.write_text(text.replace(old, new))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


async def verdicts(judges: Judges, project: Project, *ids: str) -> dict[str, dict[str, Any]]:
    result = await judges.run(ids, project.root, databases=("sqlite",), seed=1)
    return {row["id"].rpartition(".")[2]: row for row in result["checks"]}


async def test_a_right_answer_earns_every_point_on_both_databases(
    judges: Judges, project: Project
) -> None:
    result = await judges.run((), project.root)
    assert (result["earned"], result["possible"]) == (6, 6)
    assert result["checks"][1]["databases"] == {"sqlite": "ok", "postgresql": "ok"}


async def test_the_same_seed_gives_the_same_result(judges: Judges, project: Project) -> None:
    project.change(ADD, "    return left - right")
    first = await judges.run((), project.root, databases=("sqlite",), seed=5)
    assert first == await judges.run((), project.root, databases=("sqlite",), seed=5)


async def test_another_answer_than_expected_is_not_yet_and_what_needs_it_waits(
    judges: Judges, project: Project
) -> None:
    project.change(ADD, "    print('adding')\n    return left - right")
    found = await verdicts(judges, project)
    assert found["adds_two_numbers"]["verdict"] == "not yet"
    assert "expected" in found["adds_two_numbers"]["story"]
    assert found["adds_two_numbers"]["printed"] == "adding\n"
    assert found["keeps_the_sum"]["verdict"] == "waits"
    assert found["takes_one_insert"]["verdict"] == "ok", "a check that passes always earns"


async def test_a_failure_waits_for_a_prerequisite_that_was_not_asked_for(
    judges: Judges, project: Project
) -> None:
    project.change(ADD, "    return left - right")
    found = await verdicts(judges, project, "tally.store.keeps_the_sum")
    assert list(found) == ["keeps_the_sum"]
    assert found["keeps_the_sum"]["verdict"] == "waits"


def test_a_check_waits_for_an_exercise_that_it_alone_of_its_own_needs() -> None:
    course = Course.load()
    refuses = "transactions.create_project.leaves_nothing_when_a_title_is_refused"
    rule = course.exercise("models.rules").checks[0].id
    names = [check for check in course.checks if check.id in {refuses, rule}]
    failed = [Outcome(id, "sqlite", "not yet", "It passed.") for id in (rule, refuses)]
    result = assemble(course, names, failed, {}, seed=1, databases=["sqlite"])
    assert [row["verdict"] for row in result["checks"]] == ["not yet", "waits"]
    assert result["checks"][1]["waits_for"] == "models.rules"


def test_a_check_of_another_database_says_which_it_needs() -> None:
    course = Course.load(TALLY / "lessons")
    result = assemble(course, course.checks, [], {}, seed=1, databases=["postgresql"])
    assert result["checks"][0]["verdict"] == "not checked"
    assert result["checks"][0]["story"] == "needs SQLite"
    assert "(needs SQLite)" in text_result(course, result)


async def test_a_run_that_is_left_says_nothing_in_the_next(project: Project) -> None:
    judge = Judge(TALLY / "lessons", "sqlite")
    ids = [check.id for check in Course.load(TALLY / "lessons").checks]
    try:
        async with aclosing(judge.run(project.root, ids, seed=1)) as left:
            assert (await anext(left)).check == ids[0]
        assert [one.check async for one in judge.run(project.root, ids[-1:], seed=1)] == ids[-1:]
    finally:
        await judge.close()


async def test_an_error_from_no_line_of_the_students_names_what_was_used(
    judges: Judges, project: Project
) -> None:
    project.change("async def store(", "def store(")
    left = project.file.read_text().partition("    await connection.execute")[0]
    project.file.write_text(f"{left}    return None\n")
    story = (await verdicts(judges, project))["keeps_the_sum"]["story"]
    assert story.startswith("We used store: expected no error, found TypeError: ")


async def test_an_untouched_blank_is_not_started(judges: Judges, project: Project) -> None:
    project.change(ADD, '    raise NotImplementedError("exercise tally.add")')
    found = await verdicts(judges, project)
    assert found["adds_two_numbers"]["verdict"] == "not started"
    assert found["keeps_the_sum"]["verdict"] == "waits"


async def test_an_exception_tells_its_type_message_and_the_students_own_line(
    judges: Judges, project: Project
) -> None:
    project.change(STORE, "    raise OverflowError('the cup is full')")
    found = (await verdicts(judges, project))["keeps_the_sum"]
    assert found["verdict"] == "not yet"
    assert "OverflowError: the cup is full" in found["story"]
    assert found["where"] == "app/tally.py:15"


async def test_a_syntax_error_names_file_and_line(judges: Judges, project: Project) -> None:
    project.change(ADD, "    return left +")
    found = (await verdicts(judges, project))["adds_two_numbers"]
    assert found["verdict"] == "not yet"
    assert found["where"] == "app/tally.py:9"
    assert "SyntaxError" in found["story"]


async def test_an_endless_loop_is_timed_out_and_the_rest_is_graded(
    judges: Judges, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.change(STORE, "    while True: pass")
    found = await verdicts(judges, project)
    assert found["adds_two_numbers"]["verdict"] == "ok"
    assert found["keeps_the_sum"]["verdict"] == "timed out"
    assert found["takes_one_insert"]["verdict"] == "timed out", "a hang costs its limit once"


async def test_a_process_that_ends_itself_earns_nothing_but_what_it_proved(
    judges: Judges, project: Project
) -> None:
    project.change(STORE, "    import os; os._exit(0)")
    found = await verdicts(judges, project)
    assert found["adds_two_numbers"]["verdict"] == "ok"
    assert found["keeps_the_sum"]["verdict"] == "crashed"
    assert "exit code 0" in found["keeps_the_sum"]["story"]


async def test_ending_the_process_at_import_earns_nothing(judges: Judges, project: Project) -> None:
    project.change("def add", "import os; os._exit(0)\n\n\ndef add")
    found = await verdicts(judges, project)
    assert {row["verdict"] for row in found.values()} == {"crashed"}


async def test_too_much_memory_is_told_apart(judges: Judges, project: Project) -> None:
    project.change(ADD, "    return len(bytearray(2**34))")
    found = await verdicts(judges, project, "tally.add")
    assert found["adds_two_numbers"]["verdict"] == "out of memory"


async def test_evidence_that_equals_everything_earns_nothing(
    judges: Judges, project: Project
) -> None:
    project.change(
        ADD,
        "    class Any(int):\n        def __eq__(self, other): return True\n    return Any(-1)",
    )
    found = await verdicts(judges, project, "tally.add")
    assert found["adds_two_numbers"]["verdict"] == "not yet"


async def test_evidence_too_large_to_carry_costs_that_check(
    judges: Judges, project: Project
) -> None:
    project.change(ADD, "    return 'x' * 10_000_000")
    found = await verdicts(judges, project, "tally.add")
    assert found["adds_two_numbers"]["verdict"] == "not yet"
