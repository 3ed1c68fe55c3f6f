"""What the faces show of the house's accounts, models and levers, and pull of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from assistants.pricing import Pricing
from haven.ai.models.registry import Registry
from haven.ai.money.caps import Caps
from haven.ai.money.ledger import Ledger
from haven.ai.roster import Roster
from haven.privacy import Privacy
from haven.settings import Settings
from haven.settings.options import Option
from haven.store.backup import Backup


@dataclass(frozen=True)
class Office:
    """`heed` has what was saved of a setting count from now on. `backup` makes one and checks it. `restart` ends this
    process; `is_watched` says whether it is started again.
    """

    settings: Settings
    caps: Caps
    ledger: Ledger
    registry: Registry
    roster: Roster
    pricing: Pricing
    privacy: Privacy
    heed: Callable[[Option, Any], None]
    backup: Callable[[], Awaitable[Backup]]
    restart: Callable[[], None]
    is_watched: bool
    """Whether systemd runs this very process: where nobody does, nothing would start it again."""
    began: int
    """When this process began, in seconds since 1970: a button from before means nothing any more."""
