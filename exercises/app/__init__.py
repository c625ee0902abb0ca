"""The Task API's database layer: engine, models, services, migrations."""
