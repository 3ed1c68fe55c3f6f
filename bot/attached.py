"""A file that goes along with a card."""

from __future__ import annotations

import io
from dataclasses import dataclass

import discord


@dataclass(frozen=True)
class Attached:
    """Discord's own object is read once, and a sending may be tried again: it is made anew for each."""

    name: str
    data: bytes

    def file(self) -> discord.File:
        """For one sending."""
        return discord.File(io.BytesIO(self.data), filename=self.name)
