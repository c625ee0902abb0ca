"""Given: what the database layer raises when it can't do what it was asked."""


class DatabaseLayerError(Exception):
    """The one ancestor of this layer's errors, for those who catch them all."""


class NotFoundError(DatabaseLayerError):
    """A row that was named does not exist, or no longer does."""


class ConflictError(DatabaseLayerError):
    """The row breaks a rule of the data: a name that is taken, a parent elsewhere."""


class TenantRequiredError(DatabaseLayerError):
    """Data was asked for outside any tenant."""
