"""The outcome of one check on one database, before verdicts are brought together."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from workbook.databases import Unreadable

from .channel import WitnessEndedError
from .evidence import NotYet, StudentError, Tampered
from .work import Work

_BLANK = re.compile(r"^exercise ([a-z0-9_]+\.[a-z0-9_]+)$")
_MISSHAPEN = (
    LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError,
)  # fmt: skip
WORDS = 1_500


@dataclass(frozen=True)
class Outcome:
    """One verdict with its story; `blanks` are exercises whose stub was met on the way."""

    check: str
    database: str
    verdict: str
    story: str = ""
    where: str = ""
    sql: list[str] = field(default_factory=list)
    printed: str = ""
    blanks: list[str] = field(default_factory=list)
    seconds: float = field(default=0, compare=False)

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def judge(check: str, kind: str, error: BaseException | None, work: Work | None) -> Outcome:
    """The outcome of a check that ended with `error`, or passed."""
    printed = work.printed if work else ""
    if error is None:
        return Outcome(check, kind, "ok", printed=printed)
    if isinstance(error, WitnessEndedError):
        return Outcome(check, kind, error.verdict, str(error), printed=printed)
    if isinstance(error, Tampered):
        story = f"{error} was replaced while your code ran, so what the process said can't count."
        return Outcome(check, kind, "refused", story, printed=printed)
    if isinstance(error, Unreadable):
        story = f"We looked into the database; it answered: {error}."
        return Outcome(check, kind, "not yet", story[:WORDS], printed=printed)
    met = [one for seen in work.seen for one in seen.errors()] if work else []
    blanks = sorted(_blanks(met))
    if isinstance(error, NotYet) or (isinstance(error, AssertionError) and work is not None):
        told = error if isinstance(error, NotYet) else NotYet(str(error).split("\nassert ")[0])
        verdict, story = "not yet", told.story
        if reason := next((one.refused for one in met if one.refused), ""):
            verdict, story = "refused", f"Here {reason}. {story}"
        blanks += _met(told.story)
        return Outcome(check, kind, verdict, story[:WORDS], told.where, told.sql, printed, blanks)
    if isinstance(error, _MISSHAPEN) and work is not None and work.seen:
        story = f"What came back had another shape than the contract says ({error!r:.200})."
        return Outcome(check, kind, "not yet", story, printed=printed, blanks=blanks)
    story = f"The checker could not do its work: {type(error).__name__}: {error}"
    return Outcome(check, kind, "ours", story[:WORDS])


def _met(story: str) -> list[str]:
    return re.findall(r"NotImplementedError: exercise ([a-z0-9_]+\.[a-z0-9_]+)", story)


def _blanks(met: Iterable[StudentError]) -> set[str]:
    """The exercises whose untouched stub raised somewhere in the evidence."""
    stubs = (_BLANK.match(one.message) for one in met if one.is_a("NotImplementedError"))
    return {found[1] for found in stubs if found}
