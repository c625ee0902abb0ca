"""Whose data it is."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from .columns import utc_now
from .registry import Base


class Tenant(Base, table=True):
    """A customer, whose rows no other customer sees; every other table has its ``tenant_id``.

    Columns: ``name`` (text, required), ``subdomain`` (text, required, unique: "acme" for
    acme.taskapi.com), ``created_at`` (the moment of creation, aware, UTC).
    """

    # exercise tenancy.tables: an owner for every row

    id: int | None = Field(default=None, primary_key=True)
