"""What can go wrong with a call to Claude, each as the sentence that a person should read."""

from __future__ import annotations

import math

import anthropic
import httpx2

from haven.errors import HavenError, ModelError, Unavailable

LONGEST_WAIT_S = 3600.0
"""A longer Retry-After is not believed: the SDK itself would obey a year."""
PASSING = {"overloaded_error", "rate_limit_error", "api_error", "timeout_error"}
"""Error types that also arrive in the middle of a stream, when the status was long 200."""


def as_haven_error(error: Exception, model: str) -> HavenError:
    """The HavenError for whatever the SDK or its transport raised.

    Faults in mid-stream are raw: the transport's own, or ValueError for events and tool input that are not JSON.
    """
    fault = _sorted_out(error, model)
    refused = isinstance(error, anthropic.APIStatusError) and error.status_code != 200
    fault.free = refused or isinstance(error.__cause__, httpx2.ConnectError)
    return fault


def _sorted_out(error: Exception, model: str) -> HavenError:
    match error:
        case anthropic.APIStatusError():
            return _by_status(error, model)
        case anthropic.APITimeoutError() | httpx2.TimeoutException():
            return Unavailable("Claude did not answer in time.", "Haven tries again later.")
        case anthropic.APIConnectionError():
            return Unavailable("Claude can't be reached.", "Check the internet connection and cloud.base_url.")
        case httpx2.HTTPError() | httpx2.StreamError():
            return Unavailable("The connection to Claude broke before the reply was whole.", "Haven tries again.")
        case ValueError() | TypeError() | RuntimeError() | anthropic.APIResponseValidationError():
            return ModelError("Claude's reply was malformed, so it can't be used.", "Try again.")
        case anthropic.AnthropicError():
            return ModelError(f"Claude's SDK gave up: {_sentence(str(error))}", "Try again.")
    return ModelError(f"The call to Claude failed: {type(error).__name__}.", "See the log.")


def _by_status(error: anthropic.APIStatusError, model: str) -> HavenError:
    said = _sentence(error.api_message or "no reason given")
    match error.status_code:
        case 401 | 403:
            return Unavailable(
                f"Anthropic does not accept the Claude key: {said}",
                "Run `haven setup` and give it a key that is valid.",
                retry=False,
            )
        case 402:
            return _out_of_money(said)
        case 404:
            return Unavailable(
                f"Anthropic does not know the model '{model}': {said}", "Set cloud.model to another one.", retry=False
            )
        case 429 if "spend" in (error.error_code or ""):
            return _out_of_money(said)
        case 429:
            return Unavailable("Claude's rate limit is reached.", "Haven tries again later.", after=_wait(error))
        case status if status in (408, 409, 529) or status >= 500 or error.type in PASSING:
            return Unavailable("Claude is overloaded or has a fault.", "Haven tries again later.", after=_wait(error))
        case 413:
            return ModelError("The prompt is too long for Claude.", "Lower changes.context_tokens.")
        case 400 if "credit balance" in said.lower():
            return _out_of_money(said)
    return ModelError(f"Claude did not accept the request ({error.status_code}): {said}")


def _out_of_money(said: str) -> Unavailable:
    return Unavailable(
        f"The Anthropic account has no money left to spend: {said}", "Add credit or raise its limit.", retry=False
    )


def _wait(error: anthropic.APIStatusError) -> float | None:
    """Seconds of Retry-After, at most an hour; None where it names none (a date counts as none)."""
    try:
        seconds = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT_S) if math.isfinite(seconds) else None


def _sentence(text: str) -> str:
    """One bounded line that ends like a sentence."""
    line = " ".join(text.split())[:300]
    return line if line.endswith((".", "!", "?")) else line + "."
