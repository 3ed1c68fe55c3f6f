"""The two ways to write edits down: read as they are meant, or refused with words that help to mend them."""

from __future__ import annotations

import pytest

from haven.changes.edits import TEXT_FORMAT, Edit, EditKind, from_text, from_tool
from haven.errors import EditError


def test_the_tools_input_becomes_a_proposal() -> None:
    step = {"path": "a.py", "kind": "replace", "old": "x", "new": "y", "to": None}
    proposal = from_tool({"summary": " Rename x. ", "edits": [step]})
    assert proposal.summary == "Rename x." and proposal.edits == (Edit("a.py", "x", "y"),)


@pytest.mark.parametrize("data", [{}, [], None, "text", {"summary": "", "edits": []}, {"edits": [{"path": "a"}]}])
def test_a_malformed_tool_input_is_refused(data: object) -> None:
    with pytest.raises(EditError, match="propose_edits"):
        from_tool(data)


def test_the_text_format_reads_its_own_example() -> None:
    proposal = from_text(TEXT_FORMAT.replace("src/old.py ->", "src/other.py ->"))
    assert [(edit.kind.value, edit.path, edit.to) for edit in proposal.edits] == [
        ("replace", "src/example.py", None),
        ("delete", "src/old.py", None),
        ("move", "src/other.py", "src/new.py"),
    ]
    assert proposal.edits[0].old == 'def greet():\n    return "hello"\n'


REPLY = """\
I added a button.

It stands in the toolbar.

**`src/view.py`**:
```python
<<<<<<< SEARCH
one
=======
two
>>>>>>> REPLACE
```

and once more:

```python
<<<<<<< SEARCH
three
=======
>>>>>>> REPLACE
```

docs/new.md
<<<<<<<<< SEARCH
=========
# Title
=======
```sh
make
```
>>>>>>>>> REPLACE

src/button.py
```python
WIDTH = 8
```
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_blocks_new_files_and_the_summary_are_read(end: str) -> None:
    proposal = from_text(REPLY.replace("\n", end))
    assert proposal.summary == "I added a button.\n\nIt stands in the toolbar."
    assert proposal.edits == (
        Edit("src/view.py", "one\n", "two\n"),
        Edit("src/view.py", "three\n", ""),
        Edit("docs/new.md", None, "# Title\n=======\n```sh\nmake\n```\n", EditKind.CREATE),
        Edit("src/button.py", None, "WIDTH = 8\n", EditKind.CREATE),
    )


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("I can't do that.", "holds no edits"),
        ("", "holds no edits"),
        ("a.py\n<<<<<<< SEARCH\none\n=======\ntwo\n", "cut off"),
        ("a.py\n<<<<<<< SEARCH\none\n", "cut off"),
        ("a.py\n```python\nWIDTH = 8\n", "cut off"),
        ("a.py\n<<<<<<< SEARCH\none\n>>>>>>> REPLACE\n", "exactly one line of ======="),
        ("a.py\n<<<<<<< SEARCH\none\n=======\n=======\n>>>>>>> REPLACE\n", "markers of 9 signs"),
        ("a.py\n<<<<<<< SEARCH\none\n<<<<<<< SEARCH\n=======\n>>>>>>> REPLACE\n", "not closed"),
        ("Here is the change:\n<<<<<<< SEARCH\none\n=======\ntwo\n>>>>>>> REPLACE\n", "no path"),
        ("a.py\n  <<<<<<< SEARCH\n  one\n  =======\n  two\n  >>>>>>> REPLACE\n", "indented"),
        ("one\n=======\ntwo\n>>>>>>> REPLACE\n", "never opened"),
        ("a.md\n```\ntext\n```sh\nmake\n```\n```\n", "holds a code fence itself"),
        ("MOVE a.py\n", "MOVE path -> new path"),
    ],
)
def test_a_reply_that_can_not_be_read_says_why(reply: str, words: str) -> None:
    with pytest.raises(EditError) as error:
        from_text(reply)
    assert words in str(error.value)


@pytest.mark.parametrize("cut", range(1, 24))
def test_a_reply_cut_off_anywhere_in_a_block_is_refused(cut: int) -> None:
    reply = "a.py\n<<<<<<< SEARCH\none\n=======\ntwo\n>>>>>>> REPLACE"
    with pytest.raises(EditError):
        from_text(reply[:-cut])
