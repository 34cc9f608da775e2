"""What a questionnaire is: items, the constructs they measure, answer scales, reversed keys and missing codes."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise
from pathlib import Path

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_BLANKS = re.compile(r"\s+")


class CovariateKind(Enum):
    """What a variable beside the items is."""

    NUMERIC = "numeric"
    ORDINAL = "ordinal"
    NOMINAL = "nominal"
    IDENTIFIER = "identifier"
    WEIGHT = "weight"


class Accept(Enum):
    """Which forms of an answer a scale takes."""

    BOTH = "both"
    LABELS = "labels"  # numbers are refused: they do not mean the same in every file of the survey


@dataclass(frozen=True, slots=True)
class LocalText:
    """One text in English, Chinese or both."""

    en: str | None = None
    zh: str | None = None

    def text(self, language: str = "en") -> str:
        """Return the text in `language` ("en" or "zh"), or in the other one where that is absent."""
        first, second = (self.zh, self.en) if language == "zh" else (self.en, self.zh)
        return first or second or ""


@dataclass(frozen=True, slots=True)
class Scale:
    """An answer scale.

    Args:
        name: Identifier in the codebook.
        points: Numbers of the answers, in the order of the labels.
        labels_en: English label of each point; empty when the scale has none.
        labels_zh: Chinese label of each point; empty when the scale has none.
        accept: Whether numbers are taken as well as labels.
    """

    name: str
    points: tuple[float, ...]
    labels_en: tuple[str, ...] = ()
    labels_zh: tuple[str, ...] = ()
    accept: Accept = Accept.BOTH

    @property
    def minimum(self) -> float:
        """Return the lowest point."""
        return min(self.points)

    @property
    def maximum(self) -> float:
        """Return the highest point."""
        return max(self.points)

    def reflect(self, point: float) -> float:
        """Return the score of a reversed item: minimum + maximum - point, which keeps the distances."""
        return self.minimum + self.maximum - point

    def label(self, point: float, language: str = "en") -> str | None:
        """Return the label of an unreversed point; None when the scale has no labels."""
        first, second = (self.labels_zh, self.labels_en) if language == "zh" else (self.labels_en, self.labels_zh)
        labels = first or second
        return labels[self.points.index(point)] if labels and point in self.points else None

    def allowed(self) -> str:
        """Return the allowed numbers as a reader would write them, e.g. "1..5"."""
        points = sorted(self.points)
        steps = {b - a for a, b in pairwise(points)}
        if len(points) > 2 and steps == {1.0}:
            return f"{points[0]:g}..{points[-1]:g}"
        return ", ".join(f"{point:g}" for point in points)


@dataclass(frozen=True, slots=True)
class MissingCode:
    """A code or a family of codes that stands for a missing answer.

    Args:
        code: The code in canonical form (see `canonical_cell`); None when `pattern` is given. "" is an empty cell.
        pattern: Wildcard over texts (never numbers), `*` any text and `?` one character, case and blanks ignored.
        reason: Identifier of the kind of missing, e.g. "dont_know"; several codes may share one.
        label: What the reason means.
        only: Names of the items and covariates it holds for; empty means all.
    """

    code: str | None
    pattern: str | None
    reason: str
    label: LocalText
    only: tuple[str, ...] = ()

    def applies_to(self, variable: str) -> bool:
        """Return whether the code holds for this item or covariate."""
        return not self.only or variable in self.only

    def regex(self) -> re.Pattern[str]:
        """Return the pattern compiled for texts in canonical form."""
        parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in fold(self.pattern or ""))
        return re.compile("".join(parts))


@dataclass(frozen=True, slots=True)
class MissingIndex:
    """The missing codes of one variable, ready for look-up.

    Args:
        exact: Code in canonical form -> its meaning.
        patterns: Compiled patterns in the order of the codebook.
    """

    exact: Mapping[str, MissingCode]
    patterns: tuple[tuple[re.Pattern[str], MissingCode], ...]

    def find(self, cell: str) -> MissingCode | None:
        """Return what a canonical cell stands for; exact codes go first, and a number never matches a pattern."""
        if cell in self.exact or not cell or _NUMBER.fullmatch(cell):
            return self.exact.get(cell)
        return next((code for regex, code in self.patterns if regex.fullmatch(cell)), None)


@dataclass(frozen=True, slots=True)
class Item:
    """One question that measures a construct.

    Args:
        name: Name in models and results.
        construct: Identifier of the construct, from the theory or from the codebook's own constructs.
        scale: Its answer scale.
        reverse: Whether the question is asked from the construct's negative pole.
        wording: The question.
        column: Name of the column in the file.
        facet: Facet of the construct.
        source: Where the idea of the question comes from.
        basis: How the source supports it: stated, cited, reading or ours.
    """

    name: str
    construct: str
    scale: Scale
    reverse: bool
    wording: LocalText
    column: str
    facet: str | None = None
    source: str | None = None
    basis: str | None = None

    def score(self, point: float) -> float:
        """Return the scored value of an answer: higher is nearer to the construct's positive pole."""
        return self.scale.reflect(point) if self.reverse else point

    def answer(self, score: float) -> float:
        """Return the answer behind a scored value, in the direction in which the question was asked."""
        return self.scale.reflect(score) if self.reverse else score


@dataclass(frozen=True, slots=True)
class Category:
    """One value of a nominal covariate."""

    value: str
    label: LocalText


@dataclass(frozen=True, slots=True)
class Covariate:
    """A variable beside the items: age, setting, a weight, a cluster."""

    name: str
    kind: CovariateKind
    label: LocalText
    column: str
    scale: Scale | None = None  # for ordinal ones
    categories: tuple[Category, ...] = ()  # for nominal ones; empty means any text
    minimum: float | None = None
    maximum: float | None = None
    unit: str | None = None
    source: str | None = None
    basis: str | None = None


@dataclass(frozen=True, slots=True)
class OwnConstruct:
    """A construct that the codebook brings itself because the theory does not have it."""

    id: str
    name: LocalText
    definition: LocalText


@dataclass(frozen=True, slots=True)
class Codebook:
    """A questionnaire: what its columns mean and how answers become scores.

    Example:
        >>> from trustsem.instruments import load_codebook
        >>> codebook = load_codebook("hints7")
        >>> codebook.item("ExplainedClearly").score(1.0)  # 1 is "Always"; scored so that higher is better
        4.0
    """

    id: str
    title: LocalText
    version: str
    source: str
    licence: str
    respondent_role: str
    description: LocalText
    missing: tuple[MissingCode, ...]
    scales: tuple[Scale, ...]
    items: tuple[Item, ...]
    covariates: tuple[Covariate, ...]
    constructs: tuple[OwnConstruct, ...] = ()
    notes: LocalText = field(default_factory=LocalText)
    path: Path | None = None

    @property
    def item_names(self) -> tuple[str, ...]:
        """Return the items' names in order."""
        return tuple(item.name for item in self.items)

    @property
    def construct_names(self) -> tuple[str, ...]:
        """Return the measured constructs in order of their first item."""
        return tuple(dict.fromkeys(item.construct for item in self.items))

    def item(self, name: str) -> Item:
        """Return the item of this name; KeyError when there is none."""
        return {item.name: item for item in self.items}[name]

    def items_of(self, construct: str) -> tuple[Item, ...]:
        """Return the items that measure a construct."""
        return tuple(item for item in self.items if item.construct == construct)

    def covariate(self, name: str) -> Covariate:
        """Return the covariate of this name; KeyError when there is none."""
        return {covariate.name: covariate for covariate in self.covariates}[name]

    def missing_index(self, variable: str) -> MissingIndex:
        """Return the missing codes that hold for an item or covariate; its own go before those for all."""
        applying = sorted((code for code in self.missing if code.applies_to(variable)), key=lambda code: not code.only)
        return MissingIndex(
            exact={code.code: code for code in reversed(applying) if code.code is not None},
            patterns=tuple((code.regex(), code) for code in applying if code.pattern is not None),
        )


def fold(text: str) -> str:
    """Return a text without differences of case, width and blanks, the form in which labels are compared."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", text)).strip().casefold()


def canonical_cell(cell: object) -> str:
    """Return the form in which cells and codes are compared: 1, 1.0, "1" and "1.0" are all "1"; empty is "".

    Example:
        >>> canonical_cell(-9.0), canonical_cell(" Very  Good "), canonical_cell(float("nan"))
        ('-9', 'very good', '')
    """
    if cell is None:
        return ""
    if isinstance(cell, str):
        folded = fold(cell)
        return number_text(float(folded)) if _NUMBER.fullmatch(folded) else folded
    try:
        number = float(cell)  # type: ignore[arg-type]  # numbers of every library; anything else falls through
    except (TypeError, ValueError):
        return fold(str(cell))
    return "" if math.isnan(number) else number_text(number)


def number_text(number: float) -> str:
    """Return a number without a needless ".0"."""
    return str(int(number)) if math.isfinite(number) and number == int(number) else repr(float(number))
