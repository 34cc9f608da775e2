"""The commands in docs/command-line.md run as they are written, and its tables are complete."""

from __future__ import annotations

import io
import re
import shlex
import sys
from pathlib import Path

import pytest
import typer

import trustsem.errors
from trustsem.cli.app import app, main
from trustsem.errors import StudyError, TrustSemError

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```console\n(.*?)```", GUIDE, re.S) for line in block.splitlines()]


@pytest.mark.parametrize("line", LINES)
def test_each_command_of_the_guide_runs(line, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)  # some write files
    piped = re.fullmatch(r"echo '(.*)' \| (.*)", line)
    monkeypatch.setattr(sys, "stdin", io.StringIO(piped[1] if piped else ""))
    words = shlex.split(piped[2] if piped else line)
    assert words[0] == "trustsem"
    assert main(words[1:]) == 0
    assert capsys.readouterr().out


def test_the_guide_names_every_command():
    for name in typer.main.get_command(app).commands:  # type: ignore[attr-defined]
        assert f"`{name}" in GUIDE


def test_the_guide_names_every_exit_code():
    kinds = [kind for kind in vars(trustsem.errors).values() if isinstance(kind, type)]
    codes = {kind.exit_code for kind in kinds if issubclass(kind, TrustSemError) and kind is not StudyError}
    for code in codes | {0, 130}:
        assert f"\n| {code} |" in GUIDE
