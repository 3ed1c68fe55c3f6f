"""Scribe keeps the records: data entry, summaries, tags, imports and exports, documentation."""

from __future__ import annotations

from assistants.base import Assistant

SCRIBE = Assistant(
    name="scribe",
    title="Scribe",
    job="data entry, records, summaries, tags, import and export of data, documentation",
    colour="#98c379",
    words=(
        *(
            "record",
            "summar",
            "tag",
            "document",
            "docstring",
            "readme",
            "guide",
            "import",
            "csv",
            "json",
            "digest",
            "entry",
        ),
        *("entries", "form", "field", "spreadsheet", "database", "duplicate", "typo", "spelling", "report", "template"),
    ),
)
