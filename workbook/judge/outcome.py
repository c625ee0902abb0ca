"""The outcome of one check on one database, before verdicts are brought together."""

import re
from dataclasses import asdict, dataclass, field
from typing import Any

from .evidence import NotYet
from .witnesses import WitnessEndedError
from .work import Work

_BLANK = re.compile(r"^exercise ([a-z0-9_]+\.[a-z0-9_]+)$")
_MISSHAPEN = (KeyError, IndexError, TypeError, ValueError, AttributeError)
WORDS = 1_500


class NotStarted(Exception):
    """Every blank of the exercise is as the starter has it."""


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

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def judge(check: str, kind: str, error: BaseException | None, work: Work | None) -> Outcome:
    """The outcome of a check that ended with `error`, or passed."""
    printed = work.printed if work else ""
    if error is None:
        return Outcome(check, kind, "ok", printed=printed)
    blanks = sorted(_blanks([seen.value for seen in work.seen] if work else []))
    if isinstance(error, NotStarted):
        return Outcome(check, kind, "not started")
    if isinstance(error, WitnessEndedError):
        return Outcome(check, kind, error.verdict, str(error), printed=printed)
    if isinstance(error, NotYet) or (isinstance(error, AssertionError) and work is not None):
        told = error if isinstance(error, NotYet) else NotYet(str(error).split("\nassert ")[0])
        blanks += _met(told.story)
        return Outcome(
            check, kind, "not yet", told.story[:WORDS], told.where, told.sql, printed, blanks
        )
    if isinstance(error, _MISSHAPEN) and work is not None and work.seen:
        story = f"What came back had another shape than the contract says ({error!r:.200})."
        return Outcome(check, kind, "not yet", story, printed=printed, blanks=blanks)
    story = f"The checker could not do its work: {type(error).__name__}: {error}"
    return Outcome(check, kind, "ours", story[:WORDS])


def _met(story: str) -> list[str]:
    return re.findall(r"NotImplementedError: exercise ([a-z0-9_]+\.[a-z0-9_]+)", story)


def _blanks(value: Any) -> set[str]:
    """The exercises whose untouched stub raised somewhere in the evidence."""
    if isinstance(value, list):
        return {name for part in value for name in _blanks(part)}
    if not isinstance(value, dict):
        return set()
    types, message = value.get("types"), value.get("message")
    if isinstance(types, list) and "NotImplementedError" in types:
        found = _BLANK.match(str(message))
        return {found[1]} if found else set()
    return {name for part in value.values() for name in _blanks(part)}
