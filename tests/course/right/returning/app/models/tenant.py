"""Whose data it is."""

from datetime import datetime

from sqlmodel import Field

from .columns import made
from .registry import Base


class Tenant(Base, table=True):
    """A customer, whose rows no other customer sees; every other table has its ``tenant_id``.

    Columns: ``name`` (text, required), ``subdomain`` (text, required, unique: "acme" for
    acme.taskapi.com), ``created_at`` (the moment of creation, aware, UTC).
    """

    __tablename__ = "tenant"

    id: int | None = Field(default=None, primary_key=True)
    name: str
    subdomain: str = Field(unique=True)
    created_at: datetime = made()
