"""How good the world's records are: grades, an audit, and what to do next. Nothing here changes a record."""
