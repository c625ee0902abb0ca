"""The fifteen checks, as this judge runs them: calls there, the database looked at from here."""

from typing import Any

from workbook.judge import Work, check

ROWS = "SELECT id, title, done FROM note ORDER BY id"


async def made(work: Work, *calls: list[Any]) -> list[Any]:
    """What the calls returned; one that raises is a story of its own."""
    seen = (await work.probe("notes.calls", made=list(calls))).value
    for call, outcome in zip(calls, seen, strict=True):
        work.expect("value" in outcome, f"We called {call[0]}; it raised {outcome}.")
    return [outcome["value"] for outcome in seen]


async def titles(work: Work) -> list[str]:
    return [row["title"] for row in await work.rows(ROWS)]


def same(work: Work, what: str, found: Any, expected: Any) -> None:
    work.expect(found == expected, f"We {what}: expected {expected}, found {found}.")


async def two(work: Work) -> tuple[list[str], list[int]]:
    """Two drawn titles and the ids of their notes."""
    drawn = work.draw.titles(2)
    await made(work, *(["add", title] for title in drawn))
    return drawn, [row["id"] for row in await work.rows(ROWS)]


@check("notes.tables.can_be_made_again")
async def test_tables_can_be_made_again(work: Work) -> None:
    """makes the tables, and may be called again"""
    await work.probe("notes.again")
    same(work, "looked for the table", await titles(work), [])


@check("notes.add.keeps_the_note")
async def test_add_keeps_the_note(work: Work) -> None:
    """keeps the note"""
    drawn, _ = await two(work)
    same(work, "added two notes", await titles(work), drawn)


@check("notes.add.returns_its_id")
async def test_add_returns_its_id(work: Work) -> None:
    """returns the id"""
    [id] = await made(work, ["add", work.draw.title()])
    same(work, "added a note", [row["id"] for row in await work.rows(ROWS)], [id])


@check("notes.add.begins_open")
async def test_add_begins_open(work: Work) -> None:
    """begins as not done"""
    await two(work)
    same(work, "added", [bool(row["done"]) for row in await work.rows(ROWS)], [False, False])


@check("notes.find.finds_a_note")
async def test_find_finds_a_note(work: Work) -> None:
    """finds a note by its id"""
    drawn, ids = await two(work)
    same(work, "looked for both", await made(work, *(["find", id] for id in ids)), drawn)


@check("notes.find.answers_none")
async def test_find_answers_none(work: Work) -> None:
    """answers None for an id that nobody has"""
    same(work, "looked for nobody's id", await made(work, ["find", 4711]), [None])


@check("notes.rename.keeps_the_new_title")
async def test_rename_keeps_the_new_title(work: Work) -> None:
    """keeps the new title"""
    drawn, ids = await two(work)
    await made(work, ["rename", ids[1], "other"])
    same(work, "renamed the second", await titles(work), [drawn[0], "other"])


@check("notes.rename.answers_false")
async def test_rename_answers_false(work: Work) -> None:
    """answers False where there is none"""
    same(work, "renamed nobody's", await made(work, ["rename", 4711, "other"]), [False])


@check("notes.finish.keeps_that_it_is_done")
async def test_finish_keeps_that_it_is_done(work: Work) -> None:
    """keeps that the note is done"""
    _, ids = await two(work)
    same(work, "finished one", await made(work, ["finish", ids[0]]), [True])
    same(work, "looked", bool((await work.rows(ROWS))[0]["done"]), True)


@check("notes.finish.leaves_the_others")
async def test_finish_leaves_the_others(work: Work) -> None:
    """leaves the others as they are"""
    _, ids = await two(work)
    await made(work, ["finish", ids[0]])
    same(work, "looked at the other", bool((await work.rows(ROWS))[1]["done"]), False)


@check("notes.remove.removes_one_note")
async def test_remove_removes_one_note(work: Work) -> None:
    """removes one note"""
    drawn, ids = await two(work)
    same(work, "removed one", await made(work, ["remove", ids[0]]), [True])
    same(work, "looked", await titles(work), drawn[1:])


@check("notes.remove.answers_false")
async def test_remove_answers_false(work: Work) -> None:
    """answers False where there is none"""
    same(work, "removed nobody's", await made(work, ["remove", 4711]), [False])


@check("notes.titles.lists_in_order")
async def test_titles_lists_in_order(work: Work) -> None:
    """lists the titles in the order they came"""
    await made(work, ["add", "b"], ["add", "a"], ["add", "c"])
    same(work, "listed", await made(work, ["titles"]), [["b", "a", "c"]])


@check("notes.titles.tells_done_from_open")
async def test_titles_tells_done_from_open(work: Work) -> None:
    """tells those that are done from those that are not"""
    drawn, ids = await two(work)
    seen = await made(work, ["finish", ids[1]], ["titles", True], ["titles", False])
    same(work, "listed both kinds", seen[1:], [drawn[1:], drawn[:1]])


@check("notes.add_all.keeps_all_or_none")
async def test_add_all_keeps_all_or_none(work: Work) -> None:
    """keeps all notes, or none where a title is empty"""
    same(work, "added three", await made(work, ["add_all", ["x", "y", "z"]]), [3])
    await work.probe("notes.calls", made=[["add_all", ["v", "", "w"]]])
    same(work, "looked after a refusal", await titles(work), ["x", "y", "z"])
