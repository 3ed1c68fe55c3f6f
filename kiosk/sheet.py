"""The kiosk's style sheet: what one display has read of it, the next ones need not read again."""

from __future__ import annotations

from textual.cache import LRUCache
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

FILES = 256
"""Pieces of style that are kept read, of each look: more than all widgets of the kiosk have."""
_read: dict[tuple[tuple[str, str], ...], LRUCache[tuple[object, ...], list[RuleSet]]] = {}
"""By the colours they were read with: rules are never changed, and the looks are few."""


class Sheet(Stylesheet):
    """Textual's own, which would read everything anew for each display: a third of the time until it is there."""

    def __init__(self, variables: dict[str, str]) -> None:
        super().__init__(variables=variables)
        self._parse_cache = _kept(variables)

    def set_variables(self, variables: dict[str, str]) -> None:
        self._parse_cache = LRUCache(1)  # it is emptied now, and others go on with theirs
        super().set_variables(variables)
        self._parse_cache = _kept(variables)


def _kept(variables: dict[str, str]) -> LRUCache[tuple[object, ...], list[RuleSet]]:
    return _read.setdefault(tuple(sorted(variables.items())), LRUCache(FILES))
