"""What a Gradescope export says about who handed in what."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from workbook.grading.intake.entries import Entry, natural

METADATA = "submission_metadata.yml"


def gradescope_entries(folder: Path, handed_in: list[Path]) -> list[Entry]:
    """An entry for each submitter of each submission, and for what the list leaves out."""
    try:
        listed = yaml.load((folder / METADATA).read_bytes(), _Loader) or {}
        found = [
            entry
            for place, about in sorted(listed.items())
            for entry in _entries(folder, place, about)
        ]
    except (yaml.YAMLError, AttributeError, TypeError, RecursionError) as error:
        raise ValueError(f"{folder / METADATA} isn't the list Gradescope exports") from error
    named = {entry.path for entry in found}
    return found + [_unlisted(path) for path in handed_in if path not in named]


def _entries(folder: Path, place: object, about: Any) -> Iterator[Entry]:
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
        yield Entry(path, who, shown, ids, names, order=order, email=email, number=sid)


def _unlisted(path: Path) -> Entry:
    return Entry(path, f"gradescope {path.name}", path.name, flags=(f"not in {METADATA}",))


class _Loader(yaml.SafeLoader):
    """Reads the export's Ruby tags as the plain values they wrap."""


def _untagged(loader: _Loader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


_Loader.add_multi_constructor("!", _untagged)
