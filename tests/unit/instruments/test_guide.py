"""The example of docs/codebooks.md is a codebook that loads."""

from __future__ import annotations

import re
from pathlib import Path

from trustsem.instruments import list_codebooks, load_codebook

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "codebooks.md"


def test_the_example_loads(tmp_path):
    example = re.search(r"```toml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S)
    assert example is not None
    path = tmp_path / "example.toml"
    path.write_text(example[1], encoding="utf-8")
    book = load_codebook(path)
    assert book.item("ipt2").score(1.0) == 5.0
    assert book.item("ipt2").construct == "interpersonal_trust"


def test_every_bundled_codebook_is_listed():
    text = GUIDE.read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in list_codebooks())
