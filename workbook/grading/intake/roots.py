"""Find the project root in a submission, and say what belongs to it.

A project root is a folder with `app/`. It may lie in a wrapper folder, or be the `exercises/` of
a whole course; what it may hold is listed here and nothing else of it is read.
"""

from workbook.grading.cleaning import line
from workbook.grading.intake.limits import Refused

FOLDERS = {
    "app": (".py", ".pyi", ".typed", ".md", ".txt", ".toml", ".json", ".sql", ".ini", ".html"),
    "alembic": (".py", ".mako", ".md", ".txt", ".ini", ".sql", "README"),
    "tests": (".py", ".md", ".txt", ".toml", ".json", ".sql"),
    "skill": (".md", ".py", ".txt", ".toml", ".json", ".yaml", ".yml", ".sql", ".ini"),
}
ANSWERS = ("answers.md", "answers.txt", "answers.toml")
FILES = frozenset({"alembic.ini", *ANSWERS})
DEEPEST = 4
_HIJACKS = frozenset({"conftest.py", "pytest.ini", "sitecustomize.py", "usercustomize.py"})
_QUIET = frozenset({".DS_Store", "Thumbs.db", ".gitignore", ".gitattributes", ".gitkeep"})


def find_root(paths: list[str]) -> str:
    """The folder that holds `app/` with Python in it: the shallowest; `exercises` if in doubt."""
    found = _roots(paths)
    if not found:
        raise Refused(_why_none(paths))
    shallowest = min(_depth(root) for root in found)
    nearest = [root for root in found if _depth(root) == shallowest]
    if len(nearest) > 1:
        nearest = [root for root in nearest if root.rsplit("/", 1)[-1] == "exercises"] or nearest
    if len(nearest) > 1:
        named = ", ".join(line(root, 60) for root in nearest[:3])
        raise Refused(f"more than one folder holds an app/ folder: {named}")
    return nearest[0]


def belongs(path: str, root: str) -> str | None:
    """The path inside the project root, if what lies there is part of the contract."""
    inside = _inside(path, root)
    if inside is None or inside in FILES:
        return inside
    folder, _, rest = inside.partition("/")
    if folder not in FOLDERS or not rest or not rest.endswith(FOLDERS[folder]):
        return None
    name = rest.rsplit("/", 1)[-1]
    # A package called alembic would hide the library of that name.
    if inside == "alembic/__init__.py" or (folder == "app" and name in _HIJACKS):
        return None
    return inside


def within(path: str, root: str) -> bool:
    """Whether the path lies where a project's own files lie, part of the contract or not."""
    inside = _inside(path, root)
    return inside is not None and (inside in FILES or inside.partition("/")[0] in FOLDERS)


def notes_about(paths: list[str], root: str) -> tuple[str, ...]:
    """What lies above the project root and should lie in it, and what else was not read."""
    strayed = _strayed(paths, root)
    rest = [path for path in paths if path not in strayed]
    notes = (
        _note_of_the_strayed(sorted(set(strayed.values())), root),
        _note_of_the_rest(rest, root),
    )
    return tuple(filter(None, notes))


def _strayed(paths: list[str], root: str) -> dict[str, str]:
    """Migrations above the only project root, which has none of its own: path to its first name."""
    if not root or len(_roots(paths)) > 1:
        return {}
    strayed: dict[str, str] = {}
    for path in paths:
        for above in _above(root) if _inside(path, root) is None else ():
            first, deeper, _ = (_inside(path, above) or "").partition("/")
            if first == "alembic.ini" or (first == "alembic" and deeper):
                strayed[path] = first
    own = {(belongs(path, root) or "").partition("/")[0] for path in paths}
    return {path: first for path, first in strayed.items() if first not in own}


def _note_of_the_strayed(names: list[str], root: str) -> str:
    if not names:
        return ""
    verb, them = ("lies", "it") if len(names) == 1 else ("lie", "them")
    shown = " and ".join(f"{name}/" if name == "alembic" else name for name in names)
    return f"{shown} {verb} outside the project root {line(root, 60)}/: move {them} beside app/"


def _note_of_the_rest(paths: list[str], root: str) -> str:
    """One line that names what was handed in and not read, or nothing."""
    rest: set[str] = set()
    for path in paths:
        if belongs(path, root) is not None:
            continue
        inside = _inside(path, root)
        shown = inside if inside is not None else path
        # A name that begins with a dot can't be imported, and every tool leaves some.
        if shown.startswith(".") or shown.rsplit("/", 1)[-1] in _QUIET or shown.endswith(".pyc"):
            continue
        first, _, deeper = shown.partition("/")
        whole = inside is not None and first in FOLDERS
        rest.add(line(shown if whole else f"{first}/" if deeper else first, 60))
    if not rest:
        return ""
    named = sorted(rest)
    more = f" and {len(named) - 8} more" if len(named) > 8 else ""
    return f"not read, because not part of a project: {', '.join(named[:8])}{more}"


def _roots(paths: list[str]) -> list[str]:
    """Every folder that holds `app/` with Python in it."""
    return sorted({root for path in paths if (root := _root_of(path)) is not None})


def _above(root: str) -> list[str]:
    """The folders around the root, from the outermost."""
    parts = root.split("/")
    return ["/".join(parts[:cut]) for cut in range(len(parts))]


def _root_of(path: str) -> str | None:
    parts = path.split("/")
    if not path.endswith(".py") or parts[-2:-1] != ["app"] or len(parts) > DEEPEST + 2:
        return None
    return "/".join(parts[:-2])


def _depth(root: str) -> int:
    return root.count("/") + 1 if root else 0


def _inside(path: str, root: str) -> str | None:
    if not root:
        return path
    return path.removeprefix(f"{root}/") if path.startswith(f"{root}/") else None


def _why_none(paths: list[str]) -> str:
    names = sorted(path for path in paths if path.rsplit("/", 1)[-1] not in _QUIET)
    if not names:
        return "nothing was handed in"
    if "[Content_Types].xml" in names:
        return "an office document, and no project; hand in a zip of the project"
    archives = [name for name in names if name.lower().endswith((".zip", ".tar", ".gz", ".7z"))]
    if archives:
        return f"no app/ folder, but an archive inside: {line(archives[0], 60)}"
    return f"no app/ folder with Python files; the first file is {line(names[0], 60)}"
