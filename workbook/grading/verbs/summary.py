"""How a graded class stands: in words, and as an exit code."""

from pathlib import Path

from workbook.grading.exports.table import isolation
from workbook.grading.gradebook.ledger import Ledger
from workbook.grading.verbs.speaking import say
from workbook.grading.wording import counted

NAMED = 10


def summary(ledger: Ledger, out: Path) -> None:
    """Say how a class stands and what to open."""
    counts = dict.fromkeys(("graded", "absent", "refused", "ours"), 0)
    for row in ledger.rows:
        counts[row.state] += 1
    words = {"ours": "held up by a fault of ours"}
    said = ", ".join(
        f"{count} {words.get(state, state)}" for state, count in counts.items() if count
    )
    say(f"{counted(len(ledger.rows), 'person', 'people')}: {said or 'nobody in this part'}")
    if ledger.gone:
        are = "is" if len(ledger.gone) == 1 else "are"
        who = ", ".join(ledger.gone[:NAMED])
        more = f" and {len(ledger.gone) - NAMED} more" if len(ledger.gone) > NAMED else ""
        say(f"{len(ledger.gone)} graded before {are} not in the folder any more: {who}{more}")
    flagged = sum(bool(row.flags) for row in ledger.rows)
    if flagged:
        say(f"{flagged} not matched for certain: see the report, under To look at")
    if ledger.left_out:
        said = f"{counted(len(ledger.left_out), 'check')} not run and not counted"
        say(f"{said}: {ledger.needs} (--db)")
    say(f"isolation: {isolation(ledger.containment)}")
    say(f"grades   {out / 'grades.csv'}")
    say(f"report   {out / 'report' / 'index.html'}")


def exit_code(ledger: Ledger) -> int:
    """1 where somebody has no grade yet through a fault of ours, which is said."""
    held_up = [row for row in ledger.rows if row.state == "ours" and not row.settled]
    if held_up:
        say(
            f"{len(held_up)} without a grade through our own fault: grade again, it tries them anew"
        )
    return 1 if held_up else 0
