"""An exception that a cell is there to show, in one line instead of a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from workbook.notebook.telling import Note, show
from workbook.seeing.both import told


@contextmanager
def expect(*kinds: type[BaseException]) -> Iterator[None]:
    """Shows the exception that ends the block, if it is one of these, and goes on.

    Without a kind, any `Exception`. A block that ends well is told too; another exception
    is raised as ever.
    """
    kinds = kinds or (Exception,)
    try:
        yield
    except kinds as error:
        show(Note(told(error)))
    else:
        names = " or ".join(kind.__name__ for kind in kinds)
        show(Note(f"Nothing was raised; expected {names}."))
