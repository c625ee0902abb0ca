"""The job: twenty submissions of a small layer, fifteen right and five with one fault each."""

from pathlib import Path

HERE = Path(__file__).parent
LAYER = (HERE / "reference" / "notes.py").read_text(encoding="utf-8")
ASSERTS = (HERE / "asserts.py").read_text(encoding="utf-8")
CHECKS = 15
FAULTS = (
    ("    await session.commit()\n    await session.refresh(note)", "    await session.flush()"),
    ("    note.title = title\n    await session.commit()", "    note.title = title"),
    (
        "    await session.delete(note)\n    await session.commit()",
        "    await session.delete(note)",
    ),
    ("order_by(Note.id)", "order_by(Note.title)"),
    ("            await session.rollback()", "            await session.commit()"),
)


def submissions(count: int = 20) -> dict[str, str]:
    """The text of the layer by student; every fourth has a fault, and no two are the same."""
    texts = {}
    for number in range(count):
        text, right = f"{LAYER}\n# {number}\n", number % 4 != 3
        if not right:
            old, new = FAULTS[number // 4 % len(FAULTS)]
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        texts[f"{'right' if right else 'faulty'}{number:04}"] = text
    return texts


def judged_rightly(passed: dict[str, int]) -> bool:
    """Whether a tool gave all checks to the right ones, and not all to those with a fault."""
    return all((points == CHECKS) == name.startswith("right") for name, points in passed.items())
