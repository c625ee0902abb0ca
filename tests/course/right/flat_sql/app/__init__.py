"""The Task API: what it keeps, and how it answers."""
