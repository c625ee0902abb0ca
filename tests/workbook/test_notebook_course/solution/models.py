"""Workers and tasks."""

from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, SQLModel


class Base(SQLModel, registry=registry(metadata=MetaData())):
    """Tables apart from everybody else's."""


class Worker(Base, table=True):
    """Who does the work."""

    __tablename__ = "worker"
    id: int | None = Field(default=None, primary_key=True)
    handle: str = Field(unique=True)


class Task(Base, table=True):
    """What is to be done."""

    __tablename__ = "task"
    id: int | None = Field(default=None, primary_key=True)
    title: str
    worker_id: int | None = Field(default=None, foreign_key="worker.id", ondelete="SET NULL")
    worker: Worker | None = Relationship()
