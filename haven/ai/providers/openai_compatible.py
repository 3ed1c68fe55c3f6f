"""Whatever speaks the OpenAI protocol: OpenAI, Gemini, llama-server, vLLM, LM Studio, through the `openai` SDK.

One streamed chat completion, and no retry of its own: a second paid call needs a reservation, so it is the engine's.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from haven.ai.money import tokens
from haven.ai.money.prices import Prices
from haven.ai.providers import http_faults as faults
from haven.ai.providers import http_replies as replies
from haven.ai.providers.base import Call, Finish
from haven.ai.providers.http_faults import Far, host
from haven.ai.providers.http_messages import messages, offered
from haven.ai.task import Delta, Tier, Tool, Usage
from haven.errors import HavenError, ModelError, Unavailable
from haven.settings import Cloud

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletionChunk


class OpenAICompatible:
    """One model of one server. `key` may be empty at home; `name` is what routes call it.

    `timeout_s` is the longest silence on the wire, `longest_s` the longest call, both in seconds. Nothing is read from
    the environment but, for the cloud, its proxy.
    """

    stand_in = False

    def __init__(
        self,
        base_url: str,
        model: str,
        key: str = "",
        *,
        tier: Tier,
        name: str = "",
        price: Prices | None = None,
        timeout_s: float = 120.0,
        longest_s: float = replies.LONGEST_CALL_S,
    ) -> None:
        self.tier, self.name, self.model, self.price = tier, name or model, model, price
        self._base_url = base_url if urlsplit(base_url).path.strip("/") else f"{base_url.rstrip('/')}/v1"
        self.recipient = host(base_url)
        self._key, self._timeout_s, self._longest_s = key, timeout_s, longest_s
        setting = "cloud.others" if tier is Tier.CLOUD else "lan.hosts"
        self._far = Far(
            self.name if tier is Tier.CLOUD else self.recipient,
            model,
            key,
            address=setting,
            model_setting=setting,
            key_mend=f"Put a valid key into the secret that {setting} names.",
        )
        self._headers: Mapping[str, Any] = {}
        self._client: AsyncOpenAI | None = None
        self._connecting = asyncio.Lock()

    def missing(self) -> str:
        """Why it can't be used now, in one sentence; "" when it can."""
        if self._key or self.tier is not Tier.CLOUD:
            return ""
        return f"No key for {self.name} is set. {self._far.key_mend}"

    async def generate(self, call: Call) -> AsyncGenerator[Delta | Finish, None]:
        """Text as it arrives, then one Finish; `data` is the tool's input, or the parsed JSON where a schema was given.

        At home the one tool's input is made by its schema. Raises Unavailable (no key, out of reach, overloaded) or
        ModelError (refused, cut off, malformed, endless).
        """
        client, so_far = await self._connected(), _SoFar()
        by_schema = self._by_schema(call)
        request = self._opened(client, self._request(call))
        try:
            async with aclosing(replies.bounded(request, _characters, call, self._far, self._longest_s)) as chunks:
                async for chunk in chunks:
                    if (text := so_far.came(chunk)) and by_schema is None:
                        yield Delta(text)
            finish = so_far.finish(call, self._far, by_schema)
        except HavenError:
            raise
        except Exception as error:
            raise self._fault(error) from error
        yield finish

    async def models(self) -> frozenset[str]:
        """The names of the models that it says it has. Raises Unavailable or ModelError."""
        client = await self._connected()
        try:
            async with asyncio.timeout(min(self._timeout_s, replies.CONNECT_S)):
                listed = await client.models.list(extra_headers=self._headers)
            return frozenset(str(model.id) for model in listed.data)
        except TimeoutError:
            raise faults.late(self._far) from None
        except Exception as error:
            raise self._fault(error) from error

    def lacks(self, models: frozenset[str]) -> str:
        """Nothing is concluded from the names: llama-server answers to any, and lists a file's path."""
        return ""

    async def close(self) -> None:
        """Close the connections; a second call does nothing."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _connected(self) -> AsyncOpenAI:
        if reason := self.missing():
            raise Unavailable(reason, retry=False)
        async with self._connecting:
            if self._client is None:
                try:
                    self._client = await asyncio.to_thread(self._make_client)
                except Exception as error:  # such as an address that has no host in it
                    raise self._fault(error) from error
            return self._client

    def _make_client(self) -> AsyncOpenAI:
        import httpx2
        import openai  # takes a while to import, so in a thread, and only where it is really used

        from haven.ai.providers import http_bounds

        timeout = httpx2.Timeout(self._timeout_s, connect=replies.CONNECT_S)
        client = openai.AsyncOpenAI(
            api_key=self._key or "none",
            admin_api_key="",
            organization="",
            project="",
            webhook_secret="",
            base_url=self._base_url,
            max_retries=0,
            timeout=timeout,
            # A redirect is not followed: the key would go with it. A proxy has nothing to do with what is in this
            # house, and can't reach this machine's own loopback.
            http_client=openai.DefaultAsyncHttpxClient(
                timeout=timeout,
                follow_redirects=False,
                trust_env=self.tier is Tier.CLOUD,
                mounts={"all://127.0.0.1": None, "all://localhost": None},
                **http_bounds.for_client(),
            ),
        )
        client.organization = client.project = None
        client._custom_headers = {}  # drops what OPENAI_CUSTOM_HEADERS put in: the SDK has no public way
        if not self._key:
            self._headers = {"Authorization": openai.omit}
        return client

    @asynccontextmanager
    async def _opened(
        self, client: AsyncOpenAI, request: Mapping[str, Any]
    ) -> AsyncIterator[AsyncStream[ChatCompletionChunk]]:
        stream: AsyncStream[ChatCompletionChunk] = await client.chat.completions.create(
            **request, extra_headers=self._headers
        )
        try:
            kind = stream.response.headers.get("content-type", "")
            if not kind.startswith("text/event-stream"):
                raise faults.other_server(self._far, kind)
            yield stream
        finally:
            await stream.close()

    def _by_schema(self, call: Call) -> Tool | None:
        """Small models at home miss a forced tool (llama-server with SmolLM2 did); a schema they can't miss."""
        return call.tool if self.tier is not Tier.CLOUD and not call.tools else None

    def _request(self, call: Call) -> dict[str, Any]:
        by_schema = self._by_schema(call)
        request: dict[str, Any] = {
            "model": self.model,
            "messages": messages(call, by_schema),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if self.tier is Tier.CLOUD:
            # The newest models there refuse a temperature and the older name of the limit.
            request["max_completion_tokens"] = call.max_tokens
        else:
            request |= {"max_tokens": call.max_tokens, "temperature": call.temperature, "top_p": call.top_p}
        if call.seed is not None:
            request["seed"] = call.seed
        if call.stop:
            request["stop"] = list(call.stop)
        if schema := by_schema.schema if by_schema else call.schema:
            # Not `strict`: OpenAI then refuses schemas with optional keys or bounded strings.
            form = {"name": "reply", "schema": dict(schema)}
            request["response_format"] = {"type": "json_schema", "json_schema": form}
        tools = [*(call.tools or call.past_tools), *([call.tool] if call.tool and not by_schema else [])]
        if tools:
            request["tools"] = [offered(tool) for tool in tools]
            request["tool_choice"] = "auto" if call.tools else "required" if call.tool else "none"
        return request

    def _fault(self, error: Exception) -> HavenError:
        import openai

        match error:
            case openai.APIStatusError():
                kind = " ".join(filter(None, (error.type, error.code)))
                after = error.response.headers.get("retry-after", "")
                return faults.by_status(self._far, error.status_code, _said(error.body), kind=kind, retry_after=after)
            case openai.APIResponseValidationError():
                return faults.malformed(self._far)
            case openai.APIConnectionError():
                cause = error.__cause__
                fault = faults.by_transport(self._far, cause) if isinstance(cause, Exception) else None
                return fault or faults.unreachable(self._far)
            case openai.APIError():  # told of in the middle of a stream
                return faults.by_status(self._far, 200, error.message, kind=f"{error.type} {error.code} api_error")
        return faults.by_transport(self._far, error) or ModelError(
            f"The call to {self._far.name} failed: {type(error).__name__}.", "See the log."
        )


@dataclass
class _SoFar:
    """What a stream has brought."""

    text: str = ""
    refusal: str = ""
    stop: str = ""
    model: str = ""
    usage: Any = None
    """As it was told, of whatever type."""
    wanted: dict[int, replies.Wanted] = field(default_factory=dict)

    def came(self, chunk: ChatCompletionChunk) -> str:
        """Take in one chunk; its text."""
        self.model = chunk.model or self.model
        if chunk.usage is not None:
            self.usage = chunk.usage
        if not chunk.choices:
            return ""
        choice = chunk.choices[0]
        self.stop = choice.finish_reason or self.stop
        for part in choice.delta.tool_calls or ():
            wanted = self.wanted.setdefault(part.index, replies.Wanted())
            wanted.id = wanted.id or part.id or ""
            if part.function is not None:
                wanted.name += part.function.name or ""
                wanted.input = f"{wanted.input}{part.function.arguments or ''}"
        self.refusal += choice.delta.refusal or ""
        text = choice.delta.content or ""
        self.text += text
        return text

    def finish(self, call: Call, far: Far, by_schema: Tool | None) -> Finish:
        """Raises ModelError where the reply is not whole."""
        if not self.stop:
            raise replies.cut_off(far)  # the SDK raises nothing for a stream that simply ended
        if self.refusal or self.stop == "content_filter":
            raise replies.refused(far, self.refusal)
        if self.stop not in ("stop", "length", "tool_calls", "function_call"):
            raise ModelError(f"{far.name} stopped in a way that Haven does not know ({self.stop[:40]}).", "Try again.")
        wanted = [self.wanted[index] for index in sorted(self.wanted)]
        usage = _estimate(call, self.text) if self.usage is None else _usage(call, self.usage)
        text = self.text
        if by_schema is not None:
            wanted, text = [replies.Wanted(name=by_schema.name, input=text)], ""
        return replies.whole(
            call, far, text, usage, cut=self.stop == "length", wanted=wanted, model=self.model or far.model
        )


def other_clouds(cloud: Cloud, secret: Callable[[str], str | None]) -> list[OpenAICompatible]:
    """The paid services besides Claude, in the order of the settings. What they cache is priced as if they did not."""
    return [
        OpenAICompatible(
            one.base_url,
            one.model,
            secret(one.secret) or "",
            tier=Tier.CLOUD,
            name=one.name,
            price=Prices(
                input=one.input_usd, output=one.output_usd, cache_read=one.input_usd, cache_write=one.input_usd
            ),
            timeout_s=cloud.timeout_s,
        )
        for one in cloud.others
    ]


def _characters(chunk: ChatCompletionChunk) -> int:
    """All of it: thinking stands in fields that differ between servers."""
    if not chunk.choices:
        return 0
    delta = chunk.choices[0].delta
    fields = [*vars(delta).values(), *(delta.model_extra or {}).values()]
    size = sum(len(value) for value in fields if isinstance(value, str))
    return size + sum(len(part.function.arguments or "") for part in delta.tool_calls or () if part.function)


def _usage(call: Call, usage: Any) -> Usage | None:
    """Uncached input apart; thinking that a server leaves out of the output is taken from the total."""
    details = getattr(usage, "prompt_tokens_details", None)
    counted = (getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens", "total_tokens"))
    told = replies.figures(*counted, getattr(details, "cached_tokens", None))
    if told is None:
        return None
    prompt, output, total, cached = told
    return replies.usage(call, input=max(prompt - cached, 0), output=max(output, total - prompt), cache_read=cached)


def _estimate(call: Call, text: str) -> Usage:
    """Where the server names no usage: Haven's own count, meant to be over."""
    tools = [offered(tool) for tool in (*call.tools, call.tool) if tool is not None]
    asked = json.dumps([*messages(call), *tools, call.schema], ensure_ascii=False, default=dict)
    return Usage(input=tokens.count(asked), output=tokens.count(text))


def _said(body: object) -> str:
    """The message in an error's body; a page of HTML says nothing to a person."""
    if isinstance(body, list) and body:
        body = body[0]  # Gemini
    if isinstance(body, Mapping):
        body = body.get("error", body)
    if isinstance(body, Mapping):
        body = body.get("message")
    return body if isinstance(body, str) and not body.lstrip().startswith("<") else ""
