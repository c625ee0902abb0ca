"""`%%statements` above a cell shows what the cell sent to its databases."""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from workbook.seeing.recorder import record
from workbook.seeing.trace import Trace

_MAGIC = re.compile(r"%%statements(?:[ \t]+(?P<name>.*))?$")
_HOOK = "_statements_of_cell"


class _Cell:
    """The recording of the cell that runs now, if it asked for one."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.open: ExitStack | None = None
        self.trace = Trace()

    def begin(self, name: str = "") -> None:
        self.open = ExitStack()
        self.trace = self.open.enter_context(record(name=name.replace("_", " ")))
        if name:
            self.shell.user_ns[name] = self.trace

    def end(self, _result: Any = None) -> None:
        if self.open is not None:
            self.open.close()
            self.open = None
            display(self.trace)  # type: ignore[no-untyped-call]


def _rewrite(lines: list[str]) -> list[str]:
    """The cell without the magic line, so that `await` works in it as anywhere.

    A cell magic would get the body as a string and have to run it inside a running loop;
    a call in the first line leaves the cell to IPython, line numbers included.
    """
    first = next((at for at, line in enumerate(lines) if line.strip()), None)
    match = None if first is None else _MAGIC.match(lines[first].strip())
    if first is None or match is None:
        return lines
    name = (match["name"] or "").strip()
    if name and not name.isidentifier():
        message = f"%%statements takes one name to keep the trace by; found {name}"
        return [*lines[:first], f"print({message!r})\n"]
    return [*lines[:first], f"get_ipython().{_HOOK}({name!r})\n", *lines[first + 1 :]]


def load(shell: InteractiveShell) -> None:
    """Makes `%%statements` known to a shell; calling it again changes nothing."""
    if hasattr(shell, _HOOK):
        return
    cell = _Cell(shell)
    setattr(shell, _HOOK, cell.begin)
    # Before IPython's own step that turns a %%line into a call with a string.
    shell.input_transformers_cleanup.append(_rewrite)
    shell.events.register("post_run_cell", cell.end)
