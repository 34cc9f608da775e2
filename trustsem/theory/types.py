"""Types of the theory: sources, constructs, paths, levers and hypotheses, each with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from trustsem.errors import TrustSemError


class TheoryError(TrustSemError):
    """A data file of the theory is malformed or refers to something that is not there."""

    default_code = "theory"


class Basis(Enum):
    """How far a source supports an entry; from strongest to weakest."""

    STATED = "stated"  # the source says so
    CITED = "cited"  # the source cites another author who says so
    READING = "reading"  # our reading of a passage: an expectation, no claim of the source
    OURS = "ours"  # our own addition; never reported as a source's


STRENGTH: tuple[Basis, ...] = (Basis.STATED, Basis.CITED, Basis.READING, Basis.OURS)


@dataclass(frozen=True, slots=True)
class Text:
    """A short text in English and Chinese."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Source:
    """A text that the theory is taken from."""

    key: str
    title: str
    kind: str
    authors: str | None = None
    year: int | None = None
    published: str | None = None
    doi: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Construct:
    """Something that the theory names: a factor, process, trust, outcome, condition, covariate or group.

    `short` is the prefix of item names and path labels; only constructs with items have one. Poles belong to the
    constructs proper; plain concepts that a hypothesis merely names have none.
    """

    id: str
    kind: str
    level: str
    name: Text
    source: str
    basis: Basis
    short: str | None = None
    positive: Text | None = None
    negative: Text | None = None
    definition: str | None = None
    section: str | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """An arrow that a model can be built from; `sign` is None where nothing is expected."""

    predictor: str
    outcome: str
    group: str
    sign: int | None
    basis: Basis
    source: str
    section: str | None
    hypotheses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrow:
    """One directional claim of a hypothesis; sign +1, -1 or 0 (no effect)."""

    predictor: str
    outcome: str
    sign: int
    basis: Basis
    is_contested: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """A claim that `quantity` is larger for one group, construct or path than for another."""

    quantity: str
    larger: str
    smaller: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class Moderator:
    """Something that strengthens or weakens an effect, or lets it differ between groups."""

    construct: str
    direction: str  # "strengthens", "weakens" or "differs"
    basis: Basis


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A directional hypothesis of a source.

    `moderated` names the arrows (predictor, outcome) that the moderators bear on; empty means all. `is_norm` marks a
    demand of the text, from which no expected sign is taken.
    """

    id: str
    text: str
    source: str
    basis: Basis
    section: str | None = None
    arrows: tuple[Arrow, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    moderators: tuple[Moderator, ...] = ()
    moderated: tuple[tuple[str, str], ...] = ()
    respondent_role: str | None = None
    contested: str | None = None
    remark: str | None = None
    is_norm: bool = False


@dataclass(frozen=True, slots=True)
class LeverEffect:
    """What a lever moves; `is_stated` where the source says so, otherwise the mapping is ours."""

    construct: str
    sign: int
    is_stated: bool


@dataclass(frozen=True, slots=True)
class Lever:
    """Something that an actor can do."""

    id: str
    actor: Text
    lever: str
    acts_on: tuple[LeverEffect, ...]
    sources: tuple[str, ...]

    def effect_on(self, construct: str) -> LeverEffect:
        """Return what the lever does to a construct that it acts on."""
        return next(effect for effect in self.acts_on if effect.construct == construct)


@dataclass(frozen=True, slots=True)
class ExpectedSign:
    """The sign that the theory expects of one arrow, and on what ground.

    Signs from stated or cited claims can be confirmed or contradicted; one that rests on a reading alone is an
    expectation only and must be reported as such.
    """

    predictor: str
    outcome: str
    sign: int
    basis: Basis
    source: str
    hypotheses: tuple[str, ...] = ()
    is_contested: bool = False

    @property
    def is_expectation_only(self) -> bool:
        """Tell whether the sign rests on our reading only, not on a claim of a source."""
        return self.basis is Basis.READING
