"""SQLite, and nothing else that knows SQL: one writer, many readers, queries by noun."""
