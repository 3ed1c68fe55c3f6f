"""Files as the real programs write them, small and made up."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

PLANET = {"name": "The Oyster", "sentinel": "Low", "fauna": "High", "flora": "Mid", "properties": "Type: Shell-Strewn",
          "materials": "Silver\nGold", "base_location": "N/A", "photo": "N/A", "notes": "N/A",
          "moons": [{"name": "Mirage", "sentinel": "None", "notes": "N/A", "orbit_radius": 0.5}]}  # fmt: skip
SYSTEM: dict[str, Any] = {
    "id": "SYS_EUCLID_9AD20802", "name": "Diamond", "region": "Euclid", "x": 12.5, "y": -3.25, "z": 7,
    "attributes": "Region: Sea of Ashes\nPrimary lifeform: Korvax",
    "planets": [PLANET], "planets_names": ["The Oyster"],
    "space_station": {"name": "Diamond Station", "race": "Vykeen", "sell_percent": 80, "buy_percent": 120},
}  # fmt: skip
DIALECTS: dict[str, Any] = {
    "map": {"_meta": {"version": "1.0.0", "system_count": 1}, "Diamond": {**SYSTEM, "name": None}},
    "systems": {"systems": {"Diamond": SYSTEM}},
    "data": {"_meta": {}, "data": [SYSTEM]},
    "bare": {"Diamond": {**SYSTEM, "planets": ["The Oyster", "Booga 2"]}},
    "explorer": {
        "_meta": {"device": "Mobile Explorer", "system_count": 1},
        "Diamond": {
            "id": "1762408084017", "name": "Diamond", "region": "Core", "x": 52, "y": 31, "z": 47, "attributes": "No",
            "created_at": "2025-11-06T05:48:04.031Z",
            "planets": [{"name": "The Oyster", "type": "Desert", "sentinels": "Medium", "resources": "Gold, Copper"}],
        },
    },
}  # fmt: skip
PAYLOAD = {
    "extraction_time": "2026-04-29T12:00:00", "extractor_version": "1.9.3", "glyph_code": "60720193DFA9",
    "galaxy_name": "Euclid", "voxel_x": -87, "voxel_y": 1, "voxel_z": -1731, "solar_system_index": 114,
    "system_name": "Payload", "star_color": "Yellow", "economy_type": "Trading", "economy_strength": "Wealthy",
    "conflict_level": "Low", "dominant_lifeform": "Gek", "reality": "Normal", "discord_username": "smoke",
    "personal_id": "000000000000000001",
    "planets": [
        {"planet_index": 0, "planet_name": "Smoke", "biome": "Lush", "weather": "Pleasant", "sentinel_level": "Low",
         "flora_level": "High", "fauna_level": "Medium", "planet_size": "Large", "common_resource": "Copper",
         "rare_resource": "Gold", "is_moon": False},
        {"planet_index": 1, "planet_name": "Ember", "biome": "Scorched", "is_moon": True},
    ],
}  # fmt: skip
TABLES = """
pragma synchronous=off;
create table systems (id text primary key, name text unique, x real, y real, z real, region text, fauna text,
  flora text, sentinel text, materials text, base_location text, photo text, attributes text, created_at text);
create table planets (id integer primary key, system_id text, name text, sentinel text, fauna text, flora text,
  properties text, materials text, base_location text, photo text, notes text);
create table moons (id integer primary key, planet_id integer, name text, sentinel text, orbit_radius real);
create table space_stations (id integer primary key, system_id text, name text, race text, sell_percent integer);
create table discoveries (id integer primary key, discovery_type text, discovery_name text, system_id text,
  planet_id integer, moon_id integer, location_type text, location_name text, description text, coordinates text,
  discovered_by text, discord_user_id text, submission_timestamp text, mystery_tier integer, tags text,
  resource_type text, ship_class text);
create table patterns (id integer primary key, pattern_name text, confidence_level real, description text);
create table pending_systems (id integer primary key, status text, system_data text);
insert into systems values ('SYS_1', 'Diamond', 12.5, -3.25, 7, 'Euclid', null, null, 'Low', null, 'N/A', 'N/A',
  'Region: Sea of Ashes' || char(10) || 'Discovered By: PinkNova6083', '2025-11-10 20:45:21');
insert into systems values ('SYS_2', 'Oculi', 60, 31, 2, 'Euclid', null, null, null, null, null, null, null, null);
insert into planets values (1, 'SYS_1', 'The Oyster', 'Low', 'High', 'Mid', 'Type: Shell-Strewn',
  'Silver' || char(10) || 'Gold', 'N/A', 'N/A', 'N/A');
insert into planets values (2, 'SYS_9', 'Orphan', null, null, null, null, null, null, null, null);
insert into moons values (1, 1, 'Mirage', 'None', 0.5);
insert into space_stations values (1, 'SYS_1', 'Diamond Station', 'Gek', 80);
insert into discoveries values (24, '💎', null, 'SYS_1', 1, 1, 'moon', 'Mirage',
  'Copper at latitude: -3.53, longitude: +141.60.', '[]', 'Watcher', '4885507', '2025-11-12 01:44:41', 2, null,
  'Copper deposit', '');
insert into discoveries values (25, 'anomaly', 'Monolith', null, null, null, 'deep_space', 'Near Oculi', 'Hums.', '',
  'Watcher', null, '2025-11-12 01:44:41', 9, '[]', null, null);
insert into patterns values (1, 'Cosmic', 1.256, 'Four sites agree.');
insert into pending_systems values (1, 'pending', '{}');
"""
OEC = """<?xml version="1.0"?><system><name>Kepler-16</name><name>KOI-1611</name>
<rightascension>19 16 18</rightascension><declination>+51 45 27</declination><distance>60</distance>
<binary><name>Kepler-16 AB</name><star><name>Kepler-16 A</name><spectraltype>K</spectraltype></star>
<star><name>Kepler-16 B</name><spectraltype>M</spectraltype></star>
<planet><name>Kepler-16 b</name><name>KOI-1611.02</name><mass type="msini">0.333</mass>
<separation unit="arcsec">0.02</separation><separation unit="AU">0.7</separation>
<period errorplus="1">228.776
</period><radius upperlimit="2"/><discoverymethod>RV</discoverymethod><discoveryyear>2011</discoveryyear>
<description>Kepler-16 b orbits two stars.</description></planet></binary></system>"""
ENTRY = """---
title: "The Grey Sleep"
tags: [illness, history]
aliases: ["The Sleep"]
canon: true
when: "0028"
sources:
  - "Halvard's case book"
mood: grim
---

# The Grey Sleep

It came with the [[The Oyster|pearl traders]] and ended at [[Diamond]]; see also [[Nowhere]].
"""


def json_file(folder: Path, name: str, data: Any) -> Path:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def database(folder: Path, name: str = "VH-Database.db", more: str = "") -> Path:
    path = folder / name
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(TABLES + more)
    return path
