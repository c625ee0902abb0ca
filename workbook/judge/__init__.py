"""The judge: graded suites, evidence from witnesses, verdicts.

A suite needs `check` and `Work`; a client needs `Judges`, whose `run` returns a result.
"""

from .evidence import NotYet, Seen, StudentError
from .marking import check
from .work import Work

__all__ = ["NotYet", "Seen", "StudentError", "Work", "check"]
