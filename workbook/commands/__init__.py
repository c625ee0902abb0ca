"""The command line: a student's verbs, and the instructor's.

Exit codes: 0 everything asked for is earned (of `review`: nothing found; of `doctor`: nothing is
missing), 1 not yet, 2 the call can't be answered as it stands; then one line says what to do. Of a
class: 1 somebody has no grade yet through a fault of ours, or a replay differs; 130 stopped by
Ctrl-C.
"""

import sys
from typing import NoReturn

import typer
from typer.exceptions import TyperException

from workbook.course import CourseError, UnknownId
from workbook.databases import DatabaseUnavailable
from workbook.judge.client import JudgeFault
from workbook.judge.target import TargetError
from workbook.review.command import review
from workbook.starter import EditionError, ResetError

from . import assemble, check, house, learn
from .usage import one_line
from .verbs import Verbs

app = typer.Typer(
    name="workbook",
    cls=Verbs,
    help="Learn to build an async database layer; grade three hundred people doing it.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(learn.status)
app.command()(check.check)
app.command()(check.watch)
app.command()(learn.hint)
app.command()(learn.reset)
app.command()(review)
app.command()(assemble.assemble)
app.command()(house.lab)
app.command()(house.doctor)
app.command()(house.sync)
app.command(rich_help_panel="For a class")(house.edition)


MISUSE = (
    CourseError,
    UnknownId,
    TargetError,
    ResetError,
    EditionError,
    DatabaseUnavailable,
    assemble.AssemblingError,
)


def main() -> None:
    """Runs one command; what the caller can mend is one line and exit code 2."""
    try:
        # None is what was typed; with nothing typed the verbs are shown.
        words = None if sys.argv[1:] else ["-h"]
        sys.exit(app(words, prog_name="workbook", standalone_mode=False))
    except TyperException as error:
        _refuse(one_line(error))
    except MISUSE as error:
        _refuse(str(error))
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _refuse(f"{place}{error.strerror or error}")
    except JudgeFault as fault:
        _refuse(
            f"{fault}\nThis is the checker's own fault; no points were touched."
            "\n`workbook doctor` says what this machine can do."
        )
    except KeyboardInterrupt:
        sys.exit(130)


def _refuse(said: str) -> NoReturn:
    print(f"workbook: {said}", file=sys.stderr)
    sys.exit(2)
