"""What is missed because it was put away meanwhile, with its dialog or with the whole display: nobody's error."""

from __future__ import annotations

from typing import Any

from textual._context import active_message_pump
from textual.app import App, ScreenError
from textual.css.query import QueryError
from textual.dom import DOMError, DOMNode, NoScreen
from textual.screen import Screen
from textual.widget import WidgetError
from textual.worker import WorkerFailed, get_current_worker

MISSED = (QueryError, WidgetError, DOMError, ScreenError)
"""What Textual raises where something is missed."""


def is_of_gone(app: App[Any], error: Exception) -> bool:
    """Whether `error` misses what is gone: its display was left, or what is at work now was put away meanwhile."""
    missed = error.error if isinstance(error, WorkerFailed) else error
    if not isinstance(missed, MISSED):
        return False
    at_work = get_current_worker().node if isinstance(error, WorkerFailed) else active_message_pump.get(None)
    return not app.is_running or app._exit or (isinstance(at_work, DOMNode) and _is_put_away(app, at_work))


def _is_put_away(app: App[Any], node: DOMNode) -> bool:
    try:
        screen = node if isinstance(node, Screen) else node.screen
    except NoScreen:
        return True
    return screen not in app.screen_stack or any(one._pruning for one in node.ancestors_with_self)
