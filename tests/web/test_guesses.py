"""Wrong passwords: how far somebody comes who guesses, and that nobody is locked out by them."""

from __future__ import annotations

import itertools

import pytest

from haven.errors import HavenError
from haven.store.accounts import Account
from web.guesses import OF_A_NAME, OF_A_PLACE, Guesses, fresh_mark
from web.limits import TooMuch, place_of

DAY_S = 86_400.0


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def person(name: str = "Olga", id: int = 1, password: str = "scrypt$of$hers") -> Account:
    return Account(id, f"web:{id}", name, 3, password, "", "", 0, 0)


def let_through(guesses: Guesses, clock: Clock, account: Account | None, sources: itertools.count[int], at: str) -> int:
    """How many wrong ones of a day, one each 10 seconds, from addresses that `at` makes of numbers."""
    found = 0
    while clock.now < DAY_S:
        clock.now += 10
        try:
            guesses.begin(account, "Olga", at.format(next(sources) % 250), "")
            found += 1
        except HavenError:
            pass
    return found


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(("at", "most"), [("192.0.2.1", 35), ("2001:db8::{}", 35), ("2001:db8:{0:x}::1", 330)])
def test_a_day_of_guessing_is_a_few_tries_for_a_name_from_wherever_they_come(there: bool, at: str, most: int) -> None:
    clock = Clock()
    count = let_through(Guesses(clock), clock, person() if there else None, itertools.count(), at)
    assert 20 < count <= most


def test_who_was_there_before_comes_in_while_others_guess_the_name_from_a_thousand_places() -> None:
    clock, olga = Clock(), person()
    guesses, mark = Guesses(clock), fresh_mark(olga)
    for number in range(1_000):
        try:
            guesses.begin(olga, "Olga", f"10.0.{number // 250}.{number % 250}", "")
        except TooMuch as locked:
            assert (locked.after or 0) > 60 and str(locked) == "Too many wrong passwords."
    with pytest.raises(TooMuch):
        guesses.begin(olga, "Olga", "192.0.2.7", "")
    guesses.begin(olga, "Olga", "192.0.2.7", mark).was_right()
    guesses.begin(person("Mika", 2), "Mika", "192.0.2.7", "").was_right()

    for _ in range(5):
        guesses.begin(olga, "Olga", "192.0.2.7", mark)
    with pytest.raises(HavenError, match="Too many wrong passwords"):
        guesses.begin(olga, "Olga", "192.0.2.7", mark)


def test_a_mark_is_of_one_person_and_one_password() -> None:
    clock, olga = Clock(), person()
    guesses = Guesses(clock)
    others = (
        *(fresh_mark(person("Mika", 2)), fresh_mark(person(password="scrypt$of$before")), "", ".", "\udcff.\udcff"),
        fresh_mark(olga).partition(".")[0],
    )
    for number in range(OF_A_NAME[0]):
        guesses.begin(olga, "Olga", f"10.0.0.{number}", others[number % len(others)])
    for mark in others:
        with pytest.raises(TooMuch):
            guesses.begin(olga, "Olga", "192.0.2.7", mark)


def test_one_place_that_tries_a_password_on_everybody_waits_and_right_ones_cost_nothing() -> None:
    clock = Clock()
    guesses = Guesses(clock)
    for number in range(100):
        guesses.begin(person(id=number), "x", "192.0.2.1", "").was_right()
    for number in range(OF_A_PLACE[0]):
        guesses.begin(None, f"Nobody {number}", "192.0.2.1", "")
    with pytest.raises(TooMuch):
        guesses.begin(person(), "Olga", "192.0.2.1", "")
    guesses.begin(person(), "Olga", "192.0.2.2", "")


def test_addresses_that_one_person_may_choose_among_are_one_place() -> None:
    assert place_of("2001:db8:1:2:3::4") == place_of("2001:db8:1:2:ffff::") != place_of("2001:db8:1:3::4")
    assert place_of("::ffff:192.0.2.1") == place_of("192.0.2.1") != place_of("::ffff:192.0.2.2")
    assert place_of("fe80::1%eth0") == place_of("fe80::2%eth0")
    assert place_of("") == "" and place_of("unknown") == "unknown"
