"""What can go wrong with a call over HTTP, whoever is at the other end, each as the sentence a person should read."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from haven.errors import HavenError, ModelError, Unavailable
from haven.quoting import clean
from haven.redact import redact

LONGEST_WAIT_S = 3600.0
"""A longer Retry-After is not believed: an SDK would obey a year."""
SAID_CHARACTERS = 300
MOST_ERROR = 2**16
"""Bytes that are read of an error: a sentence of it is shown."""
QUOTED_CHARACTERS = 120
"""Of what it said, so much is repeated: some servers echo the prompt, which no log is to hold."""
PASSING = {"overloaded_error", "rate_limit_error", "api_error", "timeout_error", "server_error", "unavailable_error"}
"""Error types that also arrive in the middle of a stream, when the status was long 200."""
NO_MONEY = ("credit balance", "insufficient_quota", "billing", "spend")
TOO_LONG = ("context length", "context_length", "context size", "context window", "prompt is too long")


class Unfit(Exception):
    """A response that must not be read to its end: what the other end did, as the rest of a sentence."""


@dataclass(frozen=True)
class Far:
    """The other end of a call, in words: `name` begins a sentence, the settings are where a person mends it."""

    name: str
    model: str
    key: str = field(default="", repr=False)
    """Never repeated, whatever the other end says."""
    address: str = "cloud.base_url"
    """The setting that holds its address, and the one that names its model."""
    model_setting: str = "cloud.model"
    key_mend: str = "Run `haven setup` and give it a key that is valid."


def host(url: str) -> str:
    """`living-room:11434` of an address, without a password that may stand in it."""
    return urlsplit(url).netloc.rpartition("@")[2]


def unreachable(far: Far) -> HavenError:
    """Nobody was there, so nothing was done and nothing is owed."""
    fault = Unavailable(f"{far.name} can't be reached.", f"Check the network connection and {far.address}.")
    fault.free = True
    return fault


def late(far: Far) -> HavenError:
    return Unavailable(f"{far.name} did not answer in time.", "Haven tries again later.")


def broke_off(far: Far) -> HavenError:
    return Unavailable(f"The connection to {far.name} broke before the reply was whole.", "Haven tries again.")


def malformed(far: Far) -> HavenError:
    return ModelError(f"{far.name}'s reply was malformed, so it can't be used.", "Try again.")


def unfit(far: Far, error: Unfit) -> HavenError:
    return ModelError(f"{far.name} {error}, so it can't be used.", "Try again.")


def packed(content_encoding: str) -> bool:
    """A few bytes may unpack to gigabytes."""
    return content_encoding.strip().lower() not in ("", "identity")


def other_server(far: Far, content_type: str) -> HavenError:
    """Something answered that does not speak the protocol, such as a router's own page."""
    kind = content_type.split(";")[0].strip()[:40] or "something unknown"
    return Unavailable(
        f"What answered for {far.name} sent {kind} instead of a reply.", f"Check {far.address}.", retry=False
    )


def by_status(far: Far, status: int, said: str, *, kind: str = "", retry_after: str = "") -> HavenError:
    """The fault that a status tells of; 200 is one that came in the middle of a stream.

    `kind` is the protocol's own types and codes for it, `retry_after` the header of that name. A call that was turned
    away by its status cost nothing.
    """
    fault = _by_status(far, status, sentence(str(said or "no reason given"), far.key), kind, seconds(retry_after))
    fault.free = status != 200
    return fault


def by_transport(far: Far, error: Exception) -> HavenError | None:
    """The fault that the transport of the SDKs (httpx2) raised, or None where it was not the transport."""
    import httpx2  # comes with an SDK, which takes a while to import

    match error:
        case Unfit():
            return unfit(far, error)
        case httpx2.ConnectError() | httpx2.ConnectTimeout() | httpx2.ProxyError():
            return unreachable(far)
        case httpx2.UnsupportedProtocol() | httpx2.InvalidURL():
            return unreachable(far)
        case httpx2.TimeoutException():
            return late(far)
        case httpx2.HTTPError() | httpx2.StreamError():
            return broke_off(far)
        case ValueError() | TypeError() | AttributeError() | LookupError() | RuntimeError():
            return malformed(far)
    return None


def seconds(retry_after: str) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or a date, at most an hour; None where it names none."""
    try:
        wait = float(retry_after)
    except ValueError:
        try:
            until = parsedate_to_datetime(retry_after)
        except ValueError:
            return None
        wait = (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(wait, 0.0), LONGEST_WAIT_S) if math.isfinite(wait) else None


def sentence(text: str, key: str = "") -> str:
    """What the other end said as one bounded line without secrets, that ends like a sentence."""
    text = clean(text[: SAID_CHARACTERS * 10])  # before the key is looked for: it may be broken up by what is hidden
    line = redact(" ".join((text.replace(key, "<KEY>") if key else text).split()))[:SAID_CHARACTERS]
    return line if line.endswith((".", "!", "?")) else line + "."


def _by_status(far: Far, status: int, said: str, kind: str, after: float | None) -> HavenError:
    lower = f"{kind} {said}".lower()
    said = said if len(said) <= QUOTED_CHARACTERS else f"{said[:QUOTED_CHARACTERS]}..."
    match status:
        case 402:
            return _out_of_money(far, said)
        case 400 | 403 | 429 if any(words in lower for words in NO_MONEY):
            return _out_of_money(far, said)
        case 400 if "api key not valid" in lower:  # Gemini
            return _wrong_key(far, said)
        case 401 | 403:
            return _wrong_key(far, said)
        case 404:
            mend = f"Set {far.model_setting} to one that it has."
            return Unavailable(f"{far.name} does not know the model '{far.model}': {said}", mend, retry=False)
        case 429:
            return Unavailable(f"{far.name}'s rate limit is reached.", "Haven tries again later.", after=after)
        case _ if status in (408, 409, 425) or status >= 500 or PASSING & set(kind.split()):
            return Unavailable(f"{far.name} is overloaded or has a fault.", "Haven tries again later.", after=after)
        case _ if 300 <= status < 400:
            # Followed, it would carry the prompt, and perhaps the key, to whoever it names.
            why = f"{far.name} sends Haven to another address, and Haven does not follow."
            return Unavailable(why, f"Check {far.address}.", retry=False)
        case _ if status == 413 or any(words in lower for words in TOO_LONG):
            return ModelError(f"The prompt is too long for {far.name}.", "Lower changes.context_tokens.")
    return ModelError(f"{far.name} did not accept the request ({status}): {said}")


def _wrong_key(far: Far, said: str) -> HavenError:
    return Unavailable(f"The server does not accept the {far.name} key: {said}", far.key_mend, retry=False)


def _out_of_money(far: Far, said: str) -> HavenError:
    mend = "Add credit or raise its limit."
    return Unavailable(f"The {far.name} account has no money left to spend: {said}", mend, retry=False)
