"""`workbook grade`, `merge`, `replay`, `override` and `export`: the instructor's verbs.

Exit codes: 0 done; 1 somebody has no grade yet through a fault of ours, or a replay differs;
2 the call can't be answered as it stands; 130 stopped by Ctrl-C.
"""

import typer

from workbook.grading.verbs.appeal import override, replay
from workbook.grading.verbs.export import export
from workbook.grading.verbs.grade import grade, merge

__all__ = ["app"]

app = typer.Typer(
    name="workbook", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
for verb in (grade, merge, replay, override, export):
    app.command(rich_help_panel="For a class")(verb)
