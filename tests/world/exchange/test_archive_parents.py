"""An archive of many files: each planet belongs to the system of its own file."""

from __future__ import annotations

import io
import zipfile

from haven.world.exchange.formats import read_file
from haven.world.exchange.pieces import Piece
from haven.world.schema import Kind, parent_of

SYSTEM = "<system><name>{0}</name><star><name>{0}</name><planet><name>{0} b</name></planet></star></system>"


def test_the_members_of_an_archive_keep_their_own_parents() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("Hilt", "Jaw", "Nock"):
            archive.writestr(f"{name}.xml", SYSTEM.format(name))
    found = [one.thing for one in read_file(Piece("all.zip", packed.getvalue())) if one.thing is not None]
    systems = {thing.id: thing.name for thing in found if thing.kind is Kind.SYSTEM}
    assert sorted(systems.values()) == ["Hilt", "Jaw", "Nock"]
    planets = {thing.name: systems[parent_of(thing)] for thing in found if thing.kind is Kind.PLANET}
    assert planets == {"Hilt b": "Hilt", "Jaw b": "Jaw", "Nock b": "Nock"}
