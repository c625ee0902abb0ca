"""Which suites judged, and the random inputs that follow from it."""

import hashlib

from workbook.course import Course


def seed_of(digest: str, suite: str) -> int:
    """The seed of a submission's random inputs under a version of the suites, on every machine."""
    return int.from_bytes(hashlib.sha256(f"{digest}:{suite}".encode()).digest()[:4], "big") >> 1


def suite_version(course: Course) -> str:
    """A hash of the graded suites, their probes and the manifest."""
    found = hashlib.sha256()
    files = [*course.suites.rglob("*.py"), *course.folder.glob("*.toml")]
    for path in sorted(files, key=lambda path: path.name):
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]
