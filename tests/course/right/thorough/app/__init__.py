"""Task API, database layer."""
