"""Textual's map of what lies where, which here forgets nobody who went away while it was made anew."""

from __future__ import annotations

from textual._compositor import Compositor, CompositorMap


class WholeCompositor(Compositor):
    """What is asked where it lies has the map made anew, at times just after a notice went and before the next layout.

    That layout then found nothing to have changed, and the notice stayed on the screen until something else was drawn
    there (Textual 8.2).
    """

    @property
    def full_map(self) -> CompositorMap:
        before, found = self._full_map, super().full_map
        if found is not before:
            left = (before[widget] for widget in before.keys() - found.keys())
            self._dirty_regions.update(filter(None, (one.clip.intersection(one.region) for one in left)))
        return found
