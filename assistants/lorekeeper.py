"""Lorekeeper remembers: stories, history, names, canon, and who said what."""

from __future__ import annotations

from assistants.base import Assistant

LOREKEEPER = Assistant(
    name="lorekeeper",
    title="Lorekeeper",
    job="lore, stories, history, names, canon, timelines, quotations",
    colour="#c678dd",
    words=(
        *(
            "lore",
            "story",
            "stories",
            "legend",
            "histor",
            "myth",
            "canon",
            "chronicle",
            "timeline",
            "character",
            "faction",
        ),
        *("narrative", "tale", "quote", "origin", "ancient", "prophec", "legacy", "founder", "culture", "religion"),
    ),
)
