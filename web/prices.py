"""The price before the run: what may cost more than the settings let pass is a page with its price first, and a yes."""

from __future__ import annotations

import math
from collections.abc import Mapping

from aiohttp import web

from assistants.pricing import Step
from assistants.table.request import Request
from web.visit import Visit

AGREED = "agreed"
"""The field of a yes: the US dollars that the person saw."""
KEPT_BACK = frozenset({AGREED, "seal", "pin"})


async def shown_first(
    visit: Visit, priced: Request | Step | None, fields: Mapping[str, str], back: str
) -> web.Response | None:
    """The page that sends the same `fields` again with a yes; None where nothing is to be asked, or the yes has come.

    `back` is where a no leads; `priced` is None where there is no price. Raises OverBudget where a cap is in the way.
    """
    if priced is None:
        return None
    pricing, agreed = visit.house.office.pricing, _agreed(fields)
    found = await pricing.ask_first(priced) if agreed is None else await pricing.of(priced)
    if found is None:
        return None
    if agreed is not None and not found.differs(agreed):
        await pricing.admit(found)
        return None
    kept = {name: value for name, value in fields.items() if name not in KEPT_BACK}
    of_code = isinstance(priced, Step) or priced.kind is not None
    return visit.page(
        "price.html", found=found, agreed=agreed, kept=kept, to=visit.request.path, back=back, of_code=of_code
    )


def _agreed(fields: Mapping[str, str]) -> float | None:
    """None where nobody has agreed to anything."""
    try:
        price = float(fields.get(AGREED, ""))
    except ValueError:
        return None
    return price if math.isfinite(price) else None
