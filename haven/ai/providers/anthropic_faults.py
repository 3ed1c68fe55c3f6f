"""What can go wrong with a call to Claude, as its SDK raises it."""

from __future__ import annotations

import anthropic

from haven.ai.providers import http_faults as faults
from haven.ai.providers.http_faults import Far
from haven.errors import HavenError, ModelError


def as_haven_error(error: Exception, model: str, key: str = "") -> HavenError:
    """The HavenError for whatever the SDK or its transport raised; `key` is kept out of its sentence.

    Faults in mid-stream are raw: the transport's own, or ValueError for events and tool input that are not JSON.
    """
    far = Far("Claude", model, key)
    match error:
        case anthropic.APIStatusError():
            kind = f"{error.type or ''} {error.error_code or ''}".strip()
            after = error.response.headers.get("retry-after", "")
            return faults.by_status(far, error.status_code, error.api_message or "", kind=kind, retry_after=after)
        case anthropic.APIResponseValidationError():
            return faults.malformed(far)
        case anthropic.APIConnectionError():
            cause = error.__cause__
            fault = faults.by_transport(far, cause) if isinstance(cause, Exception) else None
            return fault or faults.unreachable(far)
        case anthropic.AnthropicError():
            return ModelError(f"Claude's SDK gave up: {faults.sentence(str(error), key)}", "Try again.")
    return faults.by_transport(far, error) or ModelError(
        f"The call to Claude failed: {type(error).__name__}.", "See the log."
    )
