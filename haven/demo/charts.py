"""The demo's world, brought into a house by the same importer that brings in everybody's files."""

from __future__ import annotations

from importlib import resources

from assistants.sentinel import HAVEN
from haven.app import House
from haven.world.exchange.loading import Importer
from haven.world.exchange.report import ImportReport


async def bring_in(house: House) -> ImportReport:
    """Once: files that were brought in before are known by their content, so what people changed since stays."""
    importer = Importer(house.world, house.drafts, house.database)
    with resources.as_file(resources.files("haven.demo").joinpath("world")) as folder:
        return await importer.bring_in(folder, HAVEN)
