"""The data layer of the Task API."""
