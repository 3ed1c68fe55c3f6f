"""Review: the diff of the round that is shown, by file; one file alone; two rounds side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from aiohttp import web

from haven.access import Act
from haven.changes.review import Review, RoundPair
from haven.changes.review.diffing import SAID, FileDiff
from haven.errors import BadInput, Conflict, NotFound
from web.review.rows import Sheet, around_of, sheet, sheets
from web.review.tree import tree
from web.routes.changes import about, lines
from web.visit import Route, Visit

VIEWS = ("split", "unified")
VIEW = "haven-view"
"""The cookie of how this browser shows a diff."""
YEAR_S = 31_536_000


async def diff(visit: Visit) -> web.StreamResponse:
    """All files, or with `file` one alone."""
    change = await visit.house.changes.get(visit.part("id"))
    review = await visit.house.changes.review(change.id)
    _check_same(visit, review)
    values = {**about(visit, change, review), **_values(visit, review, review.files, "diff"), "pair": None}
    return await _drawn(visit, values, review.commit)


async def file(visit: Visit) -> web.StreamResponse:
    """One file's lines with their colours, for a page that is open. Raises Conflict where the change has moved on."""
    review = await visit.house.changes.review(visit.part("id"))
    _check_same(visit, review)
    return await _one_file(visit, review.files, review.commit, _links(review, "diff"))


async def pair(visit: Visit) -> web.StreamResponse:
    """What leads from one round to another."""
    change = await visit.house.changes.get(visit.part("id"))
    both = await _pair(visit)
    review = await visit.house.changes.review(change.id)
    values = {**about(visit, change, review), **_values(visit, review, both.files, _where(both)), "pair": both}
    return await _drawn(visit, values, both.second.commit)


async def pair_file(visit: Visit) -> web.StreamResponse:
    both = await _pair(visit)
    review = await visit.house.changes.review(visit.part("id"))
    return await _one_file(visit, both.files, both.second.commit, _links(review, _where(both)))


async def _pair(visit: Visit) -> RoundPair:
    first, second = visit.part("first"), visit.part("second")
    if not all(one.isascii() and one.isdigit() and len(one) < 7 for one in (first, second)):
        raise BadInput("Rounds are compared by their numbers.", "Choose two of them on the page of the change.")
    return await visit.house.changes.compare(visit.part("id"), int(first), int(second))


def _values(visit: Visit, review: Review, files: Sequence[FileDiff], where: str) -> dict[str, Any]:
    """Of a page that lies at `where` below its change."""
    added, removed = lines(files)
    view = visit.asked("view") or visit.request.cookies.get(VIEW, "")
    return {
        "files": files,
        "only": _number(visit, files) if visit.asked("file") else None,
        **_links(review, where),
        "said": SAID,
        "folders": tree(files),
        "view": view if view in VIEWS else VIEWS[0],
        "added": added,
        "removed": removed,
    }


def _where(both: RoundPair) -> str:
    return f"rounds/{both.first.number}/{both.second.number}"


def _links(review: Review, where: str) -> dict[str, Any]:
    """To all files, to one file alone, and to one file's lines for a page that is open."""
    base = f"/changes/{review.id}/{where}"
    return {"base": base, "alone": f"{base}?commit={review.commit}", "colours": f"{base}/file?commit={review.commit}"}


async def _drawn(visit: Visit, values: dict[str, Any], commit: str) -> web.Response:
    """A long diff is laid out and written beside the loop."""
    files, only = values["files"], values["only"]
    one = None if only is None else await _sheet(visit, files, only, commit)

    def draw() -> web.Response:
        return visit.page("review.html", sheets=[one()] if one else sheets(files), **values)

    answer = await asyncio.to_thread(draw)
    answer.enable_compression()
    if visit.asked("view") in VIEWS:
        answer.set_cookie(VIEW, visit.asked("view"), max_age=YEAR_S, httponly=True, samesite="Strict", path="/changes")
    return answer


async def _one_file(visit: Visit, files: Sequence[FileDiff], commit: str, links: dict[str, Any]) -> web.StreamResponse:
    one = await _sheet(visit, files, _number(visit, files), commit)
    view = visit.request.cookies.get(VIEW, "") or VIEWS[0]
    answer = await asyncio.to_thread(lambda: visit.page("review_file.html", sheet=one(), view=view, **links))
    answer.enable_compression()
    return answer


async def _sheet(visit: Visit, files: Sequence[FileDiff], number: int, commit: str) -> Callable[[], Sheet]:
    """Lays out one file, with as many lines around its hunks as are asked for."""
    around = around_of(visit.asked("around"))
    text = await visit.house.changes.text(commit, files[number].path) if around else ""
    return partial(sheet, number, files[number], around=around, text=text)


def _number(visit: Visit, files: Sequence[FileDiff]) -> int:
    """Raises NotFound for a file that is none of these."""
    given = visit.asked("file")
    if not given.isascii() or not given.isdigit() or len(given) > 6 or int(given) >= len(files):
        raise NotFound(f"There are {len(files)} files in this diff, and that is none of them.", "Load the page again.")
    return int(given)


def _check_same(visit: Visit, review: Review) -> None:
    """Raises Conflict where the page that asks is of another commit than the review by now."""
    if visit.asked("commit") not in {"", review.commit}:
        raise Conflict(f"Change {review.id} has moved on since that page was loaded.", "Load it again.")


ROUTES = (
    Route("GET", "/changes/{id}/diff", diff, Act.READ),
    Route("GET", "/changes/{id}/diff/file", file, Act.READ),
    Route("GET", "/changes/{id}/rounds/{first}/{second}", pair, Act.READ),
    Route("GET", "/changes/{id}/rounds/{first}/{second}/file", pair_file, Act.READ),
)
