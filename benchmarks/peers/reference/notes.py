"""Notes in a database: the layer that every tool grades."""

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import Field, SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession


class Note(SQLModel, table=True):
    """One note."""

    id: int | None = Field(default=None, primary_key=True)
    title: str
    done: bool = False


async def create_tables(engine: AsyncEngine) -> None:
    """Makes the tables; may be called again."""
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)


async def add(session: AsyncSession, title: str) -> int:
    """Keeps a note and returns its id."""
    note = Note(title=title)
    session.add(note)
    await session.commit()
    await session.refresh(note)
    return note.id or 0


async def find(session: AsyncSession, id: int) -> str | None:
    """The title of a note, or None."""
    note = await session.get(Note, id)
    return note.title if note else None


async def rename(session: AsyncSession, id: int, title: str) -> bool:
    """Gives a note another title; False where there is none."""
    note = await session.get(Note, id)
    if note is None:
        return False
    note.title = title
    await session.commit()
    return True


async def finish(session: AsyncSession, id: int) -> bool:
    """Marks a note as done; False where there is none."""
    note = await session.get(Note, id)
    if note is None:
        return False
    note.done = True
    await session.commit()
    return True


async def remove(session: AsyncSession, id: int) -> bool:
    """Deletes a note; False where there is none."""
    note = await session.get(Note, id)
    if note is None:
        return False
    await session.delete(note)
    await session.commit()
    return True


async def titles(session: AsyncSession, done: bool | None = None) -> list[str]:
    """The titles in the order they came, or of those that are done or not."""
    query = select(Note).order_by(Note.id)
    if done is not None:
        query = query.where(Note.done == done)
    return [note.title for note in await session.exec(query)]


async def add_all(session: AsyncSession, titles: list[str]) -> int:
    """Keeps all notes or, where a title is empty, none and raises ValueError."""
    for title in titles:
        session.add(Note(title=title))
        if not title:
            await session.rollback()
            raise ValueError("a title is empty")
    await session.commit()
    return len(titles)
