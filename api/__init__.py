"""The people: FastAPI app, SQLModel tables, services, console, integrations, the `liner` command."""
