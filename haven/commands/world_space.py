"""`haven world ask, near, within, box, route, clusters, isolated, map, glyphs`: where things are, and pictures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sized
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from haven.app import House
from haven.commands.session import Json, in_house, out, owner, print_json
from haven.commands.world import world_app
from haven.errors import BadInput

if TYPE_CHECKING:  # `haven world show` imports this file as well: numpy and Pillow come with what needs them
    from haven.world.asking.answer import Answer
    from haven.world.gazetteer import Gazetteer
    from haven.world.schema import System
    from haven.world.space import Near

T = TypeVar("T")
Place = Annotated[str, typer.Argument(help="A system, or something in one, by name or id.")]
Frame = Annotated[str, typer.Option(help="Which map: `map`, `sun`, `galaxy:NAME`; else the fullest one.")]


def _ask(work: Callable[[House, Gazetteer], T]) -> T:
    """What `work` finds in the world, computed off the loop."""
    return in_house(lambda house: house.cartographer.look(lambda gazetteer: work(house, gazetteer)))


@world_app.command()
def ask(
    question: Annotated[str, typer.Argument(help="As you would say it: ocean planets within 50 of Venture.")],
    as_json: Json = False,
) -> None:
    """Answer a question about places: computed from the records, with the typed query and its sources."""
    answer: Answer | None = in_house(lambda house: house.cartographer.ask(question, owner()))
    if as_json:
        print_json(_told(answer))
        return
    if answer is None:
        out.print("That is no question about places that can be computed. Ask the assistants: haven ask")
        raise typer.Exit(1)
    out.print(answer.text)
    if answer.query:
        out.print(f"Understood as: {answer.query}")
    if answer.rows:
        more = f" and {len(answer.rows) - 10} more" if len(answer.rows) > 10 else ""
        out.print(f"Records: {', '.join(f'{row.name} ({row.id})' for row in answer.rows[:10])}{more}")


def _told(answer: Answer | None) -> dict[str, Any]:
    if answer is None:
        return {"understood": False}
    rows = [{"id": row.id, "name": row.name, "kind": row.kind, "value": row.value} for row in answer.rows]
    choices = [{"id": row.id, "name": row.name, "kind": row.kind} for row in answer.choices]
    about = {"text": answer.text, "query": answer.query, "recorded": answer.recorded}
    return {"understood": True, **about, "rows": rows, "choices": choices, "route": list(answer.route), **answer.data}


@world_app.command()
def near(
    place: Place, count: Annotated[int, typer.Option(min=1, max=500)] = 5, frame: Frame = "", as_json: Json = False
) -> None:
    """The nearest systems."""

    found = in_house(lambda house: house.cartographer.near(place, owner(), count, frame))
    _print_near(list(found.systems), found.unit, found.left_out, as_json)


@world_app.command()
def within(
    radius: Annotated[float, typer.Argument(min=0.0, help="In the map's own units.")],
    place: Place,
    frame: Frame = "",
    as_json: Json = False,
) -> None:
    """All systems within a distance of a place, nearest first."""

    def work(_: House, gazetteer: Gazetteer) -> tuple[list[Near], str, str]:
        from haven.world import space

        system = gazetteer.system_called(place)
        atlas = gazetteer.atlas(frame or _frame(system))
        found = space.within(atlas, atlas.point(system.id), radius, without=[system.id])
        return found, atlas.unit, atlas.left_out

    _print_near(*_ask(work), as_json)


def _frame(system: System) -> str:
    from haven.world.atlas import positions

    return next((point.frame for point in positions(system)), "")


def _print_near(found: list[Near], unit: str, left_out: str, as_json: bool) -> None:
    from haven.world.lengths import written

    if as_json:
        rows = [{"id": one.id, "name": one.name, "distance": one.distance} for one in found]
        print_json({"unit": unit, "systems": rows, "left_out": left_out})
        return
    for one in found:
        out.print(f"{written(one.distance, unit):>16}  {one.name}")
    out.print(f"{_counted(found)}{f' Left out: {left_out}.' if left_out else ''}")


def _counted(found: Sized) -> str:
    return f"{len(found):,} system{'' if len(found) == 1 else 's'}."


@world_app.command(context_settings={"ignore_unknown_options": True})  # -5 is a coordinate
def box(
    corner: Annotated[tuple[float, float, float], typer.Argument(help="x y z of one corner.")],
    other: Annotated[tuple[float, float, float], typer.Argument(help="x y z of the opposite one.")],
    frame: Frame = "",
    as_json: Json = False,
) -> None:
    """The systems between two corners, edges included."""

    def work(_: House, gazetteer: Gazetteer) -> list[dict[str, Any]]:
        import numpy as np

        from haven.world import space

        atlas = gazetteer.atlas(frame)
        rows = space.in_box(atlas, np.array(corner), np.array(other))
        return [
            {"id": atlas.ids[row], "name": atlas.names[row], "position": [float(one) for one in atlas.xyz[row]]}
            for row in rows
        ]

    found = _ask(work)
    if as_json:
        print_json(found)
        return
    for one in found:
        out.print(f"{one['name']}  {', '.join(f'{axis:g}' for axis in one['position'])}")
    out.print(_counted(found))


@world_app.command()
def route(
    start: Place,
    end: Place,
    jump: Annotated[float | None, typer.Option(help="How far one jump goes; without it, over recorded links.")] = None,
    as_json: Json = False,
) -> None:
    """The route of the fewest jumps with all its stops, or over links; and the longest step of it."""

    answer = in_house(lambda house: house.cartographer.route(start, end, owner(), jump))
    if as_json:
        print_json(_told(answer))
        return
    out.print(answer.text)
    if not answer.route:
        raise typer.Exit(1)


@world_app.command()
def clusters(
    length: Annotated[float, typer.Argument(help="How far apart two friends may be, in the map's own units.")],
    frame: Frame = "",
    as_json: Json = False,
) -> None:
    """Groups of systems in which each has another within the length, largest first."""

    def work(_: House, gazetteer: Gazetteer) -> list[dict[str, Any]]:
        from haven.world import clusters as grouping

        found = grouping.clusters(gazetteer.atlas(frame), length)
        return [
            {"systems": list(one.names), "ids": list(one.ids), "centre": one.centre, "radius": one.radius}
            for one in found
        ]

    found = _ask(work)
    if as_json:
        print_json(found)
        return
    for one in found:
        names = one["systems"]
        out.print(f"{len(names):>5}  {', '.join(names[:8])}{f' and {len(names) - 8} more' if len(names) > 8 else ''}")
    out.print(f"{len(found)} cluster{'' if len(found) == 1 else 's'}.")


@world_app.command()
def isolated(
    length: Annotated[float | None, typer.Option(help="Only those with nobody this near.")] = None,
    count: Annotated[int, typer.Option(min=1, max=500)] = 10,
    frame: Frame = "",
    as_json: Json = False,
) -> None:
    """The systems that are farthest from their nearest neighbour."""

    def work(_: House, gazetteer: Gazetteer) -> tuple[list[Near], str, str]:
        from haven.world import clusters as grouping

        atlas = gazetteer.atlas(frame)
        alone = grouping.loneliest(atlas, count) if length is None else grouping.isolated(atlas, length)[:count]
        return alone, atlas.unit, atlas.left_out

    _print_near(*_ask(work), as_json)


@world_app.command("map")
def map_(
    file: Annotated[Path, typer.Argument(help="Where to write it: a name that ends in .png or .svg.")],
    region: Annotated[str, typer.Option(help="Only this region.")] = "",
    around: Annotated[str, typer.Option(help="The neighbourhood of this place.")] = "",
    radius: Annotated[float, typer.Option(min=0.0, help="How far around; else a dozen neighbours.")] = 0.0,
    stops: Annotated[list[str] | None, typer.Option("--stop", help="A route: each of its stops in order.")] = None,
    colour: Annotated[str, typer.Option(help="What dots are coloured by: region, star, economy, ...")] = "",
    theme: Annotated[str, typer.Option(help="dark, light or contrast.")] = "dark",
    side: Annotated[bool, typer.Option("--side", help="Seen from the side rather than from above.")] = False,
    size: Annotated[tuple[int, int], typer.Option(help="Width and height in pixels.")] = (1_200, 900),
    frame: Frame = "",
    as_json: Json = False,
) -> None:
    """Draw a map of everything, a region, a neighbourhood or a route."""

    async def work(house: House) -> bytes:
        from haven.world.maps.picture import Format
        from haven.world.maps.scene import View, Wish

        kind = file.suffix.lower().removeprefix(".")
        if kind not in [one.value for one in Format]:
            raise BadInput(f"{file.name} is neither .png nor .svg.", "Name a file with one of these endings.")
        named = [around] if around else []
        ids = await house.cartographer.look(
            lambda gazetteer: [gazetteer.system_called(name).id for name in (*named, *(stops or ()))]
        )
        wish = Wish(
            region=region,
            around=ids[0] if around else "",
            radius=radius,
            route=tuple(ids[len(named) :]),
            frame=frame,
            colour=colour,
            view=View.SIDE if side else View.TOP,
        )
        return await house.cartographer.map(wish, format=Format(kind), theme=theme, width=size[0], height=size[1])

    async def kept(house: House) -> int:
        data = await work(house)
        try:
            await asyncio.to_thread(file.write_bytes, data)
        except OSError as error:
            raise BadInput(f"{file} can't be written: {error.strerror}.", "Name another place.") from None
        return len(data)

    written = in_house(kept)
    print_json({"path": str(file), "bytes": written}) if as_json else out.print(f"{file}: {written:,} bytes.")


@world_app.command()
def glyphs(
    address: Annotated[str, typer.Argument(help="Twelve hex digits, P-SSS-YY-ZZZ-XXX, dashes or not.")],
    other: Annotated[str, typer.Argument(help="A second address: how far it is.")] = "",
    as_json: Json = False,
) -> None:
    """Read portal glyphs: planet, system, voxel, and which recorded systems lie there."""
    from haven.world.glyphs import Glyphs

    one = Glyphs.parse(address)
    two = Glyphs.parse(other) if other else None
    data: dict[str, Any] = {
        "glyphs": one.text,
        "planet": one.planet,
        "system": one.system,
        "class": one.kind.value,
        "voxel": [one.x, one.y, one.z],
        "region": one.region_text,
        "ly_to_centre": round(one.light_years_to_centre),
    }
    if two is not None:
        data |= {"same_system": one.same_system(two), "ly_apart": round(one.light_years_to(two))}
    answer: Answer | None = in_house(lambda house: house.cartographer.ask(one.text, owner()))
    data["recorded"] = [row.name for row in answer.rows] if answer else []
    if as_json:
        print_json(data)
        return
    for name, value in data.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        out.print(f"{name.replace('_', ' ')}: {shown or 'nothing'}")
