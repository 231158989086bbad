"""The database: SQLite by default, PostgreSQL by DATABASE_URL; the same statements on both."""
