"""Pages and diagrams: whole, well formed, and with enough in them."""

from __future__ import annotations

import pytest

from haven.ai.validate import PASS_MARK
from tests.ai.samples import Break, Good, Sample, judging

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Ossa Prime</title>
<style>body { color: #222; }</style>
</head>
<body>
<h1>Ossa Prime</h1>
<p>Scorched by day, <em>frozen</em> by night.
<ul><li>copper<li>gold</ul>
<img src="ossa.png" alt="The northern pillar of Ossa Prime">
<script>if (1 < 2) { document.title += "!"; }</script>
</body>
</html>"""
ERD = """erDiagram
    SYSTEM ||--o{ PLANET : holds
    PLANET ||--o{ MOON : "is circled by"
    SYSTEM {
        int id PK
        string name "as discovered"
    }
    PLANET {
        int id PK
        int system_id FK
        string name
    }"""
CHART = """flowchart LR
    %% who asks whom
    bot[Discord bot] --> table{Round Table}
    kiosk(["Kiosk (touch)"]) -->|asks| table
    table -- simple --> local[(Local model)]
    table -.-> cloud((Claude)) & log
    subgraph house [At home]
        local
    end
    classDef far fill:#eee
    class cloud far"""
SEQUENCE = """sequenceDiagram
    autonumber
    actor P as Person
    participant H as Haven
    P->>+H: ask a question
    alt the local model knows
        H-->>P: answer
    else it does not
        H->>Claude: prepared question
        Claude-->>H: answer
    end
    Note over P,H: the route is shown
    H-->>-P: done"""
CLASSES = """classDiagram
    class Place {
        <<abstract>>
        +str name
        +distance(other) float
    }
    class Planet {
        +list~Moon~ moons
    }
    Place <|-- Planet
    Planet "1" o-- "*" Moon : circled by
    Moon : +str name"""
STATES = """stateDiagram-v2
    direction LR
    [*] --> Queued
    Queued --> Editing : a seat is free
    state "Waiting for a person" as Review
    Editing --> Review
    Review --> Merged : approved
    Review --> Editing : tweak
    note right of Review
        two taps
    end note
    Merged --> [*]"""

GOOD: Good = {
    "page": Sample("page", "A page about Ossa Prime", PAGE),
    "fenced": Sample("page", "A page about Ossa Prime", f"Here it is:\n\n```html\n{PAGE}\n```\n"),
    "table": Sample(
        "page", "A page with a table", PAGE.replace("<ul><li>copper<li>gold</ul>", "<table><tr><td>Lun<td>12</table>")
    ),
    "svg": Sample(
        "page", "A page with a star", PAGE.replace("<h1>", '<svg viewBox="0 0 9 9"><circle r="4"/></svg><h1>')
    ),
    "library": Sample(
        "page",
        "A page with Leaflet from a CDN",
        PAGE.replace("<script>", '<script src="https://example.org/leaflet.js"></script><script>'),
    ),
    "erd": Sample("diagram", "An ER diagram of the star map", ERD),
    "erd fenced": Sample("diagram", "Entities of the map as Mermaid", f"```mermaid\n{ERD}\n```"),
    "chart": Sample("diagram", "The architecture of Haven", CHART),
    "graph": Sample(
        "diagram",
        "Flow of a change",
        "graph TD;\n  A-->B;\n  A[Ask] --> C{Plan?};\n  C -->|yes| D>Edit];\n  C ---|no| B",
    ),
    "sequence": Sample("diagram", "Sequence diagram of a question", SEQUENCE),
    "classes": Sample("diagram", "Class diagram of places", CLASSES),
    "states": Sample("diagram", "A state diagram of a change", STATES),
    "composite": Sample(
        "diagram",
        "States of the kiosk",
        "stateDiagram\n  [*] --> Idle\n  state Open {\n    [*] --> Map\n    Map --> Chat\n  }\n"
        "  Idle --> Open\n  Open --> Idle",
    ),
    "other": Sample(
        "diagram", "When was what found? as a timeline", "timeline\n  title Finds\n  3127 : Ossa Prime\n  3128 : Drift"
    ),
}

BROKEN: tuple[Break, ...] = (
    ("page", "<em>frozen</em>", "<em>frozen", "line 10: <em> is not closed before </body>"),
    ("page", "</h1>", "</h2>", "line 9: </h2> closes nothing"),
    ("page", "<em>frozen</em> by night.", "<em><b>frozen</em></b> by night.", "<b> is not closed before </em>"),
    ("page", '<img src="ossa.png"', '<img src="ossa.png', "tag"),
    ("page", "<script>if", '<script src="https://example.org/x.js"></script><script>if', "from outside"),
    ("page", "<title>Ossa Prime</title>\n", "", "no <title>"),
    ("page", "</script>", "", "<script> is never closed"),
    ("page", "Scorched by day", "Lorem ipsum by day", "placeholder"),
    ("page", "", "Ossa Prime is a planet.", "no HTML"),
    ("page", "", "<p>Ossa Prime is scorched.</p>", "no <html>, <head>, <title>"),
    ("page", "", PAGE[: PAGE.index("<img") + 9], "never closed"),
    (
        "page",
        "",
        "<!DOCTYPE html><html lang=en><head><title>x</title><meta charset=utf-8></head><body></body></html>",
        "nothing to read",
    ),
    ("erd", "SYSTEM ||--o{ PLANET : holds", "SYSTEM --> PLANET : holds", "line 2 of the diagram"),
    ("erd", " : holds", "", "line 2 of the diagram: the relationship has no label"),
    ("erd", "        int id PK\n        string", "        id\n        string", "line 5 of the diagram: no attribute"),
    ("erd", "", "erDiagram\n  A ||--o{ B : has", "no entities with attributes where 2"),
    ("erd", "        string name\n    }", "        string name", "never closed"),
    (
        "erd",
        "",
        ERD.replace("    SYSTEM ||--o{ PLANET : holds\n", "").replace('    PLANET ||--o{ MOON : "is circled by"\n', ""),
        "no relationships",
    ),
    ("erd", "", STATES, "an entity diagram was asked for"),
    ("erd", "", "Systems hold planets, and planets hold moons.", "no Mermaid diagram begins with"),
    ("chart", "bot[Discord bot]", "bot[Discord (bot)]", "line 3 of the diagram: no node"),
    ("chart", "-->|asks|", "->|asks|", "line 4 of the diagram: not understood"),
    ("chart", "    end\n", "", "subgraph house [At home] is never closed"),
    ("chart", "flowchart LR", "flowchart LEFT", "LEFT is no direction"),
    ("chart", "", "flowchart LR\n  A --> B", "2 nodes where 3"),
    ("chart", "table -- simple -->", "end -- simple -->", "no node"),
    ("graph", "A-->B;", "A-->;", "no node at: the end"),
    ("sequence", "P->>+H: ask a question", "P->>+H", "line 5 of the diagram: the message says nothing"),
    ("sequence", "    end\n", "", "alt the local model knows is never closed"),
    ("sequence", "H->>Claude: prepared", "H => Claude: prepared", "line 9 of the diagram: not understood"),
    ("sequence", "", "sequenceDiagram\n  A->>B: one\n  A->>B: two", "nobody replies"),
    ("sequence", "", "sequenceDiagram\n  A->>A: alone", "1 participants where 2"),
    ("classes", "Place <|-- Planet", "Place extends Planet", "line 10 of the diagram: not understood"),
    ("classes", "    class Planet {", "    class Planet {{", "line 7 of the diagram"),
    ("classes", "", "classDiagram\n  A <|-- B", "no classes with members where 2"),
    ("classes", "", CLASSES.split("    Place <|--")[0] + "    Moon : +str name", "no relations"),
    ("states", "[*] --> Queued", "Start --> Queued", "no start"),
    ("states", "Editing --> Review", "Editing -> Review", "line 6 of the diagram: not understood"),
    ("states", "", "stateDiagram-v2\n  [*] --> A\n  A --> [*]", "1 states where 3"),
    ("composite", "Map --> Chat\n  }", "Map --> Chat", "never closed"),
)

test_what_is_good_passes, test_one_thing_broken_is_named = judging(GOOD, BROKEN)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (' lang="en"', "", "names no language"),
        (' alt="The northern pillar of Ossa Prime"', "", "an image without alt text on line 12"),
        ("<h1>", '<h1 id="a"><b id="a">x</b>', "the same id more than once: a"),
        ("<!DOCTYPE html>\n", "", "does not begin with <!doctype html>"),
        ("</html>", "", "the page's end is missing"),
    ],
)
def test_a_blemish_costs_points_without_failing_the_page(old: str, new: str, reason: str) -> None:
    points, reasons = GOOD["page"].broken(old, new).scored
    assert PASS_MARK <= points < 100
    assert any(reason in one for one in reasons), reasons
