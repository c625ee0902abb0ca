"""Whose data it is."""

from datetime import datetime

from sqlalchemy import Column, Text, UniqueConstraint
from sqlmodel import Field

from .columns import pk, stamped
from .registry import Base


class Tenant(Base, table=True):
    """A customer."""

    __table_args__ = (UniqueConstraint("subdomain", name="tenant_subdomain_key"),)

    id: int | None = Field(default=None, sa_column=pk())
    name: str = Field(sa_column=Column(Text, nullable=False))
    subdomain: str = Field(sa_column=Column(Text, nullable=False))
    created_at: datetime = Field(default=None, sa_column=stamped("created_at"))
