"""Who handed in what, read from the names that learning platforms give."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from workbook.grading.archives import archived

_CANVAS = re.compile(
    r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<user>\d+|anon\w+)_(?P<file_id>\d+)_(?P<file>.+)"
)
_MOODLE = re.compile(
    r"(?P<name>.+)_(?P<user>\d+)_assignsubmission_(?P<kind>file|onlinetext)_?(?P<file>.*)"
)
_ATTEMPT = re.compile(r"(?P<who>.+?)[-_ .](?:attempt|try|submission|v)?[-_ ]?(?P<number>\d{1,3})")
_PAPERWORK = (".csv", ".json", ".yml", ".yaml", ".md", ".txt", ".html", ".xlsx", ".ods", ".db")
METADATA = "submission_metadata.yml"
GRADEBOOK = "gradebook.sqlite"
"""Marks the folder an earlier run wrote into, which nobody handed in."""


@dataclass(frozen=True)
class Entry:
    """One thing handed in by one person, and all that its name says about both."""

    path: Path
    person: str
    """What tells this person from another of the same name."""
    name: str
    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    late: bool = False
    email: str = ""
    number: str = ""
    canvas: str = ""
    moodle: str = ""


def entries_in(folder: Path) -> list[Entry]:
    """What lies in a class folder, one entry for each person and thing handed in."""
    if (folder / METADATA).is_file():
        return list(_gradescope(folder))
    found = [_entry(path) for path in sorted(folder.iterdir()) if not _paperwork(path)]
    return _without_assignment(_without_loose_files([entry for entry in found if entry]))


def recognised(name: str) -> bool:
    """Whether a learning platform gave this name."""
    return bool(name == METADATA or _CANVAS.fullmatch(name) or _MOODLE.fullmatch(name))


def natural(text: str) -> tuple[str, ...]:
    """A sort key that puts attempt 10 after attempt 9."""
    parts = re.findall(r"\d+|\D+", text)
    return tuple(part.rjust(20, "0") if part.isdigit() else part.casefold() for part in parts)


def _paperwork(path: Path) -> bool:
    if path.name.startswith(".") or path.name == "__MACOSX" or (path / GRADEBOOK).is_file():
        return True
    loose = path.is_file() and path.name.lower().endswith(_PAPERWORK)
    return loose and not recognised(path.name)


def _entry(path: Path) -> Entry | None:
    if found := _MOODLE.fullmatch(path.name):
        if found["kind"] == "onlinetext":
            return None
        name = found["name"]
        who = f"moodle {found['user']}"
        order = natural(found["file"])
        return Entry(path, who, name, (), (name,), order, moodle=found["user"])
    if found := _CANVAS.fullmatch(path.name):
        user, name = found["user"], found["name"]
        ids = () if user.startswith("anon") else (user,)
        order = natural(found["file_id"])
        late = bool(found["late"])
        return Entry(path, f"canvas {user}", name, ids, (name,), order, late, canvas=user)
    return _plain(path)


def _plain(path: Path) -> Entry:
    stem = path.name
    if path.is_file():
        stem = re.sub(r"(?i)(\.tar)?\.[a-z0-9]{1,4}$", "", stem) or stem
    ids = [stem]
    who, order = stem, natural("")
    if found := _ATTEMPT.fullmatch(stem):
        who, order = found["who"], natural(found["number"])
        ids.append(who)
    # A repository is called assignment-username, an upload username_homework.
    ids += [who.split("-", cut)[-1] for cut in range(1, who.count("-") + 1)]
    ids += [who.rsplit("_", cut)[0] for cut in range(1, who.count("_") + 1)]
    return Entry(path, f"plain {who.casefold()}", who, tuple(dict.fromkeys(ids)), (who,), order)


def _without_loose_files(entries: list[Entry]) -> list[Entry]:
    """Beside an archive or a folder, somebody's screenshots are no attempts."""
    whole = {entry.person for entry in entries if entry.path.is_dir() or archived(entry.path.name)}
    return [
        entry
        for entry in entries
        if entry.path.is_dir() or archived(entry.path.name) or entry.person not in whole
    ]


def _without_assignment(entries: list[Entry]) -> list[Entry]:
    """Take the assignment's name off repositories, when they all begin with it."""
    repos = [entry for entry in entries if entry.person.startswith("plain ") and "-" in entry.name]
    if len(repos) < 2 or len(repos) < len(entries):
        return entries
    first, *others = (entry.name.split("-")[:-1] for entry in repos)
    shared = 0
    while all(len(words) > shared for words in (first, *others)) and all(
        words[shared] == first[shared] for words in others
    ):
        shared += 1
    if not shared:
        return entries
    cut = [entry.name.split("-", shared)[-1] for entry in entries]
    return [
        replace(entry, name=name, names=(name,), person=f"plain {name.casefold()}")
        for entry, name in zip(entries, cut, strict=True)
    ]


class _Loader(yaml.SafeLoader):
    """Reads the export's Ruby tags as the plain values they wrap."""


def _untagged(loader: _Loader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


_Loader.add_multi_constructor("!", _untagged)


def _gradescope(folder: Path) -> Iterator[Entry]:
    try:
        listed = yaml.load((folder / METADATA).read_bytes(), _Loader) or {}
        for place, about in sorted(listed.items()):
            path = folder / Path(str(place)).name
            order = natural(str(about.get(":created_at", "")))
            for person in about.get(":submitters") or [{}]:
                name, sid, email = (
                    str(person.get(field) or "").strip() for field in (":name", ":sid", ":email")
                )
                ids = tuple(filter(None, (email, sid)))
                who = f"gradescope {email or sid or name or place}".casefold()
                shown = name or email or sid or path.name
                names = (name,) if name else ()
                yield Entry(path, who, shown, ids, names, order, email=email, number=sid)
    except (yaml.YAMLError, AttributeError, TypeError, RecursionError) as error:
        raise ValueError(f"{folder / METADATA} isn't the list Gradescope exports") from error
