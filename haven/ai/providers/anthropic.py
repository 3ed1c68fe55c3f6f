"""Claude through the `anthropic` SDK: one streamed call, its faults turned into sentences, and no retry of its own.

A retry would be a second paid call without a reservation, so it is the engine's to decide: what may pass is raised as
`Unavailable(retry=True)`, with the wait that the other side asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from haven.ai.money import prices
from haven.ai.providers import http_replies as replies
from haven.ai.providers.base import Call, Finish
from haven.ai.providers.http_faults import Far, malformed
from haven.ai.task import Delta, Tier, Tool, Turn
from haven.errors import HavenError, ModelError, SettingsError, Unavailable

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from anthropic.lib.streaming import ParsedMessageStreamEvent
    from anthropic.types import Message

CACHE_MARKS = 4
"""The API refuses more cache marks than this in one request."""
OFFICIAL = "https://api.anthropic.com"
NO_KEY = "No Claude key is set, so the cloud can't be used."
NO_KEY_MEND = "Run `haven setup` to give Haven a key and a cap."
SHORT_ANSWER_TOKENS = 4096
"""Below this the model is told to think little: its thinking counts towards max_tokens."""
CACHED = {"cache_control": {"type": "ephemeral"}}


class AnthropicProvider:
    """Claude, or the stand-in that speaks its wire protocol.

    `timeout_s` is the longest silence on the wire, `longest_s` the longest call, both in seconds. Nothing is read
    from the environment: neither key, address nor headers. With `stand_in` the key is never sent. Raises SettingsError
    for a model without a price, and for a stand-in without an address.
    """

    tier = Tier.CLOUD

    def __init__(
        self,
        key: str,
        *,
        model: str,
        base_url: str = "",
        timeout_s: float = 300.0,
        longest_s: float = replies.LONGEST_CALL_S,
        stand_in: bool = False,
    ) -> None:
        if stand_in and not base_url:
            raise SettingsError("cloud.stand_in is on but cloud.base_url names no stand-in.", "Set both, or neither.")
        self.name = self.model = model
        self.price: prices.Prices | None = prices.of(model)
        self.stand_in = stand_in
        self.recipient = "stand-in, not Claude" if stand_in else base_url or "Anthropic"
        self._key = "stand-in" if stand_in else key
        self._far = Far("Claude", model, self._key)
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
        inputs: dict[int, str] = {}
        message: Message | None = None
        request = client.messages.stream(**self._request(call), max_tokens=call.max_tokens)
        try:
            async with aclosing(replies.bounded(request, _characters, call, self._far, self._longest_s)) as events:
                async for event in events:
                    if event.type == "text":
                        yield Delta(event.text)
                    elif event.type == "content_block_start" and event.content_block.type == "tool_use":
                        inputs[event.index] = ""
                    elif event.type == "content_block_delta" and event.delta.type == "input_json_delta":
                        inputs[event.index] = inputs.get(event.index, "") + event.delta.partial_json
                    elif event.type == "message_stop":
                        message = event.message
        except HavenError:
            raise
        except Exception as error:
            raise self._fault(error) from error
        yield _finish(call, self._far, message, list(inputs.values()))

    async def count(self, call: Call) -> int:
        """Input tokens of that call, counted by the API, which costs nothing but sees all of it.

        Raises as `generate` does.
        """
        client = await self._connected()
        try:
            async with asyncio.timeout(self._longest_s):
                counted = await client.messages.count_tokens(**self._request(call, counted=True))
        except TimeoutError:
            raise Unavailable("Claude did not answer in time.", "Haven tries again later.") from None
        except Exception as error:
            raise self._fault(error) from error
        if (told := replies.figures(getattr(counted, "input_tokens", None))) is None:
            raise malformed(self._far)
        return told[0]

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

        return as_haven_error(error, self.model, self._key)

    def _make_client(self) -> AsyncAnthropic:
        import anthropic  # takes a second to import, so in a thread, and only when the cloud is really used

        from haven.ai.providers import http_bounds

        client = anthropic.AsyncAnthropic(
            api_key=self._key,
            base_url=self._base_url,
            webhook_key="",
            max_retries=0,
            timeout=anthropic.Timeout(self._timeout_s, connect=replies.CONNECT_S),
            open_telemetry=False,
            # A proxy that the environment names can't reach a server on this machine's own loopback. A redirect is
            # not followed: the key would go with it.
            http_client=anthropic.DefaultAsyncHttpxClient(
                mounts={"all://127.0.0.1": None, "all://localhost": None},
                follow_redirects=False,
                **http_bounds.for_client(),
            ),
        )
        client._custom_headers = {}  # drops what ANTHROPIC_CUSTOM_HEADERS put in: the SDK has no public way
        return client

    def _request(self, call: Call, *, counted: bool = False) -> dict[str, Any]:
        """No temperature: the newest models refuse it."""
        request: dict[str, Any] = {"model": self.model, "messages": [_message(turn) for turn in call.turns]}
        if system := _system(call.system):
            request["system"] = system
        output: dict[str, Any] = {}
        if call.schema is not None:
            output["format"] = {"type": "json_schema", "schema": _strict(call.schema)}
        tools = [_offered(tool) for tool in call.tools or call.past_tools]
        if call.tool is not None:
            tools.append(_offered(call.tool, _strict(call.tool.schema)) | {"strict": True})
        if tools:
            if not system:
                tools[-1] |= CACHED  # otherwise the marks in the system text cover the tools as well
            request["tools"] = tools
            # The newest models answer a forced tool with an error 400, so it is offered, and the prompt asks for it.
            request["tool_choice"] = _choice(call)
        if call.tool is None and call.max_tokens < SHORT_ANSWER_TOKENS:
            output["effort"] = "low"
        if output:
            request["output_config"] = output
        if call.stop and not counted:
            request["stop_sequences"] = list(call.stop)
        return request


def _message(turn: Turn) -> dict[str, Any]:
    """Results stand before the text, and everything is one string where there is only text, as the API wants it."""
    blocks: list[dict[str, Any]] = [
        {"type": "tool_result", "tool_use_id": result.id, "content": result.text, "is_error": result.failed}
        for result in turn.results
    ]
    if turn.text.strip():
        blocks.append({"type": "text", "text": turn.text})
    blocks += [{"type": "tool_use", "id": one.id, "name": one.name, "input": dict(one.input)} for one in turn.calls]
    return {"role": turn.role, "content": blocks if turn.calls or turn.results else turn.text}


def _offered(tool: Tool, schema: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "input_schema": dict(schema or tool.schema)}


def _choice(call: Call) -> dict[str, Any]:
    if call.tools:
        return {"type": "auto"}
    return {"type": "none"} if call.tool is None else {"type": "auto", "disable_parallel_tool_use": True}


def _characters(event: ParsedMessageStreamEvent[None]) -> int:
    match event.type:
        case "text":
            return len(event.text)
        case "thinking":
            return len(event.thinking)
        case "input_json":
            return len(event.partial_json)
    return 0


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
        block |= CACHED
    return blocks


def _finish(call: Call, far: Far, message: Message | None, inputs: list[str]) -> Finish:
    """The whole reply. Raises ModelError where it is not whole."""
    if message is None or message.stop_reason is None:
        # A stream that simply ended: the SDK raises nothing for it.
        raise replies.cut_off(far)
    text = "".join(block.text for block in message.content if block.type == "text")
    usage = replies.usage(  # the SDK checks no type
        call,
        input=getattr(message.usage, "input_tokens", None),
        output=getattr(message.usage, "output_tokens", None),
        cache_read=getattr(message.usage, "cache_read_input_tokens", None),
        cache_write=getattr(message.usage, "cache_creation_input_tokens", None),
    )
    blocks = [block for block in message.content if block.type == "tool_use"]
    # The text of an input as it came: the SDK makes `{}` of one that is not JSON.
    wanted = [replies.Wanted(block.id, block.name, raw) for block, raw in zip(blocks, inputs, strict=False)]
    match message.stop_reason:
        case "tool_use" if wanted:
            return replies.whole(call, far, text, usage, cut=False, wanted=wanted, model=message.model)
        case "end_turn" | "stop_sequence" if not wanted:
            return replies.whole(call, far, text, usage, cut=False, model=message.model)
        case "max_tokens":
            return replies.whole(call, far, text, usage, cut=True, wanted=wanted, model=message.model)
        case "refusal":
            raise replies.refused(far, (message.stop_details.explanation if message.stop_details else None) or "")
        case "model_context_window_exceeded":
            raise ModelError("The prompt and the reply were too long for this model.", "Lower changes.context_tokens.")
        case other:
            raise ModelError(f"Claude stopped in a way that Haven does not know ({other}).", "Try again.")
