"""The section about webhooks: what is told to an address of the owner's, and who may ask for changes elsewhere."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, model_validator

from haven.settings.section import Address, SecretName, Section

Told = Literal[
    "change.state",
    "draft.proposed",
    "draft.approved",
    "draft.rejected",
    "world.added",
    "world.changed",
    "world.removed",
    "world.imported",
    "alert.raised",
    "alert.cleared",
    "digest.told",
    "cloud.off",
    "cloud.on",
]
"""Kinds of durable events that may leave; nothing about a person's own requests, watches or accounts is among them."""
HOME = (".local", ".lan", ".internal", ".home.arpa")
"""Endings that no name on the internet has (RFC 6762, RFC 8375; `.lan` by custom)."""


class Sender(Section):
    """A program elsewhere that may ask for changes, as a member does."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]
    """Its changes are asked for by `hook:NAME`."""
    secret: SecretName = Field(min_length=1)
    """The file in `secrets/` that holds what it signs with."""
    per_hour: int = Field(6, ge=1, le=1000)
    """Changes that it may ask for in an hour."""


class Webhooks(Section):
    """Signed as Standard Webhooks 1.0.0 says, both ways. Off while neither an address nor a sender is named."""

    url: Address | Literal[""] = ""
    """Where events are told; empty: nowhere."""
    secret: SecretName = Field("webhook", min_length=1)
    """The file in `secrets/` that holds what they are signed with."""
    kinds: tuple[Told, ...] = ("change.state", "alert.raised", "alert.cleared")
    at_home: bool = False
    """True: an address of this machine or this house may be one with http://, where nothing is encrypted."""
    senders: tuple[Sender, ...] = ()
    """They reach `/hooks/change` on the port of `[web]`."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        parts = urlsplit(self.url)
        if parts.username is not None or parts.password is not None:
            raise ValueError("url: no name and no password may stand in it; the signature says who sends")
        if parts.scheme == "http" and not (self.at_home and is_at_home(parts.hostname or "")):
            raise ValueError("url: it must begin with https://, or be in your own house with at_home = true")
        secrets = [self.secret] if self.url else []
        secrets += [one.secret for one in self.senders]
        if len({*secrets}) < len(secrets) or len({one.name for one in self.senders}) < len(self.senders):
            raise ValueError("senders: each needs a name and a secret of its own")
        return self


def is_at_home(host: str) -> bool:
    """Whether it is this machine, or one in a private network by its number or its name."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(HOME)
    return address.is_loopback or (address.is_private and not address.is_unspecified)
