"""Haven's one tree of errors; each carries a sentence for a person and, where there is one, the mend.

HavenError
├── SettingsError     a setting is wrong; names the key
├── AccessDenied      this person may not do that
├── BadInput          what was asked can't be used (empty, too long, malformed)
├── NotFound          no such change, model or assistant
├── Conflict          the world moved on: a stale round, a decision already made, a base that moved
├── Unavailable       something needed is missing or out of reach now; `retry` says if waiting may help
│   ├── OverBudget    a spending cap would be passed
│   └── CloudAway     only the cloud would do and it is out of reach: a person may wait, or take the local model
├── EditError         the returned edits can't be applied, in words that a model can act on
│   └── NoChange      they can, and leave everything as it was
├── RepositoryError   git said no, or the repository is not usable
├── SandboxError      the sandbox is missing or did not hold
├── ModelError        a model failed: truncated, refused, malformed, crashed
└── StoreError        the database is locked, full or newer than this program
"""

from __future__ import annotations

import secrets


class HavenError(Exception):
    """`str(error)` is a sentence for a person; `mend` is what they can do, or ""; `id` stands in the log as well."""

    free = False
    """True on a failed cloud call that was turned away before any work was done, so that it cost nothing."""

    def __init__(self, sentence: str, mend: str = "") -> None:
        super().__init__(sentence)
        self.mend = mend
        self.id = error_id()

    @property
    def full(self) -> str:
        """The sentence and the mend in one line."""
        return f"{self} {self.mend}".strip()


class SettingsError(HavenError):
    """A setting is wrong."""


class AccessDenied(HavenError):
    """The principal lacks the right."""


class BadInput(HavenError):
    """What was asked can't be used."""


class NotFound(HavenError):
    """There is no such thing."""


class Conflict(HavenError):
    """Somebody or something else was first."""


class Unavailable(HavenError):
    """Something needed is out of reach; `retry` is true where waiting may help, `after` is seconds if known."""

    def __init__(self, sentence: str, mend: str = "", *, retry: bool = True, after: float | None = None) -> None:
        super().__init__(sentence, mend)
        self.retry = retry
        self.after = after


class OverBudget(Unavailable):
    """A spending cap would be passed."""


class CloudAway(Unavailable):
    """The cloud is out of reach; `draft` is the best reply so far or None, `ask` what the settings say to do."""

    def __init__(self, cause: Unavailable, draft: object = None, ask: str = "ask") -> None:
        super().__init__(str(cause), cause.mend, retry=cause.retry, after=cause.after)
        self.draft = draft
        self.ask = ask


class EditError(HavenError):
    """The edits can't be applied."""


class NoChange(EditError):
    """The edits leave everything as it was."""


class RepositoryError(HavenError):
    """Git said no."""


class SandboxError(HavenError):
    """The sandbox is missing or did not hold."""


class ModelError(HavenError):
    """A model failed."""


class StoreError(HavenError):
    """The database can't be used."""


def error_id() -> str:
    """Eight hex digits: short enough to read aloud, the same on the face and in the log."""
    return secrets.token_hex(4)
