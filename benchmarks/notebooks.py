"""`python -m benchmarks.notebooks [NAME…]`: restart and run all, and what of it is kernel start."""

import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from rich.console import Console
from rich.table import Table

from tests.course.notebooks import FOLDER, NAMES, SECONDS, fresh_copy


def run(name: str) -> tuple[float, float]:
    """Seconds until a fresh kernel answers, and until the last cell has run."""
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "course"
        os.environ |= fresh_copy(root)
        resources = {"metadata": {"path": str(root / "notebooks")}}
        client = NotebookClient(notebook, timeout=SECONDS, resources=resources)
        start = time.perf_counter()
        with client.setup_kernel():
            started = time.perf_counter() - start
            for number, cell in enumerate(notebook.cells):
                client.execute_cell(cell, number)
            return started, time.perf_counter() - start


def main() -> None:
    """Runs each notebook once, on an untouched starter."""
    table = Table("notebook", "s in all", "s of kernel start", "share")
    for name in sys.argv[1:] or NAMES:
        started, took = run(name)
        table.add_row(name, f"{took:.1f}", f"{started:.1f}", f"{started / took:.0%}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
