"""`haven setup`: day one in seven steps, each skippable and repeatable, with answers from a person or from a file."""

from __future__ import annotations

import asyncio
import logging
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from rich.console import Console
from rich.rule import Rule

from haven.errors import BadInput, HavenError, SettingsError
from haven.settings.plain import not_toml, wrong_value
from haven.setup import claude, discord_app, lan, model, pin, repository, web
from haven.setup.step import Answers, Desk, Person, Step

log = logging.getLogger("haven.setup")

STEPS: tuple[Step, ...] = (repository.STEP, model.STEP, lan.STEP, claude.STEP, discord_app.STEP, pin.STEP, web.STEP)
NO_TERMINAL = "There is no terminal here to ask on. Run `haven setup` in one, or give it --answers FILE."
STOPPED = "Stopped. What was finished is kept; run `haven setup` again whenever you like."
FAILED, USAGE, INTERRUPTED = 1, 2, 130


def read_answers(file: Path | None) -> dict[str, Any] | None:
    """The answers file: a section a step, as in `[claude]`. Raises SettingsError where it is not usable."""
    if file is None:
        return None
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {not_toml(error)}.", "Mend that line.") from None
    except OSError as error:
        raise SettingsError(f"{file} can't be read: {error.strerror}.") from None


def run(settings_file: Path, answers: Mapping[str, Any] | None, only: Sequence[str], console: Console) -> int:
    """Do the steps (those named in `only`, else all) and return the exit status: 0, or 1 where a step failed.

    Blocks; call it outside an event loop. With `answers` nobody is asked: steps without a section are left
    out, but for one that needs no answer.
    Raises SettingsError (haven.toml or the answers hold a wrong key) and BadInput (there is no such step).
    """
    steps = _chosen(only)
    if answers is None and not sys.stdin.isatty():
        console.print(NO_TERMINAL, markup=False)
        return USAGE
    desk = Desk(settings_file, console)
    try:
        if answers is not None:
            return _from_answers(steps, _checked(answers), desk)
        return _in_person(steps, Person(console), desk)
    except (KeyboardInterrupt, EOFError):
        console.print(f"\n{STOPPED}", markup=False)
        return INTERRUPTED


def _chosen(only: Sequence[str]) -> list[Step]:
    names = [step.name for step in STEPS]
    for name in only:
        if name not in names:
            raise BadInput(f"There is no step {name!r}.", f"There are: {', '.join(names)}.")
    return [step for step in STEPS if not only or step.name in only]


def _checked(answers: Mapping[str, Any]) -> dict[str, Answers]:
    """All answers are looked at before the first step begins: a typing error changes nothing."""
    steps = {step.name: step for step in STEPS}
    for name in answers:
        if name not in steps:
            raise SettingsError(f"answers: {name}: there is no such step.", f"There are: {', '.join(steps)}.")
    return {name: _validated(steps[name], section) for name, section in answers.items()}


def _validated(step: Step, section: Any) -> Answers:
    try:
        return step.answers.model_validate(section)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        key = ".".join([step.name, *(str(part) for part in first["loc"])])
        if first["type"] == "extra_forbidden":
            known = f"Known: {', '.join(step.answers.model_fields)}."
            raise SettingsError(f"answers: {key}: there is no such answer.", known) from None
        raise SettingsError(f"answers: {key}: {wrong_value(first)}.") from None


def _from_answers(steps: Sequence[Step], answers: Mapping[str, Answers], desk: Desk) -> int:
    failed = 0
    for step in steps:
        given = answers.get(step.name)
        known = step.known(desk.settings) if given is None and step.unasked else ""
        if given is None and (known or not step.unasked):
            desk.say(f"{step.title}: {f'set already: {known}' if known else 'left out, no answers given'}.")
            continue
        desk.say(f"{step.title}:")
        failed += not _apply(step, given or step.answers(), desk)
    return FAILED if failed else 0


def _in_person(steps: Sequence[Step], person: Person, desk: Desk) -> int:
    for step in steps:
        desk.console.print(Rule(step.title))
        desk.say(step.why)
        known = step.known(desk.settings)
        question = f"Set already: {known}. Do it again?" if known else "Do this now?"
        default = not (known or step.optional)
        while person.yes(question, default=default):
            if _ask_and_apply(step, person, desk):
                break
            question, default = "Try again?", True
    desk.say("That is all. Look whether everything is well with `haven doctor`, and start Haven with `haven up`.")
    return 0


def _ask_and_apply(step: Step, person: Person, desk: Desk) -> bool:
    try:
        answers = _validated(step, step.ask(person, desk))
    except HavenError as error:
        desk.say(f"  {error.full}")
        return False
    return _apply(step, answers, desk)


def _apply(step: Step, answers: Answers, desk: Desk) -> bool:
    """Whether the step was done; what it says goes to the screen, and only names and ids of errors to the log."""
    try:
        said = asyncio.run(step.apply(answers, desk))
    except HavenError as error:
        log.warning("[%s] setup step %s: %s", error.id, step.name, type(error).__name__)
        desk.say(f"  {error.full}")
        return False
    for sentence in said:
        desk.say(f"  {sentence}")
    log.info("setup step %s done", step.name)
    return True
