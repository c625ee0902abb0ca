"""A cut says which part of a file an exercise leaves blank."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal, get_args

Form = Literal["body", "class", "statement", "whole"]
FORMS: tuple[Form, ...] = get_args(Form)
EXTRAS: dict[Form, set[str]] = {
    "body": set(),
    "class": {"keep"},
    "statement": {"was", "absent"},
    "whole": set(),
}


@dataclass(frozen=True)
class Cut:
    """One part of one file; `file` is relative to the project root."""

    file: str
    form: Form
    name: str = ""
    keep: tuple[str, ...] = ()
    was: str = ""
    absent: bool = False
    """Before its lesson the statement isn't there, and no comment marks its place."""

    def __str__(self) -> str:
        return f"{self.file}: {self.form} {self.name}".rstrip()

    @classmethod
    def read(cls, table: Any) -> Cut:
        """The cut a TOML table describes; ValueError says what the table lacks."""
        if isinstance(table, cls):
            return table
        if not isinstance(table, dict):
            raise ValueError(f"a cut is a table with a file and one of {', '.join(FORMS)}")
        forms = [form for form in FORMS if form in table]
        if len(forms) != 1:
            raise ValueError(f"a cut names one of {', '.join(FORMS)}; found {_listed(forms)}")
        (form,) = forms
        if unknown := sorted(set(table) - {"file", form} - EXTRAS[form]):
            raise ValueError(f"a {form} cut has no key {_listed(unknown)}")
        file, target = table.get("file"), table[form]
        if not isinstance(file, str) or not _is_inside(file):
            raise ValueError(f"the file of a cut is a path inside the project; found {file!r}")
        if form == "whole":
            if target is not True:
                raise ValueError(f"whole is true or left out; found {target!r}")
            return cls(file, form)
        if not isinstance(target, str) or not target.strip():
            raise ValueError(f"{form} names what is cut; found {target!r}")
        keep, was = table.get("keep", []), table.get("was", "")
        if not isinstance(keep, list) or not all(isinstance(name, str) for name in keep):
            raise ValueError(f"keep lists the names that stay; found {keep!r}")
        if not isinstance(was, str):
            raise ValueError(f"was is the earlier form as text; found {was!r}")
        absent = table.get("absent", False)
        if not isinstance(absent, bool) or (absent and was):
            raise ValueError("absent is true for a statement that has no earlier form")
        return cls(file, form, target, tuple(keep), was, absent)


def _is_inside(file: str) -> bool:
    path = PurePosixPath(file)
    return bool(file) and not path.is_absolute() and ".." not in path.parts and "\\" not in file


def _listed(names: list[Any]) -> str:
    return ", ".join(map(str, names)) or "none"
