"""The stand-in: a server on the loopback that speaks Claude's wire protocol and says in every message what it is.

`python -m haven.demo.stand_in` serves it until it is interrupted.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from haven.demo import answers, wire

TOOL = "propose_edits"
PLANNED = {"steps", "files", "risk"}
"""What a reply that is a plan is asked to hold."""
LONGEST_BODY = 32 * 1024 * 1024
"""Bytes; the API's own limit for a request."""
LONGEST_HEAD = 64 * 1024
HEADER = "x-haven-stand-in: 1"
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 413: "Too Large", 429: "Too Many"}


class FaultKind(StrEnum):
    """What goes wrong with one call."""

    RATE_LIMIT = "rate limit"
    SERVER_ERROR = "server error"
    OVERLOADED = "overloaded"
    UNAUTHORIZED = "unauthorized"
    CUT = "cut"
    SLOW = "slow"
    BROKEN_JSON = "broken json"
    REFUSAL = "refusal"
    MAX_TOKENS = "max tokens"
    NO_STOP_REASON = "no stop reason"
    EDITS_DO_NOT_APPLY = "edits do not apply"
    EDITS_OUTSIDE = "edits outside"
    EDITS_BREAK_TESTS = "edits break tests"
    HANG = "hang"


STATUS = {
    FaultKind.RATE_LIMIT: (429, "rate_limit_error"),
    FaultKind.SERVER_ERROR: (500, "api_error"),
    FaultKind.OVERLOADED: (529, "overloaded_error"),
    FaultKind.UNAUTHORIZED: (401, "authentication_error"),
}
STOPS: dict[FaultKind | None, str | None] = {
    FaultKind.REFUSAL: "refusal",
    FaultKind.MAX_TOKENS: "max_tokens",
    FaultKind.NO_STOP_REASON: None,
}
BAD_EDITS = {
    FaultKind.EDITS_DO_NOT_APPLY: answers.Edit("README.md", "replace", "this stands nowhere\n", "nor does this\n"),
    FaultKind.EDITS_OUTSIDE: answers.Edit("../outside.txt", "create", new="this must never be written\n"),
    FaultKind.EDITS_BREAK_TESTS: answers.BREAKING,
}


@dataclass(frozen=True)
class Fault:
    """One call that goes wrong. `reached` is set when a hanging call has arrived; `release` lets it go on."""

    kind: FaultKind
    retry_after_s: float | None = 1.0
    """Named in a refusal by status; None: it names no time."""
    pause_s: float = 0.02
    """Between two events of a slow stream."""
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)


class StandIn:
    """The server. The nth call for a message gets the nth fault, where there is one; all later calls are answered.

    `says` gives the words of an answer to the last turn's; without it they come from `answers.py`.
    """

    def __init__(
        self, faults: Sequence[Fault | None] = (), *, port: int = 0, says: Callable[[str], str] | None = None
    ) -> None:
        self.requests: list[dict[str, Any]] = []
        """Every body received, in order, counts of tokens included."""
        self._faults = list(faults)
        self._port = port
        self._says = says
        self._cache = wire.PromptCache()
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        """Listen on the loopback only; returns the base URL."""
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", self._port, limit=LONGEST_HEAD)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Stop listening and drop every open call; a second call does nothing."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        await server.wait_closed()

    async def __aenter__(self) -> Self:
        self.base_url = await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one response, one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            try:
                path, body = await _read(reader)
                await self._answer(path, body, writer)
            except wire.Refused as refused:
                _send_json(writer, refused.status, refused.body, *refused.headers)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the other side is gone
        except asyncio.CancelledError:
            if self._server is not None:
                raise
            # close() cancels: before Python 3.13 a cancelled talk is logged as an error by asyncio itself
        finally:
            self._talks.discard(task)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, path: str, body: Any, writer: asyncio.StreamWriter) -> None:
        if path not in ("/v1/messages", "/v1/messages/count_tokens"):
            raise wire.Refused(404, "not_found_error", "The stand-in knows messages and count_tokens only.")
        if isinstance(body, dict):
            self.requests.append(body)
        counting = path.endswith("count_tokens")
        checked = wire.check(body, counting=counting)
        if counting:
            _send_json(writer, 200, {"input_tokens": wire.input_tokens(checked)})
            return
        fault = self._faults.pop(0) if self._faults else None
        if fault is not None:
            await _before(fault)
        whole = self._message(checked, fault.kind if fault is not None else None)
        if not checked.get("stream"):
            _send_json(writer, 200, whole)
            return
        await _stream(writer, whole, fault)

    def _message(self, body: dict[str, Any], fault: FaultKind | None) -> dict[str, Any]:
        system = wire.text_of(body.get("system"))
        turns = [wire.text_of(message["content"]) for message in body["messages"]]
        says = self._says
        if says is None and wire.wanted(body).keys() >= PLANNED:
            says = _planned
        if says is not None:
            said = [{"type": "text", "text": says(turns[-1])}]
            return wire.message(body["model"], said, STOPS.get(fault, "end_turn"), self._cache.usage(body))
        answer = answers.answer("\n".join([system, *turns[:-1]]), turns[-1])
        edits = answer.edits
        if edits and fault in BAD_EDITS:
            edits += (BAD_EDITS[fault],)
        content: list[dict[str, Any]] = [{"type": "text", "text": answer.text}]
        stop: str | None = "end_turn"
        if edits and any(tool["name"] == TOOL for tool in body.get("tools", [])):
            data = {"summary": answer.text, "edits": [vars(edit) for edit in edits]}
            tool = {"type": "tool_use", "id": f"toolu_{secrets.token_hex(8)}", "name": TOOL, "input": data}
            content.append(tool)
            stop = "tool_use"
        elif edits:
            content[0]["text"] += f"\n\n{answers.as_text(edits)}"
        if fault in STOPS:
            stop = STOPS[fault]
        return wire.message(body["model"], content, stop, self._cache.usage(body))


def _planned(turn: str) -> str:
    return json.dumps(answers.plan(turn), ensure_ascii=False)


async def _before(fault: Fault) -> None:
    """What happens before any answer: a refusal by status, or waiting."""
    if fault.kind is FaultKind.HANG:
        fault.reached.set()
        await fault.release.wait()
    if fault.kind in STATUS:
        status, kind = STATUS[fault.kind]
        raise wire.Refused(status, kind, f"{answers.MARK} {fault.kind.value}, as asked for", fault.retry_after_s)


async def _stream(writer: asyncio.StreamWriter, whole: dict[str, Any], fault: Fault | None) -> None:
    kind = fault.kind if fault is not None else None
    _send_head(writer, 200, "text/event-stream", "transfer-encoding: chunked")
    events = list(wire.events(whole, broken_json=kind is FaultKind.BROKEN_JSON))
    if kind is FaultKind.CUT:
        events = events[: len(events) // 2]
    for event in events:
        data = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
        writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        await writer.drain()
        if fault is not None and kind is FaultKind.SLOW:
            await asyncio.sleep(fault.pause_s)
    if kind is not FaultKind.CUT:  # a cut stream lacks the last, empty chunk
        writer.write(b"0\r\n\r\n")


async def _read(reader: asyncio.StreamReader) -> tuple[str, Any]:
    """Path and parsed body of one request; raises Refused where it is not one."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    size = headers.get("content-length", "0")
    if not size.isdigit() or int(size) > LONGEST_BODY:
        raise wire.Refused(413, "request_too_large", "Request exceeds the maximum size")
    raw = await reader.readexactly(int(size))
    if not (headers.get("x-api-key") or headers.get("authorization")):
        raise wire.Refused(401, "authentication_error", "x-api-key header is required")
    method, _, target = first.partition(" ")
    if method != "POST":
        raise wire.Refused(404, "not_found_error", "Not found")
    try:
        return target.split(" ")[0].split("?")[0], json.loads(raw)
    except ValueError:
        raise wire.Refused(400, "invalid_request_error", "The request body is not valid JSON") from None


def _send_head(writer: asyncio.StreamWriter, status: int, kind: str, *more: str) -> None:
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Error')}", f"content-type: {kind}", HEADER, "connection: close"]
    writer.write("\r\n".join([*lines, *more, "", ""]).encode("ascii"))


def _send_json(writer: asyncio.StreamWriter, status: int, body: Any, *more: str) -> None:
    data = json.dumps(body).encode()
    _send_head(writer, status, "application/json", f"content-length: {len(data)}", *more)
    writer.write(data)


async def serve(port: int = 0) -> None:
    """Serve until cancelled, and print where."""
    async with StandIn(port=port) as stand_in:
        print(f"{answers.MARK} {stand_in.base_url}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(serve())
