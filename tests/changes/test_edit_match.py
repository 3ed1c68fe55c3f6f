"""The ladder of forgiving matches: each rung finds only what it should, and says so."""

from __future__ import annotations

import pytest

from haven.changes.edits.match import substitute
from haven.errors import EditError

FUNCTION = "def one(a):\n    x = a\n    y = x\n    return y\n\n\ndef two():\n    return 2\n"


@pytest.mark.parametrize(
    ("text", "old", "new", "expected", "note"),
    [
        ("a\n\tx\n\t\ty\n", "  x\n    y\n", "  X\n    y\n    z\n", "a\n\tX\n\t\ty\n\t\tz\n", "indentation"),
        ("a\n    x\n        y\n", "\tx\n\t\ty\n", "\tx\n\tz\n", "a\n    x\n    z\n", "indentation"),
        ("\tx\n\ndef f():\n", "    x\n\ndef f():\n", "    y\n\ndef f():\n", "\ty\n\ndef f():\n", "indentation"),
        ("    x\nf()\n", "\tx\nf()\n", "\tx\n\ty\nf()\n", "    x\n    y\nf()\n", "indentation"),
        ("\tx\nf()\n", "    x\nf()\n", "\ty\nf()\n", "\ty\nf()\n", "indentation"),
        ("a\n    x\n    y\n", "x\ny\n", "    z\n", "a\n    z\n", "indentation"),
        ("    x\n", "x\n", "z\n", "    z\n", ""),
        ("    x\n    y\n", "x\n    y", "z\n    y\n    w", "    z\n    y\n    w\n", ""),
        ("  f( a,b )  {\n}\n", "f(a, b) {", "g(a) {", "  g(a) {\n}\n", "spacing"),
        ("  say(“hi”)\n", "say(\"hi\")\nif\n", "x", None, "not found"),
        ("  say(“hi”)\n", "say( \"hi\" )\n", "shout()\n", "  shout()\n", "spacing"),
        ("    a\n    b\n", "\n  a\n", "\n  A\n", "    A\n    b\n", "blank lines at the ends ignored, indentation"),
        ("a\nb\n", "a\n\n", "A\n\n", "A\nb\n", "blank lines"),
        (FUNCTION, "def one(a):\n    ...\n    return y\n", "def one(a: int):\n    ...\n    return -y\n",
         FUNCTION.replace("(a)", "(a: int)").replace("return y", "return -y"), "lines left out"),
        (FUNCTION, "def one(a):\n    # ... existing code ...\n    return y\n", "def one(b):\n    # ...\n    return y\n",
         FUNCTION.replace("(a)", "(b)"), "lines left out"),
        ("a\rb\rc\r", "b\n", "x\ny\n", "a\rx\ry\rc\r", ""),
        ("a\r\n\r\n  b", "1 | a\n2 |\n3 |   b\n", "a\n\n  c\n", "a\r\n\r\n  c", "line numbers"),
        ("a\nb\nc\n", "     2\tb\n     3\tc", "     2\tb\n     3\tx\n     4\ty", "a\nb\nx\ny\n", "line numbers"),
        ("a\nb\n", "2→b", "c", "a\nc\n", "line numbers"),
        ("1 | a\n2 | b\n", "2 | b", "2 | c", "1 | a\n2 | c\n", ""),
        ("price $1\n", "$1", r"\1 $& \g<0>", "price \\1 $& \\g<0>\n", ""),
    ],
    ids=["to-tabs", "to-blanks", "to-tabs-beside-none", "to-blanks-beside-none", "tabs-as-the-file",
         "as-the-file", "one-line", "first-line", "spacing", "too-long", "both", "blank-above", "blank-below",
         "dots", "comment-dots", "old-mac", "numbered", "numbered-both", "numbered-arrow", "numbers-of-the-file",
         "literal"],
)  # fmt: skip
def test_what_is_found_and_how(text: str, old: str, new: str, expected: str | None, note: str) -> None:
    if expected is None:
        with pytest.raises(EditError, match=note):
            substitute(text, old, new)
        return
    done = substitute(text, old, new)
    assert done.text == expected
    assert note in done.note and bool(note) == bool(done.note)


@pytest.mark.parametrize(
    ("text", "old", "new", "words"),
    [
        ("f(a,b)\nf( a, b )\n", "f(a, b)", "g", "more than one place (lines 1, 2)"),
        ("ab = 1\n", "a b = 1\n", "x\n", "not found"),
        ("This is a text.\n", "This is a text\n", "Other.\n", "not found"),
        ("  a\n    b\n", "a\nb\n", "c\nd\n", "not found"),
        ("if x:\n    go()\n}", "if x:\n    stop()\n}", "x", "not found"),
        ("say“x”\nsay„x“\n", 'say"x"', "y", "more than one place"),
        ("y = return x2\n", "\nreturn x", "\nreturn z", "not found"),
        (FUNCTION, "def one(a):\n...\n    return 2\n...\n    return y\n", "x\n...\n    return 3\n...\ny\n", "not"),
        ("    x\n", "x\n", "if y:\n    x\n", "from its very beginning"),
        ("    x\n\ny\n", "x\n\n", "z\nx\n\n", "from its very beginning"),
        ("    x\ny\n", "x", "if y:\n    x", "from its very beginning"),
        ("    x\n", "  x\n", "    z\n", "from its very beginning"),
        (FUNCTION, "def one(a):\n    ...\n", "def one(b):\n    ...\n    pass\n    ...\n", "not found"),
        ("a\nz\na\n", "a\n...\nz\n", "b\n...\nz\n", "more than one place (lines 1, 3)"),
        ("a\nb\n", "\na\n", "a\n", "the same text"),
        ("a\nimport b\n", "a\n", "a\nimport b\n", "stands there already (line 1)"),
        ("\tx\n  y\n", "x\ny\n", "z\n", "not found"),
        ("\tx\nf()\n", "    x\nf()\n", "\tx\n    y\nf()\n", "not found"),
        ("a\nb\n", "7 | b\n", "c\n", "not those of the file"),
        ("a\nb\nb\n", "2 | b\n", "c\n", "more than one place"),
        ("a\nb\n", "1 | a\n3 | b\n", "c\n", "not found"),
        ("a\nb\n", "1 | a\n2 | b\n", "1 | a\nc\n", "not found"),
        ("a\nb\n", "1\tapple\n2\tbanana\n", "1\tapple\n", "not found"),
    ],
)  # fmt: skip
def test_what_is_not_found_or_not_sure(text: str, old: str, new: str, words: str) -> None:
    with pytest.raises(EditError) as error:
        substitute(text, old, new)
    assert words in str(error.value)
