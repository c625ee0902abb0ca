"""A database layer whose database does what a database can."""
