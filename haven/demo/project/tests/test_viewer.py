"""The map viewer's page."""

from html.parser import HTMLParser

import pytest

from atlas import viewer
from atlas.__main__ import main
from atlas.systems import Atlas
from tests.conftest import DATA, make


class Tags(HTMLParser):
    """Collects the tags of a page, and what stays open."""

    VOID = {"meta", "circle"}

    def __init__(self, html):
        super().__init__()
        self.seen = []
        self.open = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def named(self, tag):
        return [attributes for name, attributes in self.seen if name == tag]


def test_every_tag_is_closed(charted):
    assert Tags(viewer.page(charted)).open == []


def test_the_page_needs_nothing_from_elsewhere(charted):
    page = viewer.page(charted)
    assert "http" not in page
    assert 'src="' not in page


def test_the_toolbar_has_its_buttons(small):
    ids = [entry["id"] for entry in Tags(viewer.page(small)).named("button")]
    assert ids[:4] == ["zoom-in", "zoom-out", "reset", "names"]


def test_button_ids_are_unique():
    ids = [entry.id for entry in viewer.TOOLBAR]
    assert len(set(ids)) == len(ids)


def test_a_button_is_escaped():
    html = viewer.button(viewer.Button("a", "<b>", 'say("x")'))
    assert "&lt;b&gt;" in html
    assert "&quot;x&quot;" in html


def test_every_system_is_on_the_map(charted):
    assert len(Tags(viewer.page(charted)).named("circle")) == len(charted)


def test_names_are_escaped():
    page = viewer.page(Atlas((make("<script>alert(1)</script>"),)))
    assert "<script>alert" not in page


def test_the_title_is_escaped(small):
    assert "<title>&lt;Ours&gt;</title>" in viewer.page(small, "<Ours>")


def test_the_tooltip_tells_region_and_planets(small):
    assert "<title>Home, Middle, 2 planets</title>" in viewer.marker(small.named("Home"))


@pytest.mark.parametrize("star", ["yellow", "red", "blue", "green", "purple"])
def test_the_legend_names_the_stars_on_the_map(small, star):
    assert f"</span> {star}</li>" in viewer.legend(small)


def test_the_legend_leaves_out_what_is_not_there():
    assert "red" not in viewer.legend(Atlas((make("Solo", star="blue"),)))


def test_the_page_is_light_unless_asked_otherwise():
    assert "body { background: #ffffff; color: #1b1e2b;" in viewer.STYLE


def test_the_page_counts_the_systems(small):
    assert "5 systems charted" in viewer.page(small)


def test_the_command_writes_the_page(tmp_path):
    target = tmp_path / "map.html"
    assert main([str(DATA), str(target)]) == 0
    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_the_command_explains_itself(capsys):
    assert main([]) == 2
    assert "python -m atlas" in capsys.readouterr().err
