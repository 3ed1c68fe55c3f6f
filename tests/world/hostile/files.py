"""Hostile files, each by its name: how it is made, and what must come of it."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from haven.world.exchange import archives
from haven.world.exchange.report import Reading
from haven.world.schema import System
from tests.world.exchange.sources import SYSTEM
from tests.world.hostile.made import ZEROS, greedy, lied, linked_and_locked, odd, sound, tables, tarred, zipped

GOOD = json.dumps({"Diamond": SYSTEM}).encode()
Kept = Callable[[Sequence[Reading]], bool]


@dataclass(frozen=True)
class File:
    """`refused`: what the sentence says that refuses the whole file. `kept`: what holds of what was read otherwise."""

    name: str
    file: str
    make: Callable[[], bytes]
    refused: str = ""
    kept: Kept | None = None


def of(name: str, file: str, data: str | bytes, refused: str = "", kept: Kept | None = None) -> File:
    content = data.encode() if isinstance(data, str) else data
    return File(name, file, lambda: content, refused, kept)


def systems(found: Sequence[Reading]) -> list[System]:
    return [one.thing for one in found if isinstance(one.thing, System)]


def no_records(found: Sequence[Reading]) -> bool:
    return not any(one.thing for one in found)


def named(name: str) -> Kept:
    return lambda found: [one.name for one in systems(found)] == [name]


def refusals(*names: str) -> Kept:
    """These members are refused, and the two others are read, in memory, under whatever name."""
    return lambda found: {one.name for one in found if one.refused} == set(names) and len(systems(found)) == 2


def said(text: str) -> Kept:
    return lambda found: text in str([(one.notes, one.refused) for one in found])


def both(*holds: Kept) -> Kept:
    return lambda found: all(one(found) for one in holds)


def of_system(**fields: object) -> str:
    return json.dumps({"A": {"name": "A", "x": 1, "y": 2, "z": 3, **fields}})


LAUGHS = '<!DOCTYPE s [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><system><name>&b;</name></system>'
OUTSIDE = '<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><system><name>&x;</name></system>'
TRAVERSAL = (("../../etc/cron.d/evil.json", GOOD), ("/etc/shadow.json", GOOD))
POSED = (
    "create table t (a); insert into t values (1);"
    "create view systems as select load_extension('/tmp/x.so') as name, 1 as x, 2 as y, 3 as z from t;"
    "create trigger boom after insert on t begin insert into t select a from t; end;"
    "create virtual table planets using fts5 (name);"
    "create table moons (name text generated always as (printf('%.*c', 9000000, 'x')) virtual, planet_id);"
    "insert into moons (planet_id) values (1);"
)
ITS_OWN_ORDER = (
    "pragma writable_schema=on; "
    "update sqlite_master set sql = replace(sql, 'name text unique', 'name text collate its_own unique');"
)
IN_ITS_PLACE = "alter table planets rename to hidden; create view planets as select * from hidden;"
BOMB = r"as bombs do|can't be unpacked"

XML = (
    of("xml entities that grow", "a.xml", LAUGHS, "document type"),
    of("an xml entity that reads a file", "a.xml", OUTSIDE, "document type"),
    of("an xml document type of a far server", "a.xml", '<!DOCTYPE s SYSTEM "http://127.0.0.1/x.dtd"><s/>', "document"),
    of("xml a hundred thousand deep", "a.xml", "<a>" * 100_000, "nested too deeply"),
    of("an xml entity that nobody declared", "a.xml", "<system><name>&unknown;</name></system>", "no XML"),
    of("xml that is not closed", "a.xml", "<system><name>x</system>", "no XML"),
    of("xml in an encoding of no name", "a.xml", '<?xml version="1.0" encoding="no-such"?><system/>', "no XML"),
    of("html in place of xml", "a.xml", "<html><body>hello</body></html>", "holds no <system>"),
)
JSON = (
    of("json a hundred thousand deep", "a.json", "[" * 100_000, "nested too deeply|no JSON"),
    of("json ninety deep", "a.json", '{"a":' * 90 + "1" + "}" * 90, "nested too deeply"),
    of("a place that is NaN", "a.json", '{"A": {"name": "A", "x": NaN}}', "no number"),
    of("a place at minus infinity", "a.json", '{"A": {"name": "A", "x": -Infinity}}', "no number"),
    of("a place at 1e400", "a.json", '{"A": {"name": "A", "x": 1e400}}', "no number"),
    of("a number of 5,000 digits", "a.json", '{"A": {"name": "A", "x": ' + "9" * 5000 + "}}", "too long"),
    of("json that was cut", "a.json", '{"A": {"name": "A", "x": 1', "no JSON"),
    of("an export of a later Haven", "a.json", '{"format": "haven-world", "version": 99, "things": []}', "version 99"),
    of("an export without its list", "a.json", '{"format": "haven-world", "version": 1, "things": {}}', "no list"),
    of("a place in words", "a.json", of_system(x="here", y="there"), kept=both(
        said("kept as written"), lambda all: systems(all)[0].properties["coordinates as written"] == "here, there, 3")),
    of("numbers larger than numbers are", "a.json", of_system(x=1e308, y=10**400, measure=10**400), kept=lambda all: (
        systems(all)[0].position is None and systems(all)[0].measures == {})),
    of("a list in place of a name", "a.json", '{"A": {"name": ["a", "b"], "x": 1}}', kept=named("a, b")),
    of("a query in place of a name", "a.json", '{"systems": [{"name": {"$ne": null}}]}', kept=named("{'$ne': None}")),
    of("a name of 1 MB", "a.json", of_system(name="A" * 1_000_000), kept=lambda all: all[0].refused != ""),
    of("zero bytes and halves in a name", "a.json", '{"A": {"name": "a\\ud800b\\u0000c\\u202ed", "x": 1}}',
       kept=named("a\ufffdbcd")),
    of("a key that stands twice", "a.json", '{"A": {"name": "A", "x": 1, "region": "R", "region": "Q"}}',
       kept=both(said("'region' stands twice"), lambda all: systems(all)[0].region == "Q")),
    of("a key that stands a hundred thousand times", "a.json", "{" + ",".join(['"a":1'] * 100_000) + "}",
       kept=both(no_records, said("'a' stands twice"))),
    of("a prototype for a key", "a.json", of_system(__proto__={"admin": True}), kept=named("A")),
    of("a byte order mark", "a.json", b"\xef\xbb\xbf" + GOOD, kept=named("Diamond")),
    of("utf-16", "a.json", GOOD.decode().encode("utf-16"), kept=both(named("Diamond"), said("read as utf-16"))),
    of("utf-16 that ends in half a character", "a.csv", b"\xff\xfename\xd8", "says that it is utf-16"),
)  # fmt: skip
ARCHIVES = (
    File("a bomb in a zip", "bomb.zip", lambda: zipped(("a.json", ZEROS)), BOMB),
    File("two halves of a bomb", "many.zip",
         lambda: zipped(("0.json", ZEROS[:8_000_000]), ("1.json", ZEROS[:8_000_000])), BOMB),
    File("a bomb in a gz", "bomb.json.gz", lambda: gzip.compress(ZEROS), BOMB),
    File("a bomb in a bz2", "bomb.json.bz2", lambda: bz2.compress(ZEROS), BOMB),
    File("a bomb in an xz", "bomb.json.xz", lambda: lzma.compress(ZEROS), BOMB),
    File("a bomb in a tar.xz", "bomb.tar.xz", lambda: lzma.compress(tarred(("a.json", ZEROS))), BOMB),
    File("a zip whose index lies", "liar.zip", lied, BOMB),
    File("an xz that asks for 3 GB", "greedy.json.xz", greedy, "needs too much memory"),
    File("an archive of too many files", "many.tar",
         lambda: tarred(odd("a.json", tarfile.REGTYPE))[:512] * (archives.MAX_MEMBERS + 1), "holds more than 20,000"),
    File("paths out of a zip", "evil.zip", lambda: zipped(*TRAVERSAL), kept=refusals()),
    File("paths out of a tar, links, devices, pipes", "evil.tar", lambda: tarred(
        *TRAVERSAL, odd("link.json", tarfile.SYMTYPE, "/etc/passwd"), odd("hard.json", tarfile.LNKTYPE, "/etc/passwd"),
        odd("device", tarfile.CHRTYPE), odd("pipe", tarfile.FIFOTYPE), ("inner.zip", zipped(("a.json", GOOD)))),
         kept=both(refusals("link.json", "hard.json", "device", "pipe", "inner.zip"), said("not opened"))),
    File("a zip with a link and a locked member", "a.zip", lambda: linked_and_locked(GOOD),
         kept=both(no_records, said("link"), said("encrypted"))),
    *(File(f"a cut {name}, {cut} bytes short", name, make, "can't be unpacked")
      for cut in (10, 200)
      for name, make in (
          ("a.zip", lambda cut=cut: zipped(("a.json", GOOD * 20))[:-cut]),
          ("a.tar.gz", lambda cut=cut: gzip.compress(tarred(("a.json", GOOD * 20)))[:-cut]),
          ("a.tar.xz", lambda cut=cut: lzma.compress(tarred(("a.json", GOOD * 20)))[:-cut]))),
)  # fmt: skip
PAGES = (
    of("yaml that grows", "a.md", "---\na: &a [x, x]\nb: &b [*a, *a]\ntags: [*b, *b]\n---\nw", "aliases"),
    of("yaml five thousand deep", "a.md", "---\ntags: " + "[" * 5000 + "\n---\nw", "can't be read"),
    of("front matter that is a list", "a.md", "---\n- a\n- b\n---\nw", "no list of"),
    of("front matter without an end", "a.md", "---\n" + "a: b\n" * 20_000, "has no end"),
    of("yaml that makes an object", "a.md", '---\ntitle: T\nmood: !!python/object/apply:os.system ["touch x"]\n---\nw',
       kept=lambda all: bool(all[0].thing) and "touch" in all[0].thing.properties["mood"]),
    of("a kind that is none", "a.md", "---\nkind: dragon\n---\nw", kept=said("no kind 'dragon'")),
    of("an id that is a path", "a.md", "---\nkind: planet\nparent: nothing\nname: P\nid: planet-../../x\n---\nw",
       kept=lambda all: bool(all[0].thing) and all[0].thing.id == "new-planet-../../x"),
    of("lore that names itself a path", "../../etc/passwd.md", "words", kept=lambda all: all[0].name == "passwd"),
    of("a wiki link out of the folder", "a.md", "---\ntitle: T\n---\n[[../../../etc/passwd|x]]",
       kept=lambda all: bool(all[0].thing) and all[0].link_names == (("../../../etc/passwd",),)),
)  # fmt: skip
TABLES = (
    of("bytes in place of a table", "a.csv", b"\x00\x01\x02binary", "zero bytes"),
    of("a quotation that is never closed", "a.csv", 'name,x\n"never closed', "no CSV"),
    of("a cell of 3 MB", "a.csv", "name,notes\na," + "x" * 3_000_000, "no CSV"),
    of("a table of nothing", "a.csv", "\n", "empty|columns"),
    of("six hundred columns", "a.csv", ",".join(f"c{n}" for n in range(600)) + "\n", "600 columns"),
    of("a formula that comes in", "a.csv", "name,x,y,z\n\"=HYPERLINK(\"\"http://x\"\",\"\"a\"\")\",1,2,3\n",
       kept=named('=HYPERLINK("http://x","a")')),
    of("a formula that was defused before", "a.csv", "kind,id,name\nsystem,,'=1+1\n", kept=named("=1+1")),
    of("more cells than columns", "a.csv", "name,x\na,1,2,3\n", kept=both(no_records, said("cells under"))),
)  # fmt: skip
DATABASES = (
    File("views, triggers and virtual tables that pose as data", "evil.db", lambda: tables(POSED), kept=no_records),
    File("a view in the place of a table", "a.db", lambda: sound(IN_ITS_PLACE),
         kept=both(said("planet_id 1 is not in the file"), lambda all: "The Oyster" not in {one.name for one in all})),
    File("names in an order that only its program knows", "a.db", lambda: sound(ITS_OWN_ORDER),
         kept=lambda all: "Diamond" in {one.name for one in systems(all)}),
    File("a page of noise", "broken.db", lambda: sound(torn=(5, os.urandom(55))), "can't be read as a database"),
    File("a page that says its rows are free", "broken.db", lambda: sound(torn=(1, b"\x0f\x80")), "can't be read as a"),
    of("a database that is none", "a.db", b"SQLite format 3\x00" + b"\xff" * 2_000, "can't be read as a database"),
)  # fmt: skip
FILES = (*XML, *JSON, *ARCHIVES, *PAGES, *TABLES, *DATABASES)
