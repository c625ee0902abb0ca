"""The small course's checks."""

from workbook.judge import Work, check


@check("tally.add.adds_two_numbers")
async def test_add_adds_two_numbers(work: Work) -> None:
    """adds two numbers"""
    left, right = work.draw.randrange(100), work.draw.randrange(100)
    seen = await work.probe("tally.add", left=left, right=right)
    work.expect(
        seen.value == left + right,
        f"We added {left} and {right}: expected {left + right}, found {seen.value}.",
    )


@check("tally.store.keeps_the_sum")
async def test_store_keeps_the_sum(work: Work) -> None:
    """keeps the sum where another connection sees it"""
    left, right = work.draw.randrange(100), work.draw.randrange(100)
    await work.probe("tally.store", left=left, right=right)
    found = [row["sum"] for row in await work.rows("SELECT sum FROM mark")]
    work.expect(found == [left + right], f"We stored {left} + {right} and found {found}.")


@check("tally.store.takes_one_insert")
async def test_store_takes_one_insert(work: Work) -> None:
    """takes one INSERT"""
    seen = await work.probe("tally.store", counted=True, left=1, right=2)
    work.expect(seen.count() == 1, f"We counted {seen.count()} statements, expected 1.")
