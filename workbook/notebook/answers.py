"""`%%answer services.1` keeps a cell's words in the answers of a submission."""

from __future__ import annotations

import re
from pathlib import Path

from workbook.notebook.desk import START
from workbook.notebook.telling import Note, Unclear, plainly, show
from workbook.notebook.verbs import desk

FILE = "answers.md"
QUESTIONS = 3
_TITLE = "# In your own words"
_SECTION = re.compile(r"^## (?P<name>[a-z][a-z0-9_]*\.\d+)[ \t]*$", re.MULTILINE)
_NAME = re.compile(r"(?P<lesson>[a-z][a-z0-9_]*)\.(?P<number>\d+)")
_NOTHING_YET = {"", "…", "...", "write here", "write here.", "your words here", "your words here."}


@plainly
def answer(line: str, cell: str) -> None:
    """Keeps the cell's text as the answer to a question, in place of an earlier one.

    `%%answer services.1` is the first question of the lesson `services`. The file is
    `answers.md` in the student's project; a cell without an answer changes nothing.
    """
    place, name = desk(), line.strip()
    match = _NAME.fullmatch(name)
    if match is None:
        raise Unclear(f'Name the question, as in %%answer services.1; found "{name}"')
    if match["lesson"] != START:
        place.course.lesson(match["lesson"])
    if not 1 <= int(match["number"]) <= QUESTIONS:
        raise Unclear(
            f"There is no question {name}: a lesson asks {QUESTIONS},"
            f" {match['lesson']}.1 to {match['lesson']}.{QUESTIONS}"
        )
    words = cell.strip()
    if words.lower() in _NOTHING_YET:
        show(Note(f"{name}: nothing written yet."))
        return
    path = place.course.starter / FILE
    answers = read_answers(path)
    answers[name] = words
    write_answers(path, answers)
    show(Note(f"{name}: kept, {len(words.split())} words, in {path.parent.name}/{path.name}."))


def read_answers(path: Path) -> dict[str, str]:
    """The answers in a file by the names of their questions; none if there is no file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    found = list(_SECTION.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    return {
        match["name"]: text[match.end() : end].strip()
        for match, end in zip(found, ends, strict=True)
    }


def write_answers(path: Path, answers: dict[str, str]) -> None:
    """Writes all answers, in the order of their names."""

    def place(name: str) -> tuple[str, int]:
        lesson, _, number = name.partition(".")
        return lesson, int(number)

    parts = [_TITLE]
    for name in sorted(answers, key=place):
        # A heading in an answer must not be taken for the next question.
        words = re.sub(r"^## ", "### ", answers[name], flags=re.MULTILINE)
        parts.append(f"## {name}\n\n{words}")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".md.new")
    draft.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    draft.replace(path)
