"""The tables of a gradebook: what was handed in, what was found, what a person changed.

Everything but `Log` is canonical: the same class graded again holds the same values, so no times,
hosts or durations stand in it.
"""

from sqlalchemy import Column, LargeBinary, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Table(SQLModel, registry=registry()):
    """A registry of its own, so that no other SQLModel tables mix with these."""


class Submission(Table, table=True):
    """The files of one project root, kept so that any check can be repeated."""

    digest: str = Field(primary_key=True)
    files: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Result(Table, table=True):
    """What one version of the suites found in one submission; never deleted."""

    __table_args__ = (UniqueConstraint("digest", "suite", "databases", "seed"),)
    id: int | None = Field(default=None, primary_key=True)
    digest: str = Field(foreign_key="submission.digest", index=True)
    suite: str
    databases: str
    seed: int
    state: str
    """`graded`, or `ours`: then the next run tries again."""
    document: str
    """The result as canonical JSON, schema 1; `{}` where there is none."""


class Run(Table, table=True):
    """One grading of a class; the last finished one is what reports show."""

    id: int | None = Field(default=None, primary_key=True)
    suite: str
    databases: str
    attempts: str
    shard: str = ""
    roster: bool = False
    """Whether somebody said who is in the class."""
    finished: bool = False
    catalogue: str = "{}"
    containment: str = "{}"


class Standing(Table, table=True):
    """One person in one run: the row that grades come from."""

    __table_args__ = (UniqueConstraint("run_id", "student"),)
    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id", index=True)
    student: str
    person: str
    state: str
    """`graded`, `absent`, `refused` or `ours`."""
    chosen: int | None = None
    """The position of the attempt that counts."""
    flags: str = "[]"


class Attempt(Table, table=True):
    """One thing one person handed in, in one run."""

    __table_args__ = (UniqueConstraint("run_id", "student", "position"),)
    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id", index=True)
    student: str
    position: int
    label: str
    late: bool = False
    digest: str | None = None
    reason: str = ""
    notes: str = "[]"


class Override(Table, table=True):
    """Points a person gave by hand, with the reason; the last one for a check counts."""

    id: int | None = Field(default=None, primary_key=True)
    student: str = Field(index=True)
    digest: str
    """The submission it was made for; on another one it lapses."""
    check: str
    points: float | None = None
    """None takes an earlier change back."""
    reason: str


class Log(Table, table=True):
    """When, where and how long: true, and never compared."""

    id: int | None = Field(default=None, primary_key=True)
    at: str
    host: str
    event: str
    digest: str = Field(default="", index=True)
    seconds: float = 0.0
    timing: str = "{}"
    message: str = ""
