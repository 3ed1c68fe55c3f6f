"""A person at a terminal, in bytes: what the kiosk draws is read from its output, what is touched is sent as SGR."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from rich.cells import cell_len

PATIENCE_S = 20.0
"""Only reached when something hangs."""
SEQUENCE = re.compile(r"\x1b\[([\x30-\x3f]*)[\x20-\x2f]*([\x40-\x7e])|\x1b[^\[]")
NARROW = re.compile("[ -~\u2500-\u25fc]*").fullmatch
"""Text of which each character takes one cell: letters, frames and blocks."""


class Terminal:
    """Just enough of a terminal for what Textual writes: cursor moves, erasing, text."""

    send: Callable[[bytes], None]

    def __init__(self, columns: int = 100, rows: int = 28, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self.resize(columns, rows)
        self._x = self._y = 0
        self._rest = ""
        self._drawn = asyncio.Event()
        self.received = 0

    def resize(self, columns: int, rows: int) -> None:
        """Another size, and nothing on it yet."""
        self.columns = columns
        self.rows = rows
        self._grid = [[" "] * columns for _ in range(rows)]

    def feed(self, data: bytes) -> None:
        """Draw what came."""
        self.received += len(data)
        text = self._rest + data.decode(errors="replace")
        cut = text.rfind("\x1b")
        whole = cut < 0 or SEQUENCE.match(text, cut) is not None
        text, self._rest = (text, "") if whole else (text[:cut], text[cut:])
        at = 0
        for match in SEQUENCE.finditer(text):
            self._print(text[at : match.start()])
            self._command(match[1] or "", match[2] or "")
            at = match.end()
        self._print(text[at:])
        self._drawn.set()

    @property
    def screen(self) -> str:
        return "\n".join("".join(row).rstrip() for row in self._grid)

    async def until(self, *wanted: str, gone: str = "") -> str:
        """Wait for words on the screen (runs of blanks count as one); the screen."""
        try:
            async with asyncio.timeout(self._patience_s):
                while True:
                    flat = " ".join(self.screen.split())
                    if all(words in flat for words in wanted) and (not gone or gone not in flat):
                        return self.screen
                    self._drawn.clear()
                    await self._drawn.wait()
        except TimeoutError:
            raise AssertionError(f"never seen {wanted} without {gone!r}:\n{self.screen}") from None

    async def tap(self, words: str) -> None:
        """Touch the last place where the words stand, once they are there."""
        await self.until(words)
        x, y = self.where(words)
        self.press(x, y)
        self.lift(x, y)

    async def keys(self, text: str) -> None:
        """Type on the keyboard on the screen."""
        await self.until("⇧ shift")
        for character in text:
            x, y = self._key(character)
            self.press(x, y)
            self.lift(x, y)

    def _key(self, character: str) -> tuple[int, int]:
        label = "space" if character == " " else re.escape(character)
        for y in reversed(range(self.rows)):
            if found := re.search(rf"(?:^|│) +({label}) +│", "".join(self._grid[y])):
                return found.start(1), y
        raise AssertionError(f"no key {character!r} on the screen:\n{self.screen}")

    def where(self, words: str) -> tuple[int, int]:
        """The cell in the middle of the words."""
        for y in reversed(range(self.rows)):
            row = "".join(cell or "" for cell in self._grid[y])
            if words in row:
                return cell_len(row[: row.rindex(words)]) + cell_len(words) // 2, y
        raise AssertionError(f"no {words!r} on the screen:\n{self.screen}")

    def press(self, x: int, y: int) -> None:
        self.send(f"\x1b[<0;{x + 1};{y + 1}M".encode())

    def move(self, x: int, y: int) -> None:
        self.send(f"\x1b[<32;{x + 1};{y + 1}M".encode())

    def lift(self, x: int, y: int) -> None:
        self.send(f"\x1b[<0;{x + 1};{y + 1}m".encode())

    def type(self, text: str) -> None:
        """Keys of a real keyboard."""
        self.send(text.encode())

    def _print(self, text: str) -> None:
        if 0 <= self._y < self.rows and NARROW(text):  # most of it, in one piece
            shown = text[: max(0, self.columns - self._x)]
            self._grid[self._y][self._x : self._x + len(shown)] = shown
            self._x += len(text)
            return
        for character in text:
            if character == "\r":
                self._x = 0
            elif character == "\n":
                self._y = min(self._y + 1, self.rows - 1)
            elif character >= " ":
                self._put(character)

    def _put(self, character: str) -> None:
        width = cell_len(character)
        if width and 0 <= self._y < self.rows and self._x + width <= self.columns:
            self._grid[self._y][self._x] = character
            for extra in range(1, width):
                self._grid[self._y][self._x + extra] = ""
        self._x += width

    def _command(self, arguments: str, letter: str) -> None:
        if letter == "H":
            numbers = [int(number or 1) for number in arguments.split(";")] if arguments else [1, 1]
            self._y, self._x = numbers[0] - 1, (numbers[1] if len(numbers) > 1 else 1) - 1
        elif letter == "J":
            self._grid = [[" "] * self.columns for _ in range(self.rows)]
        elif letter in "AB":
            self._y += int(arguments or 1) * (1 if letter == "B" else -1)
        elif letter in "CD":
            self._x += int(arguments or 1) * (1 if letter == "C" else -1)
