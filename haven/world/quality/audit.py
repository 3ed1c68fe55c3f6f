"""The whole audit at once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from haven.world.gazetteer import Gazetteer
from haven.world.quality.contradictions import contradictions
from haven.world.quality.duplicates import duplicates
from haven.world.quality.finding import Finding, Oddity
from haven.world.quality.outliers import outliers
from haven.world.words import fold


def audit(
    gazetteer: Gazetteer, *, only: Collection[Oddity] = (), region: str = "", today: date | None = None
) -> list[Finding]:
    """Contradictions, duplicates and outliers of the world as it is; `region`: those with a record of that region."""
    wanted = only or tuple(Oddity)
    found: list[Finding] = []
    if Oddity.CONTRADICTION in wanted:
        found += contradictions(gazetteer)
    if Oddity.DUPLICATE in wanted:
        found += duplicates(gazetteer)
    if Oddity.OUTLIER in wanted:
        found += outliers(gazetteer, today)
    if not region:
        return found
    inside = {
        thing.id
        for system in gazetteer.systems
        if fold(system.region) == fold(region)
        for thing in (system, *gazetteer.below(system))
    }
    return [one for one in found if not inside.isdisjoint(one.ids)]
