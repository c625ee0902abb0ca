"""Evidence: what a witness said, read with distrust."""

import re
from dataclasses import dataclass, field
from typing import Any

# Atomic: text that a student chose must not make the judge try every way to read it.
_INSERT = re.compile(r"\s*INSERT\b", re.I)
_BESIDE = 3
"""How many statements a kit may need around a window, to open a session."""
_DATA = re.compile(
    r"\s*+(?>/\*.*?\*/\s*)*+(?:SELECT|INSERT|UPDATE|DELETE|WITH|MERGE)\b", re.I | re.S
)


def is_data(sql: str) -> bool:
    """Whether a statement reads or writes rows, as BEGIN and SET do not."""
    return _DATA.match(sql) is not None


class NotYet(AssertionError):
    """What a check expects isn't there yet: the story, the place, the SQL that ran."""

    def __init__(self, story: str, where: str = "", sql: list[str] | None = None) -> None:
        super().__init__(story)
        self.story, self.where, self.sql = story, where, sql or []


class Tampered(Exception):
    """The code that gathers evidence was changed, so there is none; `str` names what."""


@dataclass(frozen=True)
class StudentError:
    """An exception as the witness told it."""

    types: tuple[str, ...]
    message: str
    where: str = ""
    cause: "StudentError | None" = None
    refused: str = ""
    called: str = ""

    @classmethod
    def read(cls, told: Any) -> "StudentError":
        """Reads what was told; anything else than text counts as nothing."""
        told = told if isinstance(told, dict) else {}
        types = tuple(t for t in _list(told.get("types")) if isinstance(t, str))
        frames = [f for f in _list(told.get("frames")) if isinstance(f, str)]
        cause = cls.read(told["cause"]) if isinstance(told.get("cause"), dict) else None
        return cls(
            types or ("Exception",),
            str(told.get("message", "")),
            (frames or [""])[-1],
            cause,
            str(told.get("refused", "")),
            str(told.get("called", ""))[:100],
        )

    def is_a(self, *names: str) -> bool:
        """Whether one of its classes has one of these names."""
        return any(name in self.types for name in names)

    @property
    def kind(self) -> str:
        """The name of its class."""
        return self.types[0]

    def __str__(self) -> str:
        text = " ".join(re.split(r"\[SQL:|\(Background on", self.message)[0].split())
        return f"{self.kind}: {text[:300]}" if text else self.kind


def _number(value: Any) -> int:
    return value if type(value) is int and value > 0 else 0


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


@dataclass(frozen=True)
class Logged:
    """What the server executed while a probe ran, and the tables there are."""

    statements: list[str]
    tables: frozenset[str]

    def on_tables(self, statements: list[str]) -> list[str]:
        """Those that read or write rows of a table."""
        found = {
            sql
            for sql in set(statements)  # ten thousand of them are often one
            if is_data(sql) and not self.tables.isdisjoint(re.findall(r"\w+", sql))
        }
        return [sql for sql in statements if sql in found]


@dataclass(frozen=True)
class Seen:
    """The answer of one probe."""

    value: Any
    error: StudentError | None = None
    windows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    printed: str = ""
    beside: list[str] = field(default_factory=list)
    logged: Logged | None = None

    @classmethod
    def read(cls, answer: dict[str, Any], logged: Logged | None = None) -> "Seen":
        """Reads a witness's answer strictly."""
        error = StudentError.read(answer["error"]) if answer.get("error") else None
        windows = answer.get("windows")
        windows = windows if isinstance(windows, dict) else {}
        kept = {
            str(name): [s for s in _list(rows) if isinstance(s, dict)]
            for name, rows in windows.items()
        }
        printed = answer.get("printed")
        return cls(
            answer.get("value"),
            error,
            kept,
            printed if isinstance(printed, str) else "",
            [sql for sql in _list(answer.get("beside")) if isinstance(sql, str)],
            logged,
        )

    def sql(self, window: str = "") -> list[str]:
        """Everything that ran in a window, transaction words included, in order."""
        return [str(row.get("sql", "")) for row in self.windows.get(window, [])]

    def statements(self, window: str = "") -> list[str]:
        """The SELECT, INSERT, UPDATE and DELETE statements of a window, in order."""
        return [sql for sql in self.sql(window) if is_data(sql)]

    @property
    def served(self) -> list[str] | None:
        """What the server logged on tables while the probe ran, where it was asked."""
        return self.logged.on_tables(self.logged.statements) if self.logged else None

    def count(self, window: str = "") -> int:
        """How many data statements ran in a window: by the server's own log, where there is one.

        Of what the witness tells, two things are then believed: that a few ran beside the
        window, and that INSERTs were one with many rows, which the log shows row by row.
        """
        rows = self.windows.get(window, [])
        found = self.served
        if self.logged is None or found is None:
            return len(self.statements(window)) + sum(_number(row.get("more")) for row in rows)
        inserts = sum(_INSERT.match(sql) is not None for sql in found)
        many = [_number(row.get("times")) for row in rows if _INSERT.match(str(row.get("sql")))]
        as_one = min(sum(times - 1 for times in many if times), max(0, inserts - 1))
        beside = min(len(self.logged.on_tables(self.beside)), _BESIDE)
        return max(0, len(found) - as_one - beside)

    def errors(self) -> list[StudentError]:
        """Every exception that was told: the probe's own, and those in its value."""
        found = [self.error] if self.error is not None else []
        waiting = [self.value]
        while waiting:
            value = waiting.pop()
            if isinstance(value, list):
                waiting += value
            elif isinstance(value, dict) and isinstance(value.get("types"), list):
                found.append(StudentError.read(value))
            elif isinstance(value, dict):
                waiting += value.values()
        return found

    def error_in(self, key: str) -> StudentError | None:
        """The exception under `key` of the value, as `Bench.outcome` told it."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        if isinstance(value, dict) and "error" in value:
            return StudentError.read(value["error"])
        return None
