"""Ollama's own protocol, one JSON object a line: what its OpenAI door lacks, such as the context size and pulling.

It is spoken over aiohttp, which is there already: the `ollama` package (0.6.3) drops parts of a tool's schema (anyOf,
bounds, additionalProperties), follows redirects with the key, and sends a key that it finds in the environment.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any

from haven.ai.money import tokens
from haven.ai.money.prices import Prices
from haven.ai.providers import http_faults as faults
from haven.ai.providers import http_replies as replies
from haven.ai.providers.base import Call, Finish
from haven.ai.providers.http_faults import Far, host
from haven.ai.providers.http_messages import in_words, offered
from haven.ai.task import Delta, Tier
from haven.errors import HavenError, ModelError

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

Line = dict[str, Any]
KEEP_ALIVE = "30m"
LEAST_CONTEXT = 4096
LONGEST_LINE = 2**20
"""Bytes; a tool call comes in one line, and so does the list of models."""


class Ollama:
    """One model of one Ollama. `key` is for one behind a proxy that asks for it.

    `timeout_s` is the longest silence on the wire (loading a model is silent), `longest_s` the longest call, both in
    seconds. Nothing is read from the environment.
    """

    tier = Tier.LAN
    price: Prices | None = None
    stand_in = False

    def __init__(
        self,
        base_url: str,
        model: str,
        key: str = "",
        *,
        timeout_s: float = 120.0,
        longest_s: float = replies.LONGEST_CALL_S,
    ) -> None:
        self.name = self.model = model
        self.recipient = host(base_url)
        self._base_url, self._key = base_url.rstrip("/"), key
        self._timeout_s, self._longest_s = timeout_s, longest_s
        self._far = Far(
            self.recipient,
            model,
            key,
            address="lan.hosts",
            model_setting="lan.hosts",
            key_mend="Put a valid key into the secret that lan.hosts names.",
        )
        self._session: ClientSession | None = None
        self._connecting = asyncio.Lock()

    def missing(self) -> str:
        """Nothing is needed but the host."""
        return ""

    async def generate(self, call: Call) -> AsyncGenerator[Delta | Finish, None]:
        """Text as it arrives, then one Finish; the one tool's input is made by its schema and comes in `data`.

        Raises Unavailable (out of reach, overloaded, no such model) or ModelError (cut off, malformed, endless).
        """
        body = await asyncio.to_thread(self._request, call)
        request = self._lines("/api/chat", body, replies.most_bytes(call))
        text, wanted, last = "", list[replies.Wanted](), Line()
        try:
            async with aclosing(replies.bounded(request, _characters, call, self._far, self._longest_s)) as lines:
                async for line in lines:
                    message = line.get("message") or {}
                    if piece := message.get("content") or "":
                        text += piece
                        if call.tool is None or call.tools:
                            yield Delta(piece)
                    wanted += [_wanted(one) for one in message.get("tool_calls") or ()]
                    if line.get("done"):
                        last = line
            finish = self._finish(call, text, wanted, last)
        except HavenError:
            raise
        except Exception as error:
            raise self._fault(error) from error
        yield finish

    async def models(self) -> frozenset[str]:
        """The names of the models that it has. Raises Unavailable or ModelError."""
        try:
            async with (
                asyncio.timeout(min(self._timeout_s, replies.CONNECT_S)),
                self._answered("GET", "/api/tags") as response,
            ):
                listed = json.loads(await _body(response))
            return frozenset(str(model["name"]) for model in listed["models"])
        except TimeoutError:
            raise faults.late(self._far) from None
        except HavenError:
            raise
        except Exception as error:
            raise self._fault(error) from error

    def lacks(self, models: frozenset[str]) -> str:
        """Why it can't answer although it is there, from what `models` returned; "" where it can."""
        if self.model in models or f"{self.model}:latest" in models:
            return ""
        return f"{self._far.name} does not have the model '{self.model}'."

    async def pull(self, progress: Callable[[str, int, int], None]) -> None:
        """Have it download its model, after a person agreed; `progress` gets its words, bytes done and bytes in all.

        Raises Unavailable (out of reach, no such model, broken off).
        """
        layers: dict[str, tuple[int, int]] = {}
        try:
            async with self._lines("/api/pull", {"model": self.model, "stream": True}, replies.MOST_BYTES) as lines:
                async for line in lines:
                    if "total" in line:
                        layers[str(line.get("digest"))] = int(line.get("completed", 0)), int(line["total"])
                    done, size = (sum(part) for part in zip(*layers.values(), strict=True)) if layers else (0, 0)
                    progress(str(line.get("status", "")), done, size)
                    if line.get("status") == "success":
                        return
        except HavenError:
            raise
        except Exception as error:
            raise self._fault(error) from error
        raise faults.broke_off(self._far)

    async def close(self) -> None:
        """Close the connections; a second call does nothing."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _connected(self) -> ClientSession:
        async with self._connecting:
            if self._session is None:
                aiohttp = await asyncio.to_thread(__import__, "aiohttp")  # it takes a while
                self._session = aiohttp.ClientSession(
                    timeout=aiohttp.ClientTimeout(sock_connect=replies.CONNECT_S, sock_read=self._timeout_s),
                    headers={"Accept-Encoding": "identity"}
                    | ({"Authorization": f"Bearer {self._key}"} if self._key else {}),
                    auto_decompress=False,
                    cookie_jar=aiohttp.DummyCookieJar(),
                    read_bufsize=LONGEST_LINE,
                )
            assert self._session is not None
            return self._session

    @asynccontextmanager
    async def _answered(self, method: str, path: str, body: Line | None = None) -> AsyncIterator[ClientResponse]:
        """A response that speaks the protocol. A redirect is not followed: the prompt and the key would go with it."""
        session = await self._connected()
        async with session.request(method, self._base_url + path, json=body, allow_redirects=False) as response:
            if response.status != 200:
                said = _said(await _body(response, faults.MOST_ERROR))
                after = response.headers.get("retry-after", "")
                raise faults.by_status(self._far, response.status, said, retry_after=after)
            if faults.packed(response.headers.get("content-encoding", "")):
                raise faults.unfit(self._far, faults.Unfit("packed its reply, which Haven did not ask for"))
            if "json" not in response.content_type:
                raise faults.other_server(self._far, response.content_type)
            yield response

    @asynccontextmanager
    async def _lines(self, path: str, body: Line, most: int) -> AsyncIterator[AsyncGenerator[Line, None]]:
        async with self._answered("POST", path, body) as response, aclosing(self._each(response, most)) as lines:
            yield lines

    async def _each(self, response: ClientResponse, most: int) -> AsyncGenerator[Line, None]:
        """Up to so many bytes of them."""
        async for raw in response.content:
            most -= len(raw)
            if most < 0:
                raise faults.unfit(self._far, faults.Unfit("sent more than a reply can need"))
            line = json.loads(raw)
            if not isinstance(line, dict):
                raise faults.malformed(self._far)
            if "error" in line:
                raise faults.by_status(self._far, 200, str(line["error"]), kind="api_error")
            yield line

    def _request(self, call: Call) -> Line:
        """Counts the prompt, so it runs in a thread."""
        messages = _messages(call)
        request: Line = {
            "model": self.model,
            "messages": messages,
            "stream": True,
            "keep_alive": KEEP_ALIVE,
            "think": False,  # thinking would use up a short answer's tokens
        }
        tools = [offered(tool) for tool in call.tools]
        if call.tool is not None:
            if tools:
                tools.append(offered(call.tool))
            else:
                # By its schema every model can make the input; calling tools is for some of them.
                request["format"] = dict(call.tool.schema)
                messages.insert(0, {"role": "system", "content": in_words(call.tool)})
        if call.schema is not None:
            request["format"] = dict(call.schema)
        if tools:
            request["tools"] = tools
        request["options"] = _options(call, tokens.count(json.dumps([messages, tools], default=dict)))
        return request

    def _finish(self, call: Call, text: str, wanted: list[replies.Wanted], last: Line) -> Finish:
        """Raises ModelError where the reply is not whole."""
        if not last:
            raise replies.cut_off(self._far)
        usage = replies.usage(call, input=last.get("prompt_eval_count"), output=last.get("eval_count"))
        cut = last.get("done_reason") == "length"
        if call.tool is not None and not call.tools:
            wanted, text = [replies.Wanted(name=call.tool.name, input=text)], ""
        return replies.whole(call, self._far, text, usage, cut=cut, wanted=wanted, model=self.model)

    def _fault(self, error: Exception) -> HavenError:
        import aiohttp

        match error:
            case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError() | aiohttp.InvalidURL():
                return faults.unreachable(self._far)
            case TimeoutError():
                return faults.late(self._far)
            case aiohttp.ClientError() | OSError():
                return faults.broke_off(self._far)
            case ValueError() | TypeError() | AttributeError() | LookupError() | RecursionError():
                return faults.malformed(self._far)
        return ModelError(f"The call to {self._far.name} failed: {type(error).__name__}.", "See the log.")


def _options(call: Call, prompt_tokens: int) -> Line:
    """The context is asked for by powers of two: Ollama cuts what is longer without a word, and loads the model
    anew for each other size."""
    context = LEAST_CONTEXT
    while context < prompt_tokens + call.max_tokens:
        context *= 2
    options: Line = {
        "num_ctx": context,
        "num_predict": call.max_tokens,
        "temperature": call.temperature,
        "top_p": call.top_p,
    }
    if call.stop:
        options["stop"] = list(call.stop)
    if call.seed is not None:
        options["seed"] = call.seed
    return options


def _messages(call: Call) -> list[Line]:
    """Results name their tool, because this protocol gives calls no id that all its versions know."""
    messages: list[Line] = [{"role": "system", "content": part} for part in call.system if part.strip()]
    names: dict[str, str] = {}
    for turn in call.turns:
        for result in turn.results:
            text = f"{'failed: ' * result.failed}{result.text}"
            messages.append({"role": "tool", "tool_name": names.get(result.id, ""), "content": text})
        names = {one.id: one.name for one in turn.calls}
        if turn.text or turn.calls or not turn.results:
            message: Line = {"role": turn.role, "content": turn.text}
            if turn.calls:
                calls = [{"function": {"name": one.name, "arguments": dict(one.input)}} for one in turn.calls]
                message["tool_calls"] = calls
            messages.append(message)
    return messages


def _wanted(one: Mapping[str, Any]) -> replies.Wanted:
    function = one["function"]
    return replies.Wanted(str(one.get("id") or ""), str(function["name"]), function.get("arguments") or {})


def _characters(line: Line) -> int:
    message = line.get("message") or {}
    size = len(message.get("content") or "") + len(message.get("thinking") or "")
    return size + len(json.dumps(message["tool_calls"])) if message.get("tool_calls") else size


async def _body(response: ClientResponse, most: int = LONGEST_LINE) -> bytes:
    body = b""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most:
            break
    return body


def _said(body: bytes) -> str:
    """The message in an error's body; a page of HTML says nothing to a person."""
    try:
        said = json.loads(body)["error"]
    except (ValueError, LookupError, TypeError):
        return ""
    return said if isinstance(said, str) else ""
