"""Whose data it is."""

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from .mixins import Created, TextField
from .registry import Base


class Tenant(Base, Created, table=True):
    """A customer, whose rows no other customer sees; every other table has its ``tenant_id``.

    Columns: ``name`` (text, required), ``subdomain`` (text, required, unique: "acme" for
    acme.taskapi.com), ``created_at`` (the moment of creation, aware, UTC).
    """

    __table_args__ = (UniqueConstraint("subdomain", name="uq_tenant_subdomain"),)

    id: int | None = Field(default=None, primary_key=True)
    name: str = TextField()
    subdomain: str = TextField()
