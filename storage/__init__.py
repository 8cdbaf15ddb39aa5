"""SQLModel tables, the store, payloads, migrations."""
