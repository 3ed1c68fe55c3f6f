"""Catalogues: one file a language, in TOML."""
