"""`workbook lab`, `doctor`, `sync` and `edition`: the house itself."""

import os
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from workbook import starter
from workbook.course import Course

from .place import CourseOption, console


def lab(course: CourseOption = None) -> None:
    """Opens the workbook in JupyterLab."""
    root = Course.load(course).root
    jupyter = [sys.executable, "-m", "jupyter"]
    notebooks = [path.relative_to(root) for path in sorted(root.glob("notebooks/*.ipynb"))]
    # Lab shows pictures of a notebook from elsewhere only once somebody said it is trusted.
    trust = [*jupyter, "trust", *map(str, notebooks)]
    subprocess.run(trust, cwd=root, check=False, stdout=subprocess.DEVNULL)
    # Named as a file to open, the notebook would make its folder the root, without exercises/.
    command = [*jupyter, "lab", f"--ServerApp.root_dir={root}"]
    command.append("--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb")
    # Its own defaults for Lab: the system's theme, no question about news, nothing asked of the
    # network.
    command.append(f"--LabApp.app_settings_dir={resources.files('workbook.notebook') / 'lab'}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.platform == "linux" and not screen:
        command.append("--no-browser")
        console.print("There is no screen here, so open the address below in a browser.")
    if sys.platform == "win32":
        raise typer.Exit(subprocess.run(command, cwd=root, check=False).returncode)
    # In our own place, so that whoever ends this command ends Lab.
    sys.stdout.flush()
    os.chdir(root)
    os.execv(sys.executable, command)


def doctor() -> None:
    """Says what this machine can do, and what to install for the rest.

    Exit code 1: something is missing. What is limited works, more slowly or with less.
    """
    from workbook.doctor import examine

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    findings = examine()
    for finding in findings:
        says = finding.says + (f"\n{finding.cure}" if finding.cure else "")
        table.add_row(finding.state, finding.name, says)
    console.print(table)
    raise typer.Exit(0 if all(finding.state != "missing" for finding in findings) else 1)


def sync(
    check: Annotated[bool, typer.Option("--check", help="Only say what differs.")] = False,
    course: CourseOption = None,
) -> None:
    """Cuts the exercises out of the reference; never touches a file that holds work."""
    found = Course.load(course)
    if not check:
        done = starter.sync(found)
        for word, files in (("wrote", done.written), ("removed", done.removed)):
            for file in files:
                console.print(f"{word} {file}")
        for file in done.refused:
            console.print(f"left {file}: it holds work; move it away to have the starter's")
        raise typer.Exit(1 if done.refused else 0)
    differences = starter.differences(found)
    for line in differences:
        console.print(line)
    if differences:
        console.print("run `workbook sync`")
        raise typer.Exit(1)
    console.print("exercises/ is the reference with every blank cut out")


def edition(
    out: Annotated[Path, typer.Argument(help="A new folder for it.")],
    course: CourseOption = None,
) -> None:
    """Makes a folder for a class to work in, without the answers."""
    starter.make_edition(Course.load(course), out)
    console.print(f"{out} holds what a student needs and no answers; grade with this repository.")
