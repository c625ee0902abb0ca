"""What a student answered in their own words: for a person to read, never graded."""

from workbook.grading.gradebook.book import Gradebook
from workbook.grading.intake.roots import ANSWERS
from workbook.grading.intake.staging import unpacked


def answers_in(book: Gradebook, digest: str) -> str:
    """The text of the answers in a submission, from the gradebook; empty where there are none."""
    bundle = book.submission(digest) if digest else None
    found = [unpacked(bundle, name) for name in ANSWERS] if bundle else []
    return "\n\n".join(text.decode("utf-8-sig", "replace") for text in found).strip()
