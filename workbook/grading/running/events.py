"""What a class run tells while it goes on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Started:
    """So many attempts will be settled, by so many graders."""

    attempts: int
    graders: int


@dataclass(frozen=True)
class Settled:
    """One attempt has its result, from now or from an earlier run."""

    label: str
    state: str
    earned: float = 0
    known: bool = False
    """It was in the gradebook already."""
    reason: str = ""
    """Why there is no grade."""


@dataclass(frozen=True)
class Faulted:
    """A grader of ours failed and was replaced."""

    message: str


@dataclass(frozen=True)
class Stopping:
    """Somebody asked the run to stop, and it does."""


Event = Started | Settled | Faulted | Stopping
