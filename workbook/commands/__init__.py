"""The command line: a student's verbs, and the instructor's.

Exit codes: 0 everything asked for is earned (of `review`: nothing found), 1 not yet, 2 the call
can't be answered as it stands; then one line says what to do. Of a class: 1 somebody has no grade
yet through a fault of ours, or a replay differs; 130 stopped by Ctrl-C.
"""

import sys

import typer

from workbook.course import CourseError, UnknownId
from workbook.databases import DatabaseUnavailable
from workbook.judge.client import JudgeFault
from workbook.judge.target import TargetError
from workbook.review.command import review
from workbook.starter import EditionError, ResetError

from . import assemble, check, house, learn
from .verbs import Verbs

app = typer.Typer(
    name="workbook",
    cls=Verbs,
    help="Learn to build an async database layer; grade three hundred people doing it.",
    no_args_is_help=True,
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
        app()
    except MISUSE as error:
        print(f"workbook: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"workbook: {place}{error.strerror or error}", file=sys.stderr)
        sys.exit(2)
    except JudgeFault as fault:
        print(
            f"workbook: {fault}\nThis is the checker's own fault; no points were touched.",
            file=sys.stderr,
        )
        print("`workbook doctor` says what this machine can do.", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
