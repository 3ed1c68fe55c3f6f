"""Interfaces, user stories and workflows: complete enough to be built from."""

from __future__ import annotations

from tests.ai.samples import Break, Good, Sample, judging

OPENAPI = """openapi: 3.1.0
info:
  title: Star map
  version: 1.0.0
paths:
  /systems/{id}:
    parameters:
      - name: id
        in: path
        required: true
        schema: {type: integer}
    get:
      operationId: getSystem
      summary: One system
      responses:
        '200':
          description: The system
          content:
            application/json:
              schema:
                $ref: '#/components/schemas/System'
        '404':
          description: No such system
components:
  schemas:
    System:
      type: object
      properties:
        name: {type: string}
"""
AS_JSON = (
    '{"openapi": "3.0.3", "info": {"title": "Star map", "version": "1"}, "paths": {"/moons": {"get": '
    '{"responses": {"200": {"description": "All moons"}}}}}}'
)
DOCS = """## Systems

### GET /systems/{id}

One system by its number.

Response: `200` with the system, `404` where there is none.

```bash
curl http://localhost:8080/systems/4
```
"""
STORIES = """### 1. Find a system
As a pilot, I want to search systems by name so that I find my way home.

- Given a system named Drift, when I type "dri", then Drift is shown first.
- Given no match, when I search, then I am told so.

### 2. Mark a find
As an explorer, I want to mark a discovery on the map so that others can visit it.

- Given an open map, when I tap a planet and choose Mark, then the mark is saved.
"""
STEPS = """Actors: author, reviewer. Input: a request; output: a merged change.

1. The author describes the change on the kiosk.
2. Haven plans it and shows the price.
3. The reviewer looks at the tests. If they fail, go back to step 2.
4. If the reviewer approves, Haven merges the branch.
"""
FLOW = """```yaml
name: Nightly backup
trigger: 03:00
steps:
  - name: copy the database
    run: haven backup
  - name: check the copy
    run: haven backup --verify
```"""

GOOD: Good = {
    "openapi": Sample("api", "OpenAPI for reading a system", OPENAPI),
    "openapi fenced": Sample("api", "OpenAPI for reading a system", f"```yaml\n{OPENAPI}```"),
    "openapi json": Sample("api", "OpenAPI for the moons as JSON", AS_JSON),
    "docs": Sample("api", "Document the endpoint for systems", DOCS),
    "table": Sample(
        "api",
        "Short docs for the moons",
        "| Method | Path | Returns |\n|---|---|---|\n| GET | /moons | 200 and a list |\n| POST | /moons | 201 |\n\n"
        'Example: `POST /moons` with `{"name": "Lun"}` adds a moon.',
    ),
    "stories": Sample("story", "User stories for the map search", STORIES),
    "bold": Sample(
        "story",
        "Write one user story for logging in",
        "**As a** member **I want** to log in with my PIN **so that** nobody else can approve my changes.\n\n"
        "**Given** a locked panel\n**When** I type the right PIN\n**Then** the panel opens",
    ),
    "steps": Sample("workflow", "The workflow of a change", STEPS),
    "headed": Sample(
        "workflow",
        "How do we check a new discovery?",
        "## Step 1: Submit\nThe explorer sends the find.\n\n## Step 2: Check\nA moderator compares it with the map. If "
        "it is there already, it is linked.\n\n## Step 3: Publish\nThe Cartographer adds it.",
    ),
    "yaml": Sample("workflow", "A nightly backup as YAML", FLOW),
    "drawn": Sample(
        "workflow",
        "The flow of a report as a diagram",
        "```mermaid\nflowchart TD\n  A[Report] --> B{Spam?}\n  B -->|yes| C[Delete]\n  B -->|no| D[Publish]\n```",
    ),
}

BROKEN: tuple[Break, ...] = (
    ("openapi", "  version: 1.0.0\n", "", "info lacks version"),
    ("openapi", "openapi: 3.1.0", "openapi: latest", "latest is no version"),
    ("openapi", "    get:", "    fetch:", "no operation"),
    ("openapi", "  /systems/{id}:", "  systems/{id}:", "does not begin with /"),
    ("openapi", "schemas/System'", "schemas/Star'", "refers to what is not there: #/components/schemas/Star"),
    (
        "openapi",
        "          description: No such system",
        "          summary: none",
        "the response 404 has no description",
    ),
    ("openapi", "'404'", "'missing'", "missing is no status"),
    ("openapi", "name: id\n", "name: number\n", "does not describe id"),
    ("openapi", "in: path", "in: url", "a parameter without a name or a place"),
    ("openapi", "  title: Star map", " title: Star map", "can't be read: line"),
    ("openapi", "", OPENAPI.split("paths:")[0], "no paths"),
    ("openapi", "", "The API has one endpoint, which returns a system.", "no OpenAPI description"),
    ("openapi", "{type: integer}", "{type: int}", "int is no type of a schema"),
    ("openapi json", '{"description": "All moons"}', "{}", "no description"),
    (
        "openapi json",
        '"responses": {"200": {"description": "All moons"}}',
        '"summary": "moons"',
        "get /moons has no response",
    ),
    ("docs", "GET /systems/{id}", "Reading a system", "no endpoint"),
    (
        "docs",
        "Response: `200` with the system, `404` where there is none.",
        "It is quick.",
        "says nothing about responses",
    ),
    ("docs", "```bash\ncurl http://localhost:8080/systems/4\n```", "That is all.", "no example"),
    ("stories", "", "The search should be fast and the map nice to look at.", "no story says who"),
    ("stories", "", STORIES.split("### 2")[0], "one story where several"),
    (
        "stories",
        "",
        STORIES.split("\n- Given")[0] + STORIES.split("### 2. Mark a find\n")[1].split("- Given")[0],
        "criteria lack Given",
    ),
    ("stories", "", STORIES.replace("I want to", "there is a way to"), "does not say what is wanted"),
    ("stories", "", STORIES.replace("so that", "and"), "does not say what for"),
    ("stories", "", STORIES.replace("hen ", "o "), "criteria lack When, Then"),
    ("bold", "**so that** nobody else can approve my changes", "now", "what for"),
    ("steps", "", "Describe the change, look at the tests and merge it.", "no numbered steps where 3"),
    ("steps", "3. The reviewer", "5. The reviewer", "after step 2 comes step 5"),
    ("steps", "Haven plans it and shows the price.", "", "step 2 says nothing to do"),
    ("steps", "Haven plans it and shows the price.", "The author describes the change on the kiosk.", "the same step"),
    ("steps", "", "1. Copy files\n2. Move files\n3. Print files", "no decision"),
    ("yaml", "  - name: copy", " - - name copy: [", "no valid YAML"),
    ("yaml", "", "```yaml\nname: Backup\nsteps: []\n```", "no steps"),
    ("drawn", "B{Spam?}", "B{Spam(?)}", "line 2 of the diagram"),
)

test_what_is_good_passes, test_one_thing_broken_is_named = judging(GOOD, BROKEN)


def test_one_story_without_its_purpose_costs_points() -> None:
    whole, broken = GOOD["stories"], GOOD["stories"].broken(" so that others can visit it", "")
    points, reasons = broken.scored
    assert points < whole.scored[0] and any("what for" in one for one in reasons), reasons
