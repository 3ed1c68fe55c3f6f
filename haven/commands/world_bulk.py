"""`haven world bulk set, rename, merge, undo`: many records in one go, after a look at what it would change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from haven.app import House
from haven.commands.session import Json, in_house, out, owner, print_json
from haven.commands.world import assignments, world_app
from haven.commands.world_records import Set, print_differences, proposed
from haven.errors import BadInput
from haven.world.leaks import was_masked
from haven.world.schema import Kind

if TYPE_CHECKING:  # `haven world show` imports this file as well
    from assistants.scribing.bulk import Bulk
    from haven.world.gazetteer import Gazetteer

SHOWN = 20
"""Differences of a preview that are shown; --json has all of them."""
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without this it is only shown.")]
AsDraft = Annotated[bool, typer.Option("--draft", help="Propose it: somebody else approves it.")]

bulk_app = typer.Typer(no_args_is_help=True, help="Change many records at once; shown first, taken back as a whole.")
world_app.add_typer(bulk_app, name="bulk")


@bulk_app.command("set")
def set_(
    kind: Annotated[Kind, typer.Argument(help="Which kind of records.")],
    fields: Set = None,
    where: Annotated[str, typer.Option("--in", help="Only in this region, system or planet.")] = "",
    yes: Yes = False,
    draft: AsDraft = False,
    as_json: Json = False,
) -> None:
    """Set fields of all records of a kind: `set system --in Oculi --set economy=Trading`."""
    from assistants.scribing.bulk import set_all

    values = assignments(fields)
    if not values:
        raise BadInput("Nothing is to be set.", "Say what: --set economy=Trading")
    _bulk(lambda gazetteer: set_all(gazetteer, kind, where, values), yes, draft, as_json)


@bulk_app.command()
def rename(
    old: Annotated[str, typer.Argument(help="What a person is called now, in any spelling.")],
    new: Annotated[str, typer.Argument(help="What they are to be called.")],
    yes: Yes = False,
    draft: AsDraft = False,
    as_json: Json = False,
) -> None:
    """Call a person otherwise everywhere; the old name stays as an alias of their own record."""
    from assistants.scribing.bulk import rename_person

    _bulk(lambda gazetteer: rename_person(gazetteer, old, new), yes, draft, as_json)


@bulk_app.command()
def merge(
    keep: Annotated[str, typer.Argument(help="The record that stays, by id or name.")],
    others: Annotated[list[str], typer.Argument(help="Those that become part of it.")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Make duplicates one record: it takes what it lacks, what belonged to them, and their names as aliases."""
    from assistants.scribing.bulk import merge as merged

    _bulk(lambda gazetteer: merged(gazetteer, keep, others), yes, False, as_json)


@bulk_app.command()
def undo(
    batch: Annotated[int, typer.Argument(min=1, help="The number that stood there when it was done.")],
    as_json: Json = False,
) -> None:
    """Take one whole bulk edit back, if none of its records was changed since."""
    from haven.world.batches import Batches

    async def work(house: House) -> None:
        done = await Batches(house.database).undo(batch, owner())
        if as_json:
            print_json(asdict(done))
            return
        when = f"{datetime.fromtimestamp(done.at):%d %B %Y %H:%M}"
        out.print(f"Bulk edit {done.write} of {done.by} ({when}) is taken back.")
        if done.names:
            out.print(f"{_many(len(done.names))} as before it: {_listed(done.names)}.")
        if done.removed:
            first = next(iter(done.removed))
            out.print(
                f"{_many(len(done.removed))} removed, which it had added: {_listed(tuple(done.removed.values()))}."
                f" Bring one back with: haven world undo {first}"
            )

    in_house(work)


def _many(count: int) -> str:
    return "1 record is" if count == 1 else f"{count} records are"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"


def _bulk(edit: Callable[[Gazetteer], Bulk], yes: bool, draft: bool, as_json: bool) -> None:
    from haven.world.batches import Batches

    async def work(house: House) -> None:
        preview = await house.scribe.preview(edit)
        things, gone = preview.bulk.things, preview.bulk.gone
        told: dict[str, object] = {
            "said": preview.bulk.said,
            "diff": [asdict(one) for one in preview.diff],
            "gone": gone,
        }
        if not as_json:
            out.print(preview.bulk.said)
            print_differences(list(preview.diff[:SHOWN]))
            if (more := len(preview.diff) - SHOWN) > 0:
                out.print(f"  and {more:,} field{'s' * (more != 1)} more")
        said = "Nothing is written yet: --yes does it." if things or gone else "There is nothing to change."
        if draft and things:
            made = await house.scribe.propose_bulk(preview, owner())
            told, said = told | {"draft": made.id}, proposed(house, made.id)
        elif yes and (things or gone):
            done = await Batches(house.database).write(things, gone, owner(), stamp=preview.stamp)
            told = told | {"batch": done.write, "masked": done.masked}
            said = f"Done. Take all of it back with: haven world bulk undo {done.write}"
            said = f"{was_masked(done.masked)}\n{said}" if done.masked else said
        print_json(told) if as_json else out.print(said)

    in_house(work)
