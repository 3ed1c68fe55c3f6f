"""Vectors of texts: the real model of the package, which starts with the first text."""

from __future__ import annotations

import asyncio
import os

import numpy as np

from haven.ai.judging.embed import SIZE, Embedder


async def test_the_same_question_in_other_words_is_nearer_than_another_question() -> None:
    asked, same, other = await Embedder().vectors(
        ["How far is Venture from Oculi?", "What is the distance between Venture and Oculi?", "Who wrote the song?"]
    )
    assert asked @ same > asked @ other


async def test_each_text_has_one_row_of_length_one() -> None:
    found = await Embedder().vectors(["one", "two", "three"], query=False)
    assert found.shape == (3, SIZE) and found.dtype == np.float32
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-3)
    assert (await Embedder().vectors([])).shape == (0, SIZE)


async def test_texts_that_the_library_can_not_take_still_have_a_vector() -> None:
    found = await Embedder().vectors(["", "a\0b", "half \ud800", "word " * 100_000])
    assert np.isfinite(found).all()


async def test_of_a_text_of_signs_only_so_much_counts_as_takes_a_moment() -> None:
    long, cut = await Embedder().vectors(["a." * 490, "a." * 200])
    assert np.allclose(long, cut, atol=1e-4)


async def test_people_who_ask_at_once_share_one_model() -> None:
    embedder = Embedder()
    texts = [f"question {number}" for number in range(6)]
    alone = await embedder.vectors(texts)
    together = await asyncio.gather(*(embedder.vectors([text]) for text in texts))
    assert np.allclose(np.vstack(together), alone, atol=1e-4)


async def test_child_processes_do_not_inherit_its_number_of_threads() -> None:
    before = os.environ.get("OMP_NUM_THREADS")
    assert Embedder().missing() == ""
    await Embedder().vectors(["a text"])
    assert os.environ.get("OMP_NUM_THREADS") == before
