"""`haven change compare` and `haven change back`: the rounds of one change beside each other."""

from __future__ import annotations

from typing import Annotated

import typer

from haven.app import House
from haven.changes.review.text import render, render_pair
from haven.commands.session import Json, in_house, out, owner, print_json

Id = Annotated[str, typer.Argument(help="The change's id, as `haven change list` shows it.")]
Number = Annotated[int, typer.Argument(help="A round's number, as the review lists them.")]


def compare(id: Id, first: Number, second: Number, as_json: Json = False) -> None:
    """Two rounds side by side, and what leads from the first to the second."""

    async def work(house: House) -> None:
        pair = await house.changes.compare(id, first, second)
        if as_json:
            print_json(pair.to_json())
        else:
            out.print(render_pair(pair, out.width))

    in_house(work)


def back(id: Id, number: Number, as_json: Json = False) -> None:
    """Go back to an earlier round (or forward again): what is approved then is that round's commit."""

    async def work(house: House) -> None:
        before = await house.changes.get(id)
        await house.changes.go_back(id, owner(), number, round=before.round)
        review = await house.changes.review(id)
        print_json(review.to_json()) if as_json else out.print(render(review, out.width))

    in_house(work)
