"""The verbs in a real kernel: whatever order cells run in, nothing raises."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import workbook.notebook

COURSE = Path(__file__).with_name("test_notebook_course")

SET_UP = 'from workbook.notebook import *\nopen_lesson("services")'

SECTIONS = [
    [
        "import os\nimport app.models\nfrom app.database import build_engine, create_tables\n"
        "from app.models import Task\nfrom app.services import TaskService\n"
        "from sqlmodel.ext.asyncio.session import AsyncSession\n"
        'engine = build_engine(os.environ["DATABASE_URL"])\nawait create_tables(engine)',
        'build("services.add")',
        "async with AsyncSession(engine) as session:\n"
        '    await TaskService(session).add("a", f"@{os.urandom(4).hex()}")',
        'hint("services.get")',
        'build("services.get", look=True)',
        "%%statements lazily\nasync with AsyncSession(engine) as session:\n"
        "    task = await TaskService(session).get(1)\ntask.title",
        "compare(lazily, lazily)",
    ],
    [
        "import app.models",
        'build("services.report")',
        "from app.report import told\ntold([app.models.Task()])",
        "diagram(app.models)",
    ],
    ["%%answer services.1\nYour words here.", "course_map()", 'await check("nothing.there")'],
]


@dataclass
class Shown:
    """What one cell put under itself."""

    outputs: list[Any] = field(default_factory=list)

    def of(self, kind: str) -> str:
        data = (each.get("data", {}).get(kind, "") for each in self.outputs)
        return "\n".join(data)

    @property
    def text(self) -> str:
        printed = (each.get("text", "") for each in self.outputs)
        return "\n".join([*filter(None, printed), self.of("text/plain")])

    @property
    def html(self) -> str:
        return self.of("text/html")


class Kernel:
    """One kernel that runs cells and fails on the first error or word on stderr."""

    def __init__(self, client: NotebookClient) -> None:
        self.client = client
        self.count = 0

    async def run(self, source: str) -> Shown:
        cell = nbformat.v4.new_code_cell(source)
        self.client.nb.cells.append(cell)
        self.count += 1
        await self.client.async_execute_cell(cell, len(self.client.nb.cells) - 1)
        assert not [each for each in cell.outputs if each.get("name") == "stderr"], cell.outputs
        return Shown(cell.outputs)


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of a small course, with a student's project that is empty."""
    shutil.copytree(COURSE, tmp_path / "course")
    (tmp_path / "course" / "exercises" / "app").mkdir(parents=True)
    return tmp_path / "course"


@pytest.fixture(scope="module")
async def one_kernel() -> AsyncIterator[Kernel]:
    """One kernel for all tests: starting it takes longer than what they do."""
    client = NotebookClient(nbformat.v4.new_notebook(), kernel_name="python3", timeout=120)
    async with client.async_setup_kernel():
        yield Kernel(client)
        assert client.kc is not None
        client.kc.stop_channels()  # while their context lives, or the sockets count as lost


@pytest.fixture
async def kernel(one_kernel: Kernel, course: Path) -> Kernel:
    """The kernel as a new one would find a new course."""
    await one_kernel.run(
        f"import os, sys\nimport workbook.notebook.verbs as verbs\n"
        f"os.environ['WORKBOOK_COURSE'] = {str(course / 'tool' / 'lessons')!r}\n"
        "verbs._desk = None\n"
        "for name in [name for name in sys.modules if name.split('.')[0] == 'app']:\n"
        "    del sys.modules[name]"
    )
    return one_kernel


async def test_cells_run_twice_in_place_and_the_whole_runs_twice(kernel: Kernel) -> None:
    for _ in range(2):
        for source in [SET_UP, *(source for section in SECTIONS for source in section)]:
            await kernel.run(source)
            await kernel.run(source)


async def test_each_section_runs_after_the_set_up_alone(kernel: Kernel) -> None:
    for section in reversed(SECTIONS):
        await kernel.run(SET_UP)
        for source in section:
            await kernel.run(source)


async def test_build_grows_the_package_under_open_objects(kernel: Kernel, course: Path) -> None:
    await kernel.run(SET_UP)
    await kernel.run(SECTIONS[0][0] + "\nservice = TaskService(AsyncSession(engine))")
    raised = await kernel.run(
        'try: await service.add("a", "@b")\nexcept NotImplementedError as error: print(error)'
    )
    assert raised.text.strip() == "exercise services.add"
    await kernel.run('build("services.add")')
    assert (await kernel.run('await service.add("a", "@b")')).text.strip() == "1"
    await kernel.run('build("services")')
    for name in ("__init__", "database", "models", "report", "services"):
        grown = course / ".workbook" / "notebooks" / "03_services" / "app" / f"{name}.py"
        assert grown.read_bytes() == (course / "solution" / f"{name}.py").read_bytes()


async def test_build_asks_until_an_attempt_was_checked(kernel: Kernel) -> None:
    await kernel.run(SET_UP)
    asked = await kernel.run('build("services.get")')
    assert "Look at the answer?" in asked.text
    assert "selectinload" not in asked.text
    assert "<details>" in asked.html
    assert "app/services.py:16" in (await kernel.run('build("services.get", look=True)')).text
    await kernel.run(
        "from workbook.notebook.verbs import desk\n"
        'desk().progress.record({"checks": [{"id": "services.get.works", "verdict": "not yet"}]})'
    )
    shown = await kernel.run('build("services.get")')
    assert "selectinload" in shown.text
    assert "<details>" not in shown.html
    assert "Look at" in (await kernel.run('build("services.add")')).text
    await kernel.run("ask_before_build(False)")
    assert "flush" in (await kernel.run('build("services.add")')).text


async def test_hints_come_one_by_one(kernel: Kernel) -> None:
    await kernel.run(SET_UP)
    told = [(await kernel.run('hint("engine.build")')).text for _ in range(4)]
    assert [text.count("hint ") for text in told] == [1, 2, 3, 3]
    assert "def build_engine(url):" in told[2]
    assert "def build_engine" not in told[1]


async def test_what_cannot_be_answered_is_one_line(kernel: Kernel) -> None:
    asked = await kernel.run('from workbook.notebook import *\nbuild("services.get")')
    assert asked.text.strip() == ('No lesson is open here: run open_lesson("services") first.')
    for source in (
        'open_lesson("servces")',
        'hint("services.gett")',
        'build("services.gett")',
        'await check("services.gett")',
    ):
        assert "close to it: services" in (await kernel.run(source)).text
    for source in ("build()", "await check()", "%%answer\nwords", "%%answer nobody.1\nwords"):
        assert len((await kernel.run(source)).text.strip().split("\n")) == 1
    told = (await kernel.run('hint("services")')).text.strip()
    assert told.startswith('"services" is a lesson; name one of its exercises: services.')


async def test_an_answer_to_a_question_nobody_asked_is_not_kept(
    kernel: Kernel, course: Path
) -> None:
    told = (await kernel.run("%%answer services.9\nOne commit.")).text.strip()
    assert told == ("There is no question services.9: a lesson asks 3, services.1 to services.3.")
    assert not (course / "exercises" / "answers.md").exists()


async def test_a_value_that_cannot_be_had_is_one_line_without_a_traceback(kernel: Kernel) -> None:
    await kernel.run("from workbook.notebook import *")
    with pytest.raises(CellExecutionError) as raised:
        await kernel.run('fresh_database("oracle")')
    assert raised.value.traceback.strip().split("\n")[-1] == (
        "There is no database 'oracle': say sqlite or postgresql"
    )
    assert 'File "' not in raised.value.traceback


async def test_a_check_shows_its_card_and_is_remembered(kernel: Kernel) -> None:
    await kernel.run(SET_UP)
    await kernel.run(
        "async def answer(self, ids, databases, seed):\n"
        '    check = {"id": "services.get.works", "verdict": "ok", "line": f"{databases} {seed}"}\n'
        '    check |= {"earned": 1, "possible": 1}\n'
        '    return {"schema": 1, "checks": [check], "earned": 1, "possible": 1, "notes": []}\n'
        "judging = verbs.desk().judging\n"
        "judging.run_checks = answer.__get__(judging)"
    )
    shown = await kernel.run('await check("services.get")')
    assert shown.text.startswith("services.get   one task with its worker")
    assert "('sqlite',) 7" in shown.text
    assert "1 of 1 point" in shown.html
    assert "'postgresql'" in (await kernel.run('await check("services", both=True)')).text
    assert "1 of  3" in (await kernel.run("course_map()")).text


async def test_answers_are_kept_in_the_students_project(kernel: Kernel, course: Path) -> None:
    await kernel.run(SET_UP)
    path = course / "exercises" / "answers.md"
    assert "nothing written" in (await kernel.run("%%answer services.1\nYour words here.")).text
    assert not path.exists()
    await kernel.run("%%answer services.1\nOne commit, at the end.")
    await kernel.run("%%answer services.1\nOne commit.")
    assert path.read_text() == "# In your own words\n\n## services.1\n\nOne commit.\n"


async def test_statements_shows_what_a_cell_sent_even_if_it_fails(kernel: Kernel) -> None:
    await kernel.run(SET_UP)
    await kernel.run(SECTIONS[0][0])
    assert "no statement" in (await kernel.run("%%statements")).text
    cell = "%%statements failing\nawait create_tables(engine)\n1 / 0"
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        await kernel.run(cell)
    assert "PRAGMA" in Shown(kernel.client.nb.cells[-1].outputs).text
    assert "failing: " in (await kernel.run("failing")).text


async def test_an_expected_exception_is_one_line(kernel: Kernel) -> None:
    await kernel.run("from workbook.notebook import *")
    shown = await kernel.run("with expect(KeyError, ValueError):\n    int('x')")
    assert shown.text.strip() == "ValueError: invalid literal for int() with base 10: 'x'"
    shown = await kernel.run("with expect(KeyError):\n    1")
    assert shown.text.strip() == "Nothing was raised; expected KeyError."
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        await kernel.run("with expect(KeyError):\n    1 / 0")


async def test_both_databases_answer_the_same_cell(kernel: Kernel) -> None:
    await kernel.run(SET_UP)
    await kernel.run(SECTIONS[0][0] + '\nbuild("services.add")')
    shown = await kernel.run(
        "async def add(engine):\n    async with AsyncSession(engine) as session:\n"
        '        return await TaskService(session).add("a", "@b")\n'
        "await side_by_side(add, prepare=create_tables)"
    )
    assert shown.text.split("\n")[-4:] == [
        "SQLite      1",
        "            (2 statements, 1 transaction, 1 connection)",
        "PostgreSQL  1",
        "            (2 statements, 1 transaction, 1 connection)",
    ]


async def test_an_edition_without_the_reference_builds_with_own_answers(
    kernel: Kernel, course: Path
) -> None:
    (course / "exercises" / "app").rmdir()
    (course / "solution").rename(course / "exercises" / "app")
    await kernel.run(SET_UP)
    assert "has not passed yet" in (await kernel.run('build("services.get")')).text
    await kernel.run(
        "from workbook.notebook.verbs import desk\n"
        'desk().progress.record({"checks": [{"id": "services.get.works", "verdict": "ok"}]})'
    )
    own = course / "exercises" / "app" / "services.py"
    own.write_text(own.read_text().replace(".first()", ".one_or_none()  # mine"))
    shown = await kernel.run('build("services.get")')
    assert "your own answer" in shown.text
    assert "# mine" in shown.text
    assert (await kernel.run("import app.services; app.services.__file__")).text.count(".workbook")


async def test_a_second_run_reads_as_the_first(course: Path, tmp_path: Path) -> None:
    sources = [SET_UP, *(source for section in SECTIONS for source in section)]
    sources = [source for source in sources if not source.startswith("hint")]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    env = os.environ | {"WORKBOOK_COURSE": str(course / "tool" / "lessons")}
    client = NotebookClient(notebook, kernel_name="python3", timeout=120)
    async with client.async_setup_kernel(env=env, cwd=str(course)):
        for place, cell in enumerate(notebook.cells):
            await client.async_execute_cell(cell, place)
        assert client.kc is not None
        client.kc.stop_channels()
    nbformat.write(notebook, tmp_path / "again.ipynb")
    rules = Path(workbook.notebook.__file__).with_name("nbval.cfg")
    again = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval"),
        *("--nbval-sanitize-with", str(rules), str(tmp_path / "again.ipynb")),
        env=env,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    told, _ = await again.communicate()
    assert again.returncode == 0, told.decode()
    assert f"{len(sources)} passed" in told.decode()
