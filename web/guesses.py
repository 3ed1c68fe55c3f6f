"""Wrong passwords: counted so that neither guessing nor locking somebody else out leads anywhere.

Who logged in here before has a mark in their browser ("device cookie" with OWASP), and its tries are its own: nobody
can use them up. Without one, a name has five tries from a place before it waits; a place has some tries of all names,
and a name some of all places, so that many names or many addresses are no way around. Under such an attack a person
still comes in with any browser that knows them, or by an invitation.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from haven.scrypt import Tries
from haven.store.accounts import Account
from web.limits import Limit, place_of

MOST_KEPT = 5_000
"""Names at places, and browsers, whose wrong tries are remembered."""
OF_A_PLACE = 20, 1 / 60
"""Wrong tries of one place that are free, and how many more come each second."""
OF_A_NAME = 30, 1 / 300
"""Wrong tries of one name, from wherever: about 290 a day."""
TOO_MANY = "Too many wrong passwords."


@dataclass(frozen=True)
class Try:
    """One that counts as wrong until it was right."""

    tries: Tries
    taken: tuple[tuple[Limit, str], ...]

    def was_right(self) -> None:
        self.tries.count(right=True)
        for limit, key in self.taken:
            limit.give_back(key)


class Guesses:
    """One for the port. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tries: OrderedDict[str, Tries] = OrderedDict()
        self._places = Limit(OF_A_PLACE[1], OF_A_PLACE[0], clock)
        self._names = Limit(OF_A_NAME[1], OF_A_NAME[0], clock)
        self._nobodies = Limit(OF_A_NAME[1], OF_A_NAME[0], clock)
        """Names that nobody has, apart: however many are tried, those of people are not forgotten."""

    def begin(self, account: Account | None, name: str, source: str, mark: str) -> Try:
        """Of many at once no more are let through than one by one.

        `mark` is what the browser has of an earlier time. Raises AccessDenied and TooMuch where nobody may try now.
        """
        place, who = place_of(source), f"{account.id}" if account else f"~{name.strip().casefold()[:80]}"
        taken: tuple[tuple[Limit, str], ...] = (
            (self._places, place),
            (self._names if account else self._nobodies, who),
        )
        key = f"{place} {who}"
        if account is not None and is_marked(account, mark):
            taken, key = (), f"browser {mark}"
        tries = self._tried(key)
        tries.check(TOO_MANY)
        for limit, one in taken:
            limit.take(one, TOO_MANY)
        tries.count(right=False)
        return Try(tries, taken)

    def _tried(self, key: str) -> Tries:
        """Those that were asked about least lately are forgotten."""
        found = self._tries.setdefault(key, Tries(self._clock))
        self._tries.move_to_end(key)
        if len(self._tries) > MOST_KEPT:
            self._tries.popitem(last=False)
        return found


def fresh_mark(account: Account) -> str:
    """What a browser keeps once this person logged in with it. It lets nobody in, and ends with their password."""
    nonce = secrets.token_hex(16)
    return f"{nonce}.{_sealed(account, nonce)}"


def is_marked(account: Account, mark: str) -> bool:
    nonce, _, seal = mark.partition(".")
    return account.password != "" and hmac.compare_digest(
        seal.encode("utf-8", "replace"), _sealed(account, nonce).encode()
    )


def _sealed(account: Account, nonce: str) -> str:
    """The hash of the password is known to nobody outside."""
    return hmac.new(
        account.password.encode(), f"{account.id}:{nonce}".encode("utf-8", "replace"), hashlib.sha256
    ).hexdigest()
