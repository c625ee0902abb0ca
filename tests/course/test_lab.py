"""A student's first minutes in a real browser: run all, edit a file in Lab, see the card turn."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.course.notebooks import fresh_copy

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.proof

PATIENCE = 120_000  # milliseconds, for one step
BLANK = '    raise NotImplementedError("exercise engine.sessions")\n'
ANSWER = "    return async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)\n"
# Not the inner text: Lab leaves it out of cells that are scrolled out of sight.
NUMBERS = (
    "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]"
    ".map(prompt => /\\[\\d+\\]/.test(prompt.textContent))"
)
ERROR = ".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']"
QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with an untouched starter."""
    root = tmp_path_factory.mktemp("lab") / "course"
    fresh_copy(root)
    return root


@pytest.fixture(scope="module")
def address(project: Path) -> Iterator[str]:
    """The address that `workbook lab` prints, while it runs."""
    state = {
        "WORKBOOK_COURSE": str(project / "workbook" / "lessons"),
        "WORKBOOK_STATE": str(project / ".workbook"),
        "JUPYTER_PORT": "0",
        "JUPYTER_CONFIG_DIR": str(project / ".jupyter"),
        "JUPYTER_DATA_DIR": str(project / ".jupyter"),
    }
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"} | state
    command = [sys.executable, "-c", "from workbook.commands import main; main()", "lab"]
    said = project / "lab.log"
    with said.open("w") as log:
        lab = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield _address(lab, said)
    finally:
        lab.terminate()
        lab.wait(120)


def _address(lab: "subprocess.Popen[bytes]", said: Path) -> str:
    """Waits for the address in what Lab says; it must come before Lab ends."""
    while lab.poll() is None:
        if found := re.search(r"http://127\.0\.0\.1:\d+/lab\S*\?token=\w+", said.read_text()):
            return found[0]
        time.sleep(0.2)
    raise AssertionError(said.read_text())


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    assert program, "make proof needs chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        yield found
        found.close()


def opened(browser: "Browser", address: str, file: str, **look: object) -> "Page":
    """A page of Lab with one file open."""
    page = browser.new_context(**look).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE)
    base, _, token = address.partition("?")
    page.goto(re.sub(r"/lab.*", f"/lab/tree/{file}?{token}&reset", base))
    page.wait_for_selector(".jp-Notebook, .jp-FileEditor")
    return page


def choose(page: "Page", menu: str, entry: str) -> None:
    """Chooses an entry of one of Lab's menus."""
    page.get_by_role("menuitem", name=menu, exact=True).click()
    page.get_by_text(entry, exact=True).click()


def run_all(page: "Page") -> None:
    """Runs every cell by the menu and waits for the last one; none may raise."""
    # What is run before the kernel is there brings up a question about kernels.
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']")
    # The numbers of an earlier run would look like those of this one.
    choose(page, "Edit", "Clear Outputs of All Cells")
    page.wait_for_function(f"() => !({NUMBERS}).some(Boolean)")
    choose(page, "Run", "Run All Cells")
    ended = f'() => ({NUMBERS}).every(Boolean) || document.querySelector("{ERROR}")'
    page.wait_for_function(ended)
    assert page.locator(ERROR).all_inner_texts() == []


@pytest.mark.parametrize(
    ("name", "width", "theme"),
    [
        ("00_start_here", 1280, "light"),
        ("00_start_here", 900, "dark"),
        ("03_services", 1280, "light"),
        ("03_services", 900, "dark"),
    ],
)
def test_a_notebook_runs_in_a_browser_without_an_error(
    browser: "Browser", address: str, tmp_path: Path, name: str, width: int, theme: str
) -> None:
    look = {"viewport": {"width": width, "height": 1000}, "color_scheme": theme}
    page = opened(browser, address, f"notebooks/{name}.ipynb", **look)
    lit = str(theme == "light").lower()
    page.wait_for_selector(f"body[data-jp-theme-light='{lit}']", state="attached")
    run_all(page)
    page.screenshot(path=tmp_path / f"{name}_{width}_{theme}.png")


def test_a_card_turns_once_the_exercise_is_solved_in_lab(
    browser: "Browser", address: str, project: Path, tmp_path: Path
) -> None:
    page = opened(browser, address, "notebooks/00_start_here.ipynb")
    run_all(page)
    assert page.get_by_text("0 of 2 points").count()

    text = (project / "exercises/app/database.py").read_text()
    assert text.count(BLANK) == 1
    editor = opened(browser, address, "exercises/app/database.py")
    editor.locator(".jp-FileEditor .cm-content").click()
    editor.keyboard.press("Control+a")
    editor.keyboard.insert_text(text.replace(BLANK, ANSWER))
    editor.keyboard.press("Control+s")
    editor.wait_for_function("() => !document.querySelector('.jp-mod-dirty')")
    assert ANSWER in (project / "exercises/app/database.py").read_text()

    run_all(page)
    page.get_by_text("2 of 2 points").first.wait_for()
    page.screenshot(path=tmp_path / "solved.png")
