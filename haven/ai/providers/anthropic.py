"""Claude through the `anthropic` SDK: one streamed call, its faults turned into sentences, and no retry of its own.

A retry would be a second paid call without a reservation, so it is the engine's to decide: what may pass is raised as
`Unavailable(retry=True)`, with the wait that the other side asked for.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Any

from haven.ai.providers.base import Call, Finish
from haven.ai.task import Delta, Tier, Usage
from haven.errors import HavenError, ModelError, SettingsError, Unavailable

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from anthropic.lib.streaming import ParsedMessageStreamEvent
    from anthropic.types import Message

CACHE_MARKS = 4
"""The API refuses more cache marks than this in one request."""
CONNECT_S = 10.0
LONGEST_CALL_S = 900.0
"""A call that goes on for longer will not end: the longest replies take a few minutes."""
LEAST_CHARACTERS, CHARACTERS_A_TOKEN = 20_000, 16
"""More than this, thinking included, can't be a reply within max_tokens: a token is about four characters."""
OFFICIAL = "https://api.anthropic.com"
NO_KEY = "No Claude key is set, so the cloud can't be used."
NO_KEY_MEND = "Run `haven setup` to give Haven a key and a cap."
SHORT_ANSWER_TOKENS = 4096
"""Below this the model is told to think little: its thinking counts towards max_tokens."""


class AnthropicProvider:
    """Claude, or the stand-in that speaks its wire protocol.

    `timeout_s` is the longest silence on the wire, `longest_s` the longest call, both in seconds. Nothing is read
    from the environment: neither key, address nor headers. With `stand_in` the key is never sent.
    """

    tier = Tier.CLOUD

    def __init__(
        self,
        key: str,
        *,
        model: str,
        base_url: str = "",
        timeout_s: float = 300.0,
        longest_s: float = LONGEST_CALL_S,
        stand_in: bool = False,
    ) -> None:
        if stand_in and not base_url:
            raise SettingsError("cloud.stand_in is on but cloud.base_url names no stand-in.", "Set both, or neither.")
        self.model = model
        self._key = "stand-in" if stand_in else key
        self._base_url = base_url or OFFICIAL
        self._timeout_s = timeout_s
        self._longest_s = longest_s
        self._client: AsyncAnthropic | None = None
        self._connecting = asyncio.Lock()

    def missing(self) -> str:
        """Why it can't be used now, in one sentence; "" when it can."""
        return "" if self._key else f"{NO_KEY} {NO_KEY_MEND}"

    async def generate(self, call: Call) -> AsyncGenerator[Delta | Finish]:
        """Text as it arrives, then one Finish; `data` is the tool's input, or the parsed JSON where a schema was given.

        Raises Unavailable (no key, out of reach, overloaded) or ModelError (refused, cut off, malformed, endless).
        """
        client = await self._connected()
        tool_json: dict[int, str] = {}
        message: Message | None = None
        try:
            async with aclosing(self._events(client, call)) as events:
                async for event in events:
                    if event.type == "text":
                        yield Delta(event.text)
                    elif event.type == "content_block_start" and event.content_block.type == "tool_use":
                        tool_json[event.index] = ""
                    elif event.type == "content_block_delta" and event.delta.type == "input_json_delta":
                        tool_json[event.index] = tool_json.get(event.index, "") + event.delta.partial_json
                    elif event.type == "message_stop":
                        message = event.message
        except HavenError:
            raise
        except Exception as error:
            raise self._fault(error) from error
        yield _finish(call, message, list(tool_json.values()))

    async def _events(self, client: AsyncAnthropic, call: Call) -> AsyncGenerator[ParsedMessageStreamEvent[None]]:
        """What the stream brings, until it is longer than any reply, in characters or in time."""
        left = max(LEAST_CHARACTERS, call.max_tokens * CHARACTERS_A_TOKEN)
        end = asyncio.get_running_loop().time() + self._longest_s
        request = client.messages.stream(**self._request(call), max_tokens=call.max_tokens)
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout_at(end):
                    stream = aiter(await stack.enter_async_context(request))
                while left > 0:
                    async with asyncio.timeout_at(end):  # around each wait: the reader of a generator is not its task
                        event = await anext(stream, None)
                    if event is None:
                        return
                    yield event
                    left -= _characters(event)
        except TimeoutError:
            raise ModelError(f"Claude's reply took longer than {self._longest_s:.0f} seconds.", "Try again.") from None
        raise ModelError(f"Claude's reply did not end within its {call.max_tokens} tokens.", "Try again.")

    async def close(self) -> None:
        """Close the connections; a second call does nothing."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _connected(self) -> AsyncAnthropic:
        if not self._key:
            raise Unavailable(NO_KEY, NO_KEY_MEND, retry=False)
        async with self._connecting:
            if self._client is None:
                self._client = await asyncio.to_thread(self._make_client)
            return self._client

    def _fault(self, error: Exception) -> HavenError:
        from haven.ai.providers.anthropic_faults import as_haven_error  # imports the SDK: see _make_client

        return as_haven_error(error, self.model)

    def _make_client(self) -> AsyncAnthropic:
        import anthropic  # takes a second to import, so in a thread, and only when the cloud is really used

        client = anthropic.AsyncAnthropic(
            api_key=self._key,
            base_url=self._base_url,
            webhook_key="",
            max_retries=0,
            timeout=anthropic.Timeout(self._timeout_s, connect=CONNECT_S),
            open_telemetry=False,
            # A proxy that the environment names can't reach a server on this machine's own loopback.
            http_client=anthropic.DefaultAsyncHttpxClient(mounts={"all://127.0.0.1": None, "all://localhost": None}),
        )
        client._custom_headers = {}  # drops what ANTHROPIC_CUSTOM_HEADERS put in: the SDK has no public way
        return client

    def _request(self, call: Call) -> dict[str, Any]:
        """No temperature: the newest models refuse it."""
        request: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": turn.role, "content": turn.text} for turn in call.turns],
        }
        if system := _system(call.system):
            request["system"] = system
        output: dict[str, Any] = {}
        if call.schema is not None:
            output["format"] = {"type": "json_schema", "schema": _strict(call.schema)}
        if call.tool is not None:
            request["tools"] = [
                {
                    "name": call.tool.name,
                    "description": call.tool.description,
                    "input_schema": _strict(call.tool.schema),
                    "strict": True,
                }
            ]
            # The newest models answer a forced tool with an error 400, so it is offered, and the prompt asks for it.
            request["tool_choice"] = {"type": "auto", "disable_parallel_tool_use": True}
        elif call.max_tokens < SHORT_ANSWER_TOKENS:
            output["effort"] = "low"
        if output:
            request["output_config"] = output
        return request


def _characters(event: ParsedMessageStreamEvent[None]) -> int:
    """How much of a reply's length it uses up; the least is one, so that empty events come to an end as well."""
    match event.type:
        case "text":
            return 1 + len(event.text)
        case "thinking":
            return 1 + len(event.thinking)
        case "input_json":
            return 1 + len(event.partial_json)
    return 1


def _strict(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema within what strict output allows; what it doesn't, such as a length, goes into the description."""
    from anthropic import transform_schema

    return transform_schema(_one_type_each(schema))


def _one_type_each(node: Any) -> Any:
    """`{"type": ["string", "null"]}` as `anyOf`, the only way that the SDK and the API take it."""
    if isinstance(node, list):
        return [_one_type_each(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    plain = {key: _one_type_each(value) for key, value in node.items()}
    if isinstance(plain.get("type"), list):
        kinds = plain.pop("type")
        about = {"description": plain.pop("description")} if "description" in plain else {}
        return {"anyOf": [{"type": kind, **(plain if kind != "null" else {})} for kind in kinds], **about}
    return plain


def _system(parts: tuple[str, ...]) -> list[dict[str, Any]]:
    """One text block a part, the last four ending at a cache mark."""
    blocks: list[dict[str, Any]] = [{"type": "text", "text": part} for part in parts if part.strip()]
    for block in blocks[-CACHE_MARKS:]:
        block["cache_control"] = {"type": "ephemeral"}
    return blocks


def _finish(call: Call, message: Message | None, tool_json: list[str]) -> Finish:
    """The whole reply. Raises ModelError where it is not whole."""
    if message is None or message.stop_reason is None:
        # A stream that simply ended: the SDK raises nothing for it.
        raise ModelError("Claude's reply was cut off before its end, so it can't be used.", "Try again.")
    text = "".join(block.text for block in message.content if block.type == "text")
    usage = Usage(
        input=message.usage.input_tokens,
        output=message.usage.output_tokens,
        cache_read=message.usage.cache_read_input_tokens or 0,
        cache_write=message.usage.cache_creation_input_tokens or 0,
    )
    match message.stop_reason:
        case "tool_use":
            name = next((block.name for block in message.content if block.type == "tool_use"), "")
            return Finish(text, usage, "tool", _tool_input(call, name, tool_json), model=message.model)
        case "end_turn" | "stop_sequence":
            return Finish(text, usage, "end", _json(text) if call.schema is not None else None, model=message.model)
        case "max_tokens" if call.tool is None and call.schema is None:
            return Finish(text, usage, "length", None, model=message.model)
        case "max_tokens":
            raise ModelError(
                f"Claude's reply was cut off at {call.max_tokens} tokens, so it can't be used.",
                "Ask for less at once, or raise cloud.max_output_tokens.",
            )
        case "refusal":
            why = message.stop_details.explanation if message.stop_details else None
            reason = f": {' '.join(why.split())[:300]}" if why else "."
            raise ModelError(f"Claude refused this request{reason}", "Word the request differently.")
        case "model_context_window_exceeded":
            raise ModelError("The prompt and the reply were too long for this model.", "Lower changes.context_tokens.")
        case other:
            raise ModelError(f"Claude stopped in a way that Haven does not know ({other}).", "Try again.")


def _tool_input(call: Call, name: str, tool_json: list[str]) -> Any:
    if call.tool is None or name != call.tool.name or len(tool_json) != 1:
        raise ModelError("Claude did not call the tool that it was given, once.", "Try again.")
    data = _json(tool_json[0] or "{}")
    needed = call.tool.schema.get("required", ())
    if not isinstance(data, dict) or any(key not in data for key in needed):
        raise ModelError(f"Claude called {name} without its {' and '.join(needed)}.", "Try again.")
    return data


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise ModelError("Claude's reply is not valid JSON, so it can't be used.", "Try again.") from None
