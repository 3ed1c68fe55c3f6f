"""Who somebody at a browser is: the first owner by a code, others by invitation, then by password, cookie and PIN."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import defaultdict
from dataclasses import dataclass

from haven.access import WEB_OWNER, Principal, Role
from haven.errors import AccessDenied, BadInput, NotFound, SettingsError
from haven.quoting import clean
from haven.scrypt import N, Tries, hashed, matches, of_nothing
from haven.store import accounts as table
from haven.store.accounts import Account, Session, Token
from haven.store.database import Database, Transaction, now
from web.guesses import Guesses
from web.limits import Limit, place_of

IDLE_S, LONGEST_S = 7 * 86400.0, 30 * 86400.0
"""Seconds without a visit, and in all, after which a session is over."""
BROWSERS = 10
"""That one person is logged in with at a time."""
INVITED_S = 3 * 86400.0
PASSWORD_CHARS, PIN_DIGITS, NAME_CHARS = range(10, 201), range(4, 13), range(1, 41)
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Of codes that people type off a screen: none that look alike."""
CODES = 20, 0.1
"""Wrong codes that are free for a place, and how many more come each second: nobody guesses 50 bits so."""
PROGRAM = "hook:"
WRONG = "That name and password do not go together."


@dataclass(frozen=True)
class Visitor:
    """A person at a browser: `token` is what its cookie holds."""

    account: Account
    session: Session
    token: str

    @property
    def person(self) -> Principal:
        return principal_of(self.account)

    @property
    def seal(self) -> str:
        """What each form of this session carries, and nobody who can't read its pages knows."""
        return digest(f"form:{self.token}")


def principal_of(account: Account) -> Principal:
    """Who they are in every other part of Haven."""
    return Principal(account.principal_id, account.name, Role(account.role), "web")


def digest(secret: str) -> str:
    """Of a long random secret: what is kept of it."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def code() -> str:
    """Two groups of five letters and digits: 50 bits."""
    letters = [secrets.choice(LETTERS) for _ in range(10)]
    return f"{''.join(letters[:5])}-{''.join(letters[5:])}"


class Accounts:
    """One for the port."""

    def __init__(self, database: Database, work: int = N) -> None:
        """`work`: of one try at a password or PIN that is set here (haven/scrypt.py)."""
        self._database = database
        self._guesses = Guesses()
        self._codes = Limit(CODES[1], CODES[0])
        self._confirming: defaultdict[int, Tries] = defaultdict(Tries)
        """By account, never forgotten: nobody gets rid of their wrong PINs by trying many names."""
        self._hashing = asyncio.Semaphore(2)  # 32 MB each: a flood of passwords must not fill the memory
        self._work, self._nobody = work, of_nothing(work)
        self.owned = asyncio.Event()
        """Set once an owner can log in."""
        self.first_code = ""
        """Whoever knows it becomes the first owner; "" where there is one."""

    async def begin(self) -> None:
        """Make the code where no owner can log in yet, and forget sessions that are over."""
        if not await self.has_owner():
            self.first_code = code()
        await self._database.write(lambda tx: table.drop_old(tx, IDLE_S, LONGEST_S), quiet=True)

    async def has_owner(self) -> bool:
        """Whether one can log in; `haven setup web` may have made one meanwhile."""
        if not self.owned.is_set() and await table.may_log_in(self._database, Role.OWNER):
            self.first_code = ""
            self.owned.set()
        return self.owned.is_set()

    async def become_owner(self, given: str, name: str, password: str, source: str) -> Account:
        """The first account. Raises AccessDenied for a wrong code, and once there is an owner."""
        self._once(source, self.first_code != "" and _same(given, self.first_code), "That code is wrong.")
        name, hash = _name(name), await self._hash(_password(password, name))

        async def work(tx: Transaction) -> int:
            if await table.with_role(tx, Role.OWNER):
                raise AccessDenied("This Haven has its owner.", "Ask them to invite you.")
            id = await table.add(tx, name, Role.OWNER, WEB_OWNER)
            await table.set_password(tx, id, hash)
            return id

        id = await self._database.write(work)
        self.first_code = ""
        self.owned.set()
        return await self._there(id)

    async def invite(self, name: str, role: Role) -> str:
        """A new account; the code with which that person chooses their password."""
        name = _name(name)
        id = await self._database.write(lambda tx: table.add(tx, name, role))
        return await self.invite_again(id)

    async def invite_again(self, id: int) -> str:
        """A new code for somebody who lost their password or never came; their old password holds until it is used."""
        await self._there(id)
        fresh = code()
        await self._database.write(lambda tx: table.invite(tx, id, digest(fresh), now() + INVITED_S))
        return fresh

    async def accept(self, given: str, password: str, source: str) -> tuple[Account, list[str]]:
        """Choose a password by an invitation; the account, and the names of its tokens, which end with it.

        Raises AccessDenied for a code that is wrong, used or too old.
        """
        account = await table.invited(self._database, digest(_plain_code(given)))
        refused = "That invitation is wrong, used, or older than three days."
        self._once(source, account is not None, refused)
        assert account is not None
        hash = await self._hash(_password(password, account.name))

        async def work(tx: Transaction) -> list[str]:
            if not await table.is_invited(tx, account.id, account.invitation):
                raise AccessDenied(refused, "Ask for a new one.")
            return await table.set_password(tx, account.id, hash)

        ended = await self._database.write(work)
        return await self._there(account.id), ended

    async def log_in(self, name: str, password: str, source: str, mark: str = "") -> Account:
        """`mark` is what an earlier time left in the browser. Raises AccessDenied: the same for a name that nobody has,
        after as long a time; and TooMuch."""
        account = await table.named(self._database, name.strip())
        one = self._guesses.begin(account, name, source, mark)
        kept = account.password if account and account.password else self._nobody
        right = await self._matches(password, kept) and account is not None and account.password != ""
        if account is None or not right:
            raise AccessDenied(WRONG, one.tries.after_a_wrong_one())
        one.was_right()
        return account

    async def enter(self, account: Account, browser: str) -> str:
        """A new session; what its cookie holds."""
        token = secrets.token_urlsafe(32)
        words = clean(browser)[:200]
        await self._database.write(lambda tx: table.log_in(tx, digest(token), account.id, words, BROWSERS))
        return token

    async def leave(self, visitor: Visitor) -> None:
        await self._database.write(lambda tx: table.log_out(tx, visitor.session.hash))

    async def visitor(self, token: str) -> Visitor | None:
        """Whoever has this cookie, with the role of this moment."""
        found = await table.session(self._database, digest(token), IDLE_S, LONGEST_S)
        return Visitor(found[1], found[0], token) if found else None

    async def program(self, token: str) -> tuple[Token, Principal] | None:
        """The program with this token, and for whom it speaks, with the role of this moment."""
        found = await table.token(self._database, digest(token))
        return (found[0], principal_of(found[1])) if found else None

    async def confirm(self, account: Account, given: str) -> None:
        """It is still that person: by their PIN, or by their password while they have none.

        Raises AccessDenied for a wrong one, and while it is locked after several.
        """
        word = "PIN" if account.pin else "password"
        tries = self._confirming[account.id]
        tries.check(f"Too many wrong {word}s.")
        tries.count(right=False)  # until it is known, as above
        if not await self._matches(given, account.pin or account.password):
            raise AccessDenied(f"That {word} is wrong.", tries.after_a_wrong_one())
        tries.count(right=True)

    async def set_pin(self, account: Account, pin: str) -> None:
        """Raises BadInput unless it is 4 to 12 digits."""
        if not (pin.isascii() and pin.isdigit() and len(pin) in PIN_DIGITS):
            raise BadInput("A PIN is 4 to 12 digits.", "Choose another one.")
        hash = await self._hash(pin)
        await self._database.write(lambda tx: table.set_pin(tx, account.id, hash))

    async def set_password(self, account: Account, password: str) -> list[str]:
        """Every browser is logged out with it, and every token ends; the names of these."""
        hash = await self._hash(_password(password, account.name))
        return await self._database.write(lambda tx: table.set_password(tx, account.id, hash))

    async def today(self, then: Principal) -> Principal:
        """The same person with the role of this moment: a stranger where they have no account any more. A program that
        asks by webhooks has none; whether it may is settled when it asks."""
        if then.id.startswith(PROGRAM):
            return then
        account = await table.of_principal(self._database, then.id)
        role = Role(account.role) if account else Role.STRANGER
        return Principal(then.id, then.name, role, then.face)

    async def _there(self, id: int) -> Account:
        if (account := await table.get(self._database, id)) is None:
            raise NotFound("There is no such account any more.", "Look at the list again.")
        return account

    def _once(self, source: str, right: bool, sentence: str) -> None:
        """One try at a code."""
        place = place_of(source)
        self._codes.take(place, "Too many wrong codes.")
        if not right:
            raise AccessDenied(sentence, "Look at it again: it is two groups of five letters and digits.")
        self._codes.give_back(place)

    async def _hash(self, secret: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(hashed, secret, self._work)

    async def _matches(self, secret: str, kept: str) -> bool:
        async with self._hashing:
            try:
                return await asyncio.to_thread(matches, secret[: PASSWORD_CHARS.stop], kept)
            except ValueError:
                raise SettingsError("The stored password is damaged.", "Ask the owner for an invitation.") from None


def _plain_code(given: str) -> str:
    """As it was shown, however it was typed."""
    letters = "".join(one for one in given.upper() if one in LETTERS)
    return f"{letters[:5]}-{letters[5:]}"


def _same(given: str, wanted: str) -> bool:
    return secrets.compare_digest(_plain_code(given).encode(), wanted.encode())


def _name(name: str) -> str:
    flat = " ".join(clean(name).split())
    if len(flat) not in NAME_CHARS:
        raise BadInput("A name is 1 to 40 characters.", "Choose another one.")
    return flat


def _password(password: str, name: str) -> str:
    if len(password) not in PASSWORD_CHARS:
        raise BadInput("A password is 10 to 200 characters.", "A few words with blanks between them are easy to keep.")
    if len({*password}) < 5 or password.casefold() in (name.casefold() * 20):
        raise BadInput("That password is too easy to guess.", "A few words with blanks between them are easy to keep.")
    return password
