"""What Discord checks and the simulated one does not: every request of every test here is looked at.

A test fails at its end where the bot broke one of Discord's limits, or one of Haven's own rules: nobody is mentioned
but the one whom a message is for, text of others never stands in `content`, each press is acknowledged once and in
time, nothing thinks for ever, edits keep their pace, and an error card carries an id that stands in the log.
Limits: Discord's documentation, as FIELD_NOTES and the components reference have them.
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
import simcord.backend
import simcord.http.router
from simcord._clock import Clock
from simcord.backend.errors import BackendError
from simcord.backend.models import Interaction
from simcord.components import walk_components

from bot.language import languages, say, speaking

MOST_BYTES = 10 * 1024 * 1024
PACE_S = 1.0
"""Between two pieces of an answer that is being written; its end may follow at once."""
V2 = 1 << 15
UNKNOWN, TWICE = 10062, 40060
"""Discord's codes for an interaction that is over, and for one that was acknowledged."""
MESSAGE, UPDATE, CHOICES, MODAL = 4, 7, 8, 9
"""Types of a callback."""
ROW, BUTTON, SELECT, INPUT, TEXT, GALLERY, LABEL = 1, 2, 3, 4, 10, 12, 18
CALLBACK = re.compile(r"/interactions/\d+/[^/]+/callback")
SENT = re.compile(r"/channels/\d+/messages|/webhooks/\d+/[^/]+")
EDITED = re.compile(r"/channels/\d+/messages/\d+|/webhooks/\d+/([^/]+)/messages/(@original|\d+)")
SYNCED = re.compile(r"/applications/\d+/(?:guilds/\d+/)?commands")
ONE_MENTION = re.compile(r"<@(\d+)>(?: [^<>\[\]@]{1,200})?")
"""All that may stand in `content`: the mention, and a sentence of Haven's own behind it, without a link."""
ERROR_ID = re.compile(r"\b[0-9a-f]{8}\b")
LENGTHS = {"label": 80, "custom_id": 100, "placeholder": 150, "description": 100}
EMBED = {"title": 256, "description": 4_096}


def _titles() -> frozenset[str]:
    """Of an error card, in every language."""
    found = set()
    for language in ("en", *languages()):
        with speaking(language):
            found.add(say("That did not work"))
    return frozenset(found)


def words_of(body: Mapping[str, Any]) -> str:
    """All that a message says, but for its buttons."""
    said = [str(body.get("content") or "")]
    for one in body.get("embeds") or []:
        said += [one.get("title") or "", one.get("description") or "", (one.get("footer") or {}).get("text", "")]
        said += [f"{each['name']}\n{each['value']}" for each in one.get("fields", [])]
    said += [one["content"] for one in walk_components(body.get("components") or []) if "content" in one]
    return "\n".join(filter(None, said))


@dataclass
class Watcher:
    """Of one test. `faults` is what was broken; a test that breaks a rule on purpose takes it out of there."""

    faults: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    pressed: list[tuple[Any, Interaction]] = field(default_factory=list)
    """Each interaction, and the simulated Discord that it came from."""
    edits: defaultdict[str, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))
    """Of the first message of an interaction, by its token: when, and the words."""
    drawn: list[str] = field(default_factory=list)
    """The custom ids of all controls and modals, in order."""
    errors: list[tuple[str, str]] = field(default_factory=list)
    """Error cards: the id, and the words."""
    line_is_cut: bool = False
    """Set where a test keeps Discord from hearing an answer."""

    def request(self, method: str, path: str, body: Any, files: list[Any]) -> None:
        """Before it is carried out."""
        where = f"{method} {path}"
        body = body if body is not None else {}
        if SYNCED.fullmatch(path) and method == "PUT":
            self._commands(where, body)
            return
        if CALLBACK.fullmatch(path):
            data = body.get("data") or {}
            if body["type"] in (MESSAGE, UPDATE):
                self._message(where, data, files)
            elif body["type"] == CHOICES:
                self._choices(where, data.get("choices", []))
            elif body["type"] == MODAL:
                self._modal(where, data)
        elif (method == "POST" and SENT.fullmatch(path)) or (method == "PATCH" and EDITED.fullmatch(path)):
            self._message(where, body, files)
        elif "name" in body and "/threads" in path:
            self._length(where, "a thread's name", body["name"], 100, least=1)

    def done(self, backend: Any, method: str, path: str, body: Any) -> None:
        """It was carried out."""
        match = EDITED.fullmatch(path)
        if method == "DELETE" and match and match[2] == "@original":
            # What follows a "thinking" that was taken away is a message of its own; the simulated Discord forgets that.
            backend.interaction_by_token(match[1]).complete_deferred()
        if method == "PATCH" and match and match[2] == "@original" and _is_here(backend):
            self.edits[match[1]].append((backend.clock.elapsed, words_of(body or {})))

    def refused(self, backend: Any, method: str, path: str, error: BackendError) -> None:
        """Discord did not have it: an answer that came too late, or a second one."""
        if error.code in (UNKNOWN, TWICE) and _is_here(backend):
            self.faults.append(f"{method} {path}: {error}")

    def _length(self, where: str, what: str, text: Any, most: int, least: int = 0) -> None:
        if text is not None and not least <= len(str(text)) <= most:
            self.faults.append(f"{where}: {what} has {len(str(text))} characters, of {least} to {most}: {text!r:.80}")

    def _count(self, where: str, what: str, things: Any, most: int) -> None:
        if len(things or ()) > most:
            self.faults.append(f"{where}: {len(things)} {what}, and {most} is the most")

    def _message(self, where: str, body: Mapping[str, Any], files: list[Any]) -> None:
        self._mentions(where, body)
        self._count(where, "embeds", body.get("embeds"), 10)
        self._count(where, "files", files, 10)
        for one in files:
            at = one.fp.tell()
            size = one.fp.seek(0, 2)
            one.fp.seek(at)
            if size > MOST_BYTES:
                self.faults.append(f"{where}: {one.filename} has {size:,} bytes")
            if size == at == 0:
                self.faults.append(f"{where}: {one.filename} is empty, or was sent before")
        for one in body.get("embeds") or []:
            self._embed(where, one)
        if sum(len(words_of({"embeds": [one]})) for one in body.get("embeds") or []) > 6_000:
            self.faults.append(f"{where}: the embeds have more than 6,000 characters")
        self._components(where, body.get("components") or [], bool(int(body.get("flags") or 0) & V2))
        said = words_of(body)
        if any(title in said for title in _titles()):
            self._error(where, said)

    def _mentions(self, where: str, body: Mapping[str, Any]) -> None:
        """Nobody; or the one person that the message begins with, in `content` or in a line over the card."""
        allowed, content = body.get("allowed_mentions"), str(body.get("content") or "")
        above = [one["content"] for one in (body.get("components") or [])[:1] if one["type"] == TEXT]
        match = next(filter(None, map(ONE_MENTION.fullmatch, [content, *above])), None)
        if allowed is None:
            self.faults.append(f"{where}: says nothing of mentions")
        elif allowed.get("parse") or allowed.get("roles") or allowed.get("replied_user"):
            self.faults.append(f"{where}: may mention {allowed}")
        elif [str(one) for one in allowed.get("users") or []] != ([match[1]] if match else []):
            self.faults.append(f"{where}: may mention {allowed}, and says {content or above!r}")
        if content and (not ONE_MENTION.fullmatch(content) or "://" in content):
            self.faults.append(f"{where}: {content!r} stands in content")

    def _error(self, where: str, said: str) -> None:
        found = ERROR_ID.findall(said)
        if not found:
            self.faults.append(f"{where}: an error card without an id: {said!r}")
        else:
            self.errors.append((found[-1], said))

    def _embed(self, where: str, one: Mapping[str, Any]) -> None:
        for name, most in EMBED.items():
            self._length(where, f"an embed's {name}", one.get(name), most)
        self._length(where, "an embed's footer", (one.get("footer") or {}).get("text"), 2_048)
        self._length(where, "an embed's author", (one.get("author") or {}).get("name"), 256)
        self._count(where, "fields", one.get("fields"), 25)
        for each in one.get("fields") or []:
            self._length(where, "a field's name", each["name"], 256, least=1)
            self._length(where, "a field's value", each["value"], 1_024, least=1)

    def _components(self, where: str, roots: list[Any], v2: bool) -> None:
        parts = list(walk_components(roots))
        if v2:
            self._count(where, "parts", parts, 40)
            said = sum(len(one["content"]) for one in parts if one["type"] == TEXT)
            if said > 4_000:
                self.faults.append(f"{where}: the parts have {said:,} characters of text")
        else:
            self._count(where, "rows", roots, 5)
        ids = [one["custom_id"] for one in parts if "custom_id" in one]
        self.drawn += ids
        if len(set(ids)) < len(ids):
            self.faults.append(f"{where}: two controls have one id: {sorted(ids)}")
        for one in parts:
            if one["type"] == TEXT:
                self._length(where, "a text", one["content"], 4_000, least=1)
            if one["type"] == GALLERY:
                self._gallery(where, one)
            self._control(where, one)

    def _gallery(self, where: str, one: Mapping[str, Any]) -> None:
        """Whoever hears the page hears what a picture shows."""
        for each in one["items"]:
            self._length(where, "a picture's description", each.get("description") or "", 1_024, least=1)

    def _control(self, where: str, one: Mapping[str, Any]) -> None:
        for name, most in LENGTHS.items():
            self._length(where, name, one.get(name), most)
        if one["type"] == BUTTON and not one.get("label") and not one.get("emoji"):
            self.faults.append(f"{where}: a button that says nothing: {one}")
        if one["type"] == ROW:
            self._count(where, "buttons in a row", one["components"], 5)
        if one["type"] == SELECT and not one.get("options"):
            self.faults.append(f"{where}: a list of nothing: {one}")
        options = one.get("options") or []
        self._count(where, "options", options, 25)
        values = [each["value"] for each in options]
        if len(set(values)) < len(values):
            self.faults.append(f"{where}: two options mean the same: {values}")
        for each in options:
            self._length(where, "an option's label", each["label"], 100, least=1)
            self._length(where, "an option's value", each["value"], 100, least=1)
            self._length(where, "an option's description", each.get("description"), 100)
        if not len(options) >= int(one.get("max_values") or 1) and options:
            self.faults.append(f"{where}: more may be chosen than there are: {one}")

    def _choices(self, where: str, choices: list[Mapping[str, Any]]) -> None:
        self._count(where, "choices", choices, 25)
        for one in choices:
            self._length(where, "a choice's name", one["name"], 100, least=1)
            self._length(where, "a choice's value", one["value"], 100, least=1)

    def _modal(self, where: str, data: Mapping[str, Any]) -> None:
        self._length(where, "a modal's title", data["title"], 45, least=1)
        self._length(where, "a modal's id", data["custom_id"], 100, least=1)
        self.drawn.append(f"modal {data['custom_id']}")
        self._count(where, "fields", data["components"], 5)
        for label in data["components"]:
            self._length(where, "a field's label", label.get("label"), 45, least=1)
            self._length(where, "a field's description", label.get("description"), 100)
        for one in walk_components(data["components"]):
            if one["type"] == INPUT:
                self._length(where, "a text to begin with", one.get("value"), int(one.get("max_length") or 4_000))
                self._length(where, "a placeholder", one.get("placeholder"), 100)
            elif one["type"] != LABEL:
                self._control(where, one)

    def _commands(self, where: str, commands: Any) -> None:
        self._count(where, "commands", [one for one in commands if one.get("type", 1) == 1], 100)
        self._count(where, "menus on messages", [one for one in commands if one.get("type") == 3], 5)
        for one in commands:
            size = self._command(f"{where} {one['name']}", one, menu=one.get("type", 1) != 1)
            if size > 4_000:
                self.faults.append(f"{where}: /{one['name']} has {size:,} characters, and 4,000 is the most")

    def _command(self, where: str, one: Mapping[str, Any], *, menu: bool = False) -> int:
        """A command, or an option of one. Returns its size as Discord counts it."""
        names = [one["name"], *(one.get("name_localizations") or {}).values()]
        said = [one.get("description") or "", *(one.get("description_localizations") or {}).values()]
        for name in names:
            self._length(where, "a name", name, 32, least=1)
            if not menu and (not re.fullmatch(r"[-_'\w]+", name) or name != name.lower()):
                self.faults.append(f"{where}: {name!r} is no name for a command or an option")
        for text in () if menu else said:
            self._length(where, "a description", text, 100, least=1)
        options, choices = one.get("options") or [], one.get("choices") or []
        self._count(where, "options", options, 25)
        self._count(where, "choices", choices, 25)
        for choice in choices:
            for name in [choice["name"], *(choice.get("name_localizations") or {}).values()]:
                self._length(where, "a choice", name, 100, least=1)
        size = max(map(len, names)) + max(map(len, said)) + sum(len(str(each["value"])) for each in choices)
        return (
            size
            + sum(map(len, (each["name"] for each in choices)))
            + sum(self._command(f"{where} {each['name']}", each) for each in options)
        )

    def end(self) -> list[str]:
        """What is broken when the test is over."""
        for backend, one in self.pressed:
            if self.line_is_cut or not _is_here(backend):
                continue
            if not one.responded:
                self.faults.append(f"no answer to {_named(one)}")
            elif one.loading:
                self.faults.append(f"thinking for ever: {_named(one)}")
        for token, edits in self.edits.items():
            pieces = [one for one in edits if one[1] != edits[-1][1]]
            for (before, _), (after, said) in pairwise(pieces):
                if after - before < PACE_S:
                    self.faults.append(f"{token}: edited again after {after - before:.2f} s: {said!r:.80}")
        log = "\n".join(self.logged)
        self.faults += [f"no [{id}] in the log: {said!r:.120}" for id, said in self.errors if f"[{id}]" not in log]
        return self.faults


def _is_here(backend: Any) -> bool:
    """False for the one behind a real socket, whose clock runs: there lines are cut and answers lost on purpose."""
    return type(backend.clock) is Clock


def _named(one: Interaction) -> str:
    return f"interaction {one.id} of type {one.type} ({one.command_name or one.source_message_id or 'a modal'})"


class _Listening(logging.Handler):
    def __init__(self, logged: list[str]) -> None:
        super().__init__(logging.INFO)
        self._logged = logged

    def emit(self, record: logging.LogRecord) -> None:
        self._logged.append(record.getMessage())


@pytest.fixture(autouse=True)
def watcher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watcher]:
    """Looks at all that goes to the simulated Discord, and fails the test at its end where something is broken."""
    watching = Watcher()
    dispatch, new = simcord.http.router.dispatch, simcord.backend.Backend.new_interaction

    def dispatched(backend: Any, method: str, path: str, *, json: Any = None, **rest: Any) -> Any:
        watching.request(method, path, json, rest.get("files") or [])
        try:
            answer = dispatch(backend, method, path, json=json, **rest)
        except BackendError as error:
            watching.refused(backend, method, path, error)
            raise
        watching.done(backend, method, path, json)
        return answer

    def pressed(self: Any, *args: Any, **rest: Any) -> Interaction:
        made = new(self, *args, **rest)
        watching.pressed.append((self, made))
        return made

    monkeypatch.setattr(simcord.http.router, "dispatch", dispatched)
    monkeypatch.setattr(simcord.backend.Backend, "new_interaction", pressed)
    handler, log = _Listening(watching.logged), logging.getLogger("haven.bot")
    before = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield watching
    finally:
        log.removeHandler(handler)
        log.setLevel(before)
    faults = watching.end()
    assert not faults, "Discord would not have it:\n" + "\n".join(dict.fromkeys(faults))
