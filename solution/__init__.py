"""The Task API's database layer: engine, models, services, tenancy, API, production."""
