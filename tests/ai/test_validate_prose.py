"""Answers, summaries, titles and lore: what is sound passes, what would annoy a reader falls below the mark."""

from __future__ import annotations

from tests.ai.samples import Break, Good, Sample, judging

LOG = (
    "Expedition log, 14 March 3127. Captain Ilse Varn and the crew of the Amber Gull reached Ossa Prime after 41 hours."
    " The planet is scorched by day and frozen by night. Sentinels were low near the northern pillar. We found 3 "
    "ancient ruins and one crashed freighter. Varn marked the ruins for the archive, and the Amber Gull left for "
    "Kessel Reach with a damaged drive. The ruins hold carvings of the old Vesh tongue; the archive asked for drawings."
)
CHANGE = (
    "The map viewer draws every system again when the window changes its size. With 14,524 systems this takes about "
    "two seconds on the Pi. The change keeps the drawn systems in a buffer and only draws those that came into view. "
    "A setting named buffer_mb limits the memory of the buffer; its default is 64 megabytes. The tests for the map "
    "viewer cover the buffer, the setting and a window that becomes smaller. The viewer stays the same for the reader."
)
LETTER = (
    "Liebe Gemeinschaft, am Samstag treffen wir uns um 19 Uhr am Nordportal von Ossa Prime. Bitte bringt Treibstoff "
    "und zwei Schutzschilde mit. Wir fliegen gemeinsam nach Kessel Reach und vermessen dort die Ruinen für das Archiv. "
    "Wer keinen Schild hat, meldet sich vorher bei Mira. Die Reise dauert ungefähr vier Stunden, danach wird gefeiert."
)

GOOD: Good = {
    "definition": Sample(
        "answer",
        "What is a git branch?",
        "A git branch is a movable name for a line of commits. Work on it stays apart until it is merged.",
    ),
    "yes": Sample("answer", "Is Ossa Prime hot during the day?", "Yes, it is scorched.", LOG),
    "one word": Sample("answer", "Who was the captain?", "Ilse Varn.", LOG),
    "from material": Sample(
        "answer",
        "What did the crew find on Ossa Prime?",
        "They found 3 ancient ruins and one crashed freighter near the northern pillar.",
        LOG,
    ),
    "not recorded": Sample(
        "answer", "What was the weight of the ship?", "The log does not say how heavy the Amber Gull was.", LOG
    ),
    "german": Sample(
        "answer",
        "Wie komme ich auf der Karte zu meinem System und was ist dafür zu tun?",
        "Öffne die Karte und tippe den Namen in das Suchfeld. Das System wird dann in der Mitte angezeigt.",
    ),
    "translation": Sample(
        "answer",
        "Translate to German: the ship is late and it is in the harbour",
        "Das Schiff ist verspätet und es ist im Hafen.",
    ),
    "rounded": Sample(
        "answer",
        "Why is the viewer slow?",
        "It draws all of the nearly 15,000 systems again whenever the size of the window changes.",
        CHANGE,
    ),
    "steps": Sample(
        "answer",
        "How do I back up the database?",
        "1. Open a shell on the Pi.\n2. Run the backup command.\n3. Copy the file to a disk.\n\nCheck that it opens.",
    ),
    "log": Sample(
        "summary",
        "Summarise the log.",
        "Ilse Varn's crew reached Ossa Prime, found ruins with Vesh carvings and a crashed freighter, marked the ruins "
        "for the archive and left on the Amber Gull with a damaged drive.",
        LOG,
    ),
    "change": Sample(
        "summary",
        "Summarise what the change does, in two sentences.",
        "The map viewer no longer draws all 14,524 systems on every change of the window; it keeps drawn systems in a "
        "buffer and draws only what comes into view. The setting buffer_mb limits that buffer, 64 megabytes at first.",
        CHANGE,
    ),
    "letter": Sample(
        "summary",
        "Fasse den Brief zusammen.",
        "Am Samstag um 19 Uhr fliegt die Gemeinschaft vom Nordportal nach Kessel Reach, um die Ruinen zu vermessen; "
        "Treibstoff und Schilde sind mitzubringen.",
        LETTER,
    ),
    "inline": Sample(
        "summary",
        "Summarise: " + CHANGE,
        "Drawn systems are kept in a buffer limited by buffer_mb, so that the map viewer draws only systems in view.",
    ),
    "prepared": Sample(
        "prepare",
        "Keep what matters for: what was found?",
        "Ossa Prime: 3 ancient ruins with Vesh carvings, one crashed freighter, low Sentinels near the pillar.",
        LOG,
    ),
    "dark": Sample(
        "title", "Please add a dark mode button to the star map viewer", "Add a dark mode button to the star map"
    ),
    "log title": Sample("title", "A title for this log entry", "Ruins and Carvings of Ossa Prime", LOG),
    "titel": Sample("title", "Ein Titel für diesen Brief", "Gemeinsame Reise zu den Ruinen von Kessel Reach", LETTER),
    "structured": Sample(
        "title",
        "Let the export of the map include moons",
        '{"title": "Include moons in the map export"}',
        schema={"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]},
    ),
    "moon": Sample(
        "lore",
        "Write a short lore text about the moon Ketter",
        "Ketter hangs low over the salt plains and never turns its face away. The first miners swore that it listened. "
        "They drilled for nine winters, and each winter the moon gave back one voice that nobody aboard had lost. When "
        "the drills fell silent, the voices kept on counting.",
    ),
    "sentence": Sample(
        "lore", "One sentence of lore for the station Drift", "Drift was built around a clock that had already stopped."
    ),
    "tale": Sample(
        "story",
        "Tell a short story about a gentle Sentinel",
        "The small Sentinel had been told to guard the meadow. Nobody ever came, so it learnt the names of the grasses."
        " When a lost child walked in at dusk, it dimmed its red eye, and led her home by the names that it knew.",
    ),
}

BROKEN: tuple[Break, ...] = (
    ("definition", "", "What is a git branch?", "says the question again"),
    ("definition", "", "What is a git branch? What is a git branch?", "says the question again"),
    ("definition", "", "Branch.", "too short"),
    ("definition", "", "I'm sorry, but I can't help with that request.", "refuses or apologises"),
    ("definition", "", "As an AI language model, I have no opinion about branches in git.", "refuses"),
    ("definition", "", "I don't know what a branch of git would be.", "does not know"),
    ("definition", "merged.", "merged.<|im_end|>", "prompt markup"),
    (
        "definition",
        "",
        "Ein Branch ist ein Name für eine Reihe von Commits und wird später mit dem Rest vereint.",
        "German",
    ),
    ("german", "", "Open the map and type the name of the system into the field for the search.", "written in English"),
    ("from material", "3 ancient", "17 ancient", "numbers that stand nowhere in the material: 17"),
    ("from material", "the northern pillar", "the great temple of Zorblax and of Quill", "names that stand nowhere"),
    (
        "from material",
        "",
        "Minecraft servers usually need regular backups, several plugins and moderators who understand permissions.",
        "little of it stands in the material",
    ),
    ("steps", "Check that it opens.", "Run the backup command and copy the file over. " * 4, "repeats itself"),
    ("log", "damaged drive", "damaged drive on 22 April 3199", "numbers that stand nowhere in the material: 22, 3199"),
    ("log", "", LOG, "not shorter than the text"),
    ("log", "", LOG[:190], "a copy of the text's beginning"),
    (
        "log",
        "",
        "Somebody went to a place, saw various things there, and afterwards returned to where they came from.",
        "misses",
    ),
    ("log", "for the archive", "for Professor Halden and Doctor Mire", "names that stand nowhere in the material"),
    ("change", "", "A change.", "too short to be a summary"),
    ("change", "64 megabytes", "512 megabytes", "512"),
    (
        "letter",
        "",
        "The community meets at the portal on Saturday and flies to the ruins for the archive.",
        "written in English",
    ),
    ("inline", "limited by buffer_mb", "of 900 entries", "900"),
    ("prepared", "", "The weather in Hamburg is often rainy, and umbrellas sell particularly well there.", "material"),
    ("dark", "", "Untitled", "says nothing"),
    ("dark", "", "Title: Add a dark mode button", "talks about the title"),
    ("dark", "", "Sure! Here is a title for your request about a dark mode", "talks about the title"),
    ("dark", "", "Add a dark mode button\nto the star map\nand a test", "more than one line"),
    ("dark", "", "Improve several unrelated matters", "none of its words"),
    (
        "log title",
        "",
        "Ruins and carvings of Ossa Prime which the crew of the Amber Gull marked for the archive in March",
        "too many",
    ),
    ("structured", "Include moons in the map export", "Untitled", "says nothing"),
    ("moon", "Ketter hangs", "Sure! Here is a lore text: Ketter hangs", "talks about the text"),
    ("moon", "counting.", "counting. Let me know if you would like changes!", "talks about the text"),
    ("moon", "", "Ketter is a moon.", "too few"),
    ("moon", "Ketter", "Borrum", "does not speak of Ketter"),
    ("sentence", "", "A stopped clock.", "too few"),
    ("tale", "", "I cannot create a tale, I am only an AI.", "refuses"),
)

test_what_is_good_passes, test_one_thing_broken_is_named = judging(GOOD, BROKEN)
