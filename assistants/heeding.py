"""What was saved of a setting on a face counts from now on in this process: the caps are looked up each time anyway."""

from __future__ import annotations

from typing import Any

from assistants.scribing.clock import DigestClock
from assistants.sentry.alerts import Alerts
from haven.events import Bus
from haven.settings.options import Option


def heed(bus: Bus, alerts: Alerts, digests: DigestClock, option: Option, value: Any) -> None:
    """Give it to whoever goes by it; displays are told by the event `kiosk.wish`."""
    change = {option.name: value}
    if option.section == "kiosk":
        bus.live("kiosk.wish", "", **change)
    elif option.section == "alerts":
        alerts.settings = alerts.settings.model_copy(update=change)
    elif option.section == "world":
        digests.settings = digests.settings.model_copy(update=change)
