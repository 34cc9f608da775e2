"""What a study file says, after it was read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any


class Design(Enum):
    """How the answers came about: it decides what the report may say about causes."""

    CROSS_SECTIONAL = "cross-sectional"
    LONGITUDINAL = "longitudinal"
    RANDOMISED = "randomised"

    @property
    def allows_causes(self) -> bool:
        """Whether an effect of the randomised variable may be called one."""
        return self is Design.RANDOMISED


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model of a study.

    Args:
        name: What the report calls it.
        model: Name of a shipped model, or absolute path of a `.sem` file.
        options: Options of `trustsem.fit`.
    """

    name: str
    model: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EffectQuestion:
    """Effects to report: of `x` on `y`, through all or through named variables; empty: every mediated effect."""

    x: tuple[str, ...] = ()
    y: tuple[str, ...] = ()
    through: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InvarianceQuestion:
    """Do items work alike in the groups of a column? `levels` empty: all levels that the items have."""

    group: str
    levels: tuple[str, ...] = ()
    model: str | None = None


@dataclass(frozen=True, slots=True)
class ScenarioQuestion:
    """What would change if levers moved: constructs or named levers with amounts such as "+0.5sd" or "+5points"."""

    name: str
    levers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StudySpec:
    """A study: what is asked of which data.

    The first model is the main one: effects, scales, loop and scenarios are those of its fit; the others are compared
    with it.

    Args:
        title: Of the report.
        data: Absolute path of the data file.
        models: The main model first.
        codebook: Identifier or absolute path; None: the one that the main model names.
        language: "en" or "zh".
        design: How the answers came about.
        seed: Of everything that is drawn.
        draws: Bootstrap draws of effects; 0: intervals by the delta method.
        interval: Kind of bootstrap interval.
        effects: What to decompose.
        invariance: Groups to compare.
        scenarios: What-if questions.
        outcome: Construct that levers are ranked by; None: the last outcome of the model.
        smallest_group: Groups with fewer respondents are not shown.
        formats: Files to write.
        output: Absolute path of the folder they go to.
        path: The study file; None where a study was made in Python.
        text: Its content.
    """

    title: str
    data: Path
    models: tuple[ModelEntry, ...]
    codebook: str | None = None
    language: str = "en"
    design: Design = Design.CROSS_SECTIONAL
    seed: int = 1
    draws: int = 2000
    interval: str = "percentile"
    effects: tuple[EffectQuestion, ...] = (EffectQuestion(),)
    invariance: InvarianceQuestion | None = None
    scenarios: tuple[ScenarioQuestion, ...] = ()
    outcome: str | None = None
    smallest_group: int = 10
    formats: tuple[str, ...] = ("html",)
    output: Path = Path("report")
    path: Path | None = None
    text: str = ""
