"""The theory as data: sources, constructs, paths, levers and hypotheses, each with its source and basis."""

from __future__ import annotations

from trustsem.theory.theory import Theory, load_theory
from trustsem.theory.types import (
    Arrow,
    Basis,
    Comparison,
    Construct,
    ExpectedSign,
    Hypothesis,
    Lever,
    LeverEffect,
    Moderator,
    Path,
    Source,
    Text,
    TheoryError,
)

__all__ = [
    "Arrow",
    "Basis",
    "Comparison",
    "Construct",
    "ExpectedSign",
    "Hypothesis",
    "Lever",
    "LeverEffect",
    "Moderator",
    "Path",
    "Source",
    "Text",
    "Theory",
    "TheoryError",
    "load_theory",
]
