"""Settings: what an owner may change while Haven runs, looked at as a difference before it is saved."""

from __future__ import annotations

import asyncio
import difflib
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from haven.access import Act
from haven.errors import BadInput, Conflict, SettingsError, Unavailable
from haven.settings import toml_file
from haven.settings.options import GROUPS, OPTIONS, Option, kept, shown, tree_of
from haven.store import events
from web.visit import Route, Visit

log = logging.getLogger("haven.web")

AROUND = 2
"""Lines of haven.toml that are shown around each that would change."""


@dataclass(frozen=True)
class Wish:
    """One setting that would change."""

    option: Option
    before: Any
    after: Any

    @property
    def words(self) -> tuple[str, str]:
        """As it is, and as it would be."""
        return shown(self.before), shown(self.after)


async def listed(visit: Visit) -> web.StreamResponse:
    """As they hold now: haven.toml, whoever wrote it, and the caps of the database."""
    values, problem = await _values(visit)
    return _form(visit, _words(values), {}, problem)


async def look(visit: Visit) -> web.StreamResponse:
    """What would change, to be confirmed; what is wrong stands beside its field."""
    fields = await visit.fields()
    values, problem = await _values(visit)
    wishes, wrong = _wished(fields, values)
    if wrong:
        return _form(visit, {**_words(values), **fields}, wrong, problem, 400)
    if not wishes and not problem:
        return visit.go("/settings", "Nothing would change: all of it is so already.", "note")
    try:
        made = await asyncio.to_thread(toml_file.planned, visit.house.settings_file, _tree(wishes))
    except SettingsError as error:
        return _form(visit, {**_words(values), **fields}, {}, error.full, 409)
    diff = [*difflib.unified_diff(made.before.splitlines(), made.after.splitlines(), lineterm="", n=AROUND)][2:]
    return visit.page("settings_diff.html", wishes=wishes, lines=diff, seen=_digest(made.before))


async def save(visit: Visit) -> web.StreamResponse:
    """What was looked at, as a whole or not at all."""
    person, fields = await visit.confirmed(), await visit.fields()
    wishes, wrong = _wished(fields, (await _values(visit))[0])
    if wrong:
        raise BadInput(*wrong.values())
    file, office = visit.house.settings_file, visit.house.office
    made = await asyncio.to_thread(toml_file.planned, file, _tree(wishes))
    if _digest(made.before) != fields.get("seen"):
        raise Conflict("Somebody changed haven.toml meanwhile, so nothing was saved.", "Look at the settings again.")
    if caps := [(one.option.name, one.after, "") for one in wishes if one.option.is_cap]:
        await office.caps.put(person, caps)
    if tree := _tree(wishes):
        await asyncio.to_thread(toml_file.change, file, tree)
    for one in wishes:
        office.heed(one.option, one.after)
    log.info("%s changed %s", person.id, ", ".join(one.option.key for one in wishes))
    return visit.go("/settings", "Saved. It counts from now on.")


async def restart(visit: Visit) -> web.StreamResponse:
    """For what counts from the next start on."""
    person = await visit.confirmed()
    if not visit.house.office.is_watched:
        raise Unavailable(
            "This Haven was started by hand, so nothing would start it again. It runs on.",
            "End it where it runs (Ctrl+C), then: haven up",
            retry=False,
        )
    await visit.house.database.write(lambda tx: events.record(tx, "haven.restart", "haven", person.id, by=person.name))
    visit.house.office.restart()
    return visit.page("restarting.html")


async def _values(visit: Visit) -> tuple[dict[str, Any], str]:
    """The value of each by its key; where haven.toml can't be read, those that run, and what is wrong with it."""
    office, problem = visit.house.office, ""
    try:
        found = await asyncio.to_thread(kept, visit.house.settings_file, office.settings)
    except SettingsError as error:
        log.warning("[%s] %s", error.id, error)
        found, problem = {key: one.of(office.settings) for key, one in OPTIONS.items()}, error.full
    caps = await office.caps.in_force()
    return found | {"cloud.daily_usd": caps.daily, "cloud.per_person_daily_usd": caps.per_person}, problem


def _words(values: Mapping[str, Any]) -> dict[str, str]:
    return {key: shown(value) for key, value in values.items()}


def _wished(fields: Mapping[str, str], values: Mapping[str, Any]) -> tuple[list[Wish], dict[str, str]]:
    """What differs from what holds, and what is wrong, by key; a field that a form lacks stays as it is."""
    wishes, wrong = [], {}
    for key, one in OPTIONS.items():
        try:
            after = one.read(fields[key]) if key in fields else values[key]
        except BadInput as error:
            wrong[key] = str(error)
            continue
        if after != values[key]:
            wishes.append(Wish(one, values[key], after))
    return wishes, wrong


def _tree(wishes: list[Wish]) -> dict[str, dict[str, Any]]:
    """What of it goes into haven.toml."""
    return tree_of({one.option: one.after for one in wishes if not one.option.is_cap})


def _form(
    visit: Visit, values: Mapping[str, str], wrong: Mapping[str, str], problem: str, status: int = 200
) -> web.Response:
    """`problem` is what is wrong with haven.toml itself."""
    said = {"wrong": wrong, "problem": problem, "watched": visit.house.office.is_watched}
    return visit.page("settings.html", status, groups=GROUPS, values=values, **said)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


ROUTES = (
    Route("GET", "/settings", listed, Act.SETTINGS),
    Route("POST", "/settings/look", look, Act.SETTINGS),
    Route("POST", "/settings", save, Act.SETTINGS),
    Route("POST", "/restart", restart, Act.SETTINGS),
)
