"""The levels of measurement invariance: what each holds equal, what it allows to be said, what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from trustsem.errors import UsageError
from trustsem.spec.table import OrdinalItems
from trustsem.suggestions import suggest


class Kind(Enum):
    """MEASUREMENT: a rung, nested in the one before. STRUCTURE: a question of its own about the latent variables."""

    MEASUREMENT = "measurement"
    STRUCTURE = "structure"


@dataclass(frozen=True, slots=True)
class Level:
    """One level of the ladder.

    Args:
        name: As users write it.
        adds: What becomes equal, by the names of `group_equal`.
        equal: Everything that is equal at this level; of structural levels what they need and add.
        kind: Rung or structural question.
        says: What can be said where it holds.
        partly: What can be said where it holds with exceptions.
        through_lower: Means of higher-order factors replace those of the factors that they point at.
    """

    name: str
    adds: tuple[str, ...]
    equal: tuple[str, ...]
    kind: Kind
    says: str
    partly: str = ""
    through_lower: bool = False

    @property
    def needs(self) -> tuple[str, ...]:
        """What must be equal before this level is worth testing."""
        return tuple(name for name in self.equal if name not in self.adds)


_LOADINGS = ("loadings",)
_SCALAR = ("loadings", "intercepts")


def _rung(name: str, adds: tuple[str, ...], equal: tuple[str, ...], says: str, partly: str = "") -> Level:
    return Level(name, adds, equal, Kind.MEASUREMENT, says, partly)


def _question(name: str, adds: tuple[str, ...], needs: tuple[str, ...], says: str) -> Level:
    return Level(name, adds, (*needs, *adds), Kind.STRUCTURE, says)


# Rungs: Meredith (1993), Vandenberg & Lance (2000). Second-order models: Chen, Sousa & West (2005).
LEVELS: Mapping[str, Level] = {
    level.name: level
    for level in (
        _rung("configural", (), (), "the same items measure the same factors in all groups"),
        _rung(
            "thresholds",
            ("thresholds",),
            ("thresholds",),
            "the categories of the items cut their latent responses at the same places",
            "the equal thresholds give the latent responses one scale",
        ),
        _rung(
            "metric",
            _LOADINGS,
            _LOADINGS,
            "a point of a factor means the same: paths and covariances compare",
            "the equal items give the factors one unit: paths and covariances compare",
        ),
        _rung(
            "scalar",
            ("intercepts",),
            _SCALAR,
            "equal levels give equal answers: latent means compare, and expected mean scores",
            "the equal items give the factors one zero: latent means compare, mean scores of all items do not",
        ),
        _rung(
            "strict",
            ("residuals",),
            (*_SCALAR, "residuals"),
            "items are equally precise: sums and scores of persons compare",
            "the equal items are equally precise; sums with the other items do not compare",
        ),
        Level(
            "second_order",
            (),
            _SCALAR,
            Kind.STRUCTURE,
            "differences of the lower factors' means are those of the higher factors: means of these compare",
            through_lower=True,
        ),
        _question("variances", ("lv_variances",), _LOADINGS, "the groups are equally heterogeneous"),
        _question("covariances", ("lv_covariances",), _LOADINGS, "the factors covary equally"),
        _question("regressions", ("regressions",), _LOADINGS, "the paths are equal"),
        _question("means", ("means",), _SCALAR, "the latent means (intercepts of latent outcomes) are equal"),
    )
}
STRUCTURAL = "structural"  # stands for all levels of that kind
TESTABLE_LEVELS = 4  # categories from which equal thresholds restrict anything (Wu & Estabrook 2016, Propositions 1-3)

# Latent responses are no answers: what is said of answers takes equal residual variances too (Wu & Estabrook 2016).
_ORDINAL_SAYS = {
    "metric": (
        "a unit of a factor means the same for the latent responses: paths and covariances compare",
        "the equal items give the factors one unit: paths and covariances compare",
    ),
    "scalar": (
        "the factors have one zero: latent means compare, expected answers only with equal residuals",
        "the equal items give the factors one zero: latent means compare, mean scores do not",
    ),
    "strict": (
        "equal levels give equal answers: category probabilities, sums and scores of persons compare",
        "the equal items give equal answers; sums with the other items do not compare",
    ),
}


def read_levels(names: str | Iterable[str]) -> tuple[Level, ...]:
    """Return levels by name, in the order of the ladder; the configural one is always the first.

    Raises:
        UsageError: names of no level; all of them at once.

    Example:
        >>> [level.name for level in read_levels("scalar, metric")]
        ['configural', 'metric', 'scalar']
    """
    words = names.split(",") if isinstance(names, str) else [part for name in names for part in str(name).split(",")]
    wanted = {word.strip().lower().replace("-", "_") for word in words if word.strip()}
    known = (*LEVELS, STRUCTURAL)
    faults = [f"'{name}' is no level.{suggest(name, known)}" for name in sorted(wanted - set(known))]
    if faults:
        raise UsageError(
            "The levels of invariance cannot be read.",
            faults=faults,
            remedy=f"Levels: {', '.join(known)}.",
            code="unknown-level",
        )
    return tuple(
        level
        for level in LEVELS.values()
        if level.name == "configural" or level.name in wanted or (level.kind is Kind.STRUCTURE and STRUCTURAL in wanted)
    )


def levels_of_items(levels: Sequence[Level], ordinal: OrdinalItems | None, *, is_default: bool) -> tuple[Level, ...]:
    """Return the levels as these items have them.

    Ordinal items (Wu & Estabrook 2016): thresholds become equal first, then loadings, intercepts and, under theta,
    residual variances. With three categories or fewer equal thresholds restrict nothing by themselves: the first
    level that is tested has thresholds and loadings equal.

    Args:
        levels: From `read_levels`.
        ordinal: The ordinal items; None: all are continuous.
        is_default: Whether the levels were left at their default: what these items do not have is then left out.

    Raises:
        UsageError: levels that were asked for and that these items do not have.
    """
    names = {level.name for level in levels}
    if ordinal is None:
        if "thresholds" in names:
            raise UsageError(
                "The level thresholds is for ordinal items, and the model has none.",
                remedy="Name the ordinal items in ordered=, or leave the level out.",
                code="levels-of-items",
            )
        return tuple(levels)
    if "strict" in names and not ordinal.is_theta and not is_default:
        raise UsageError(
            "The level strict needs residual variances, which are no parameters under the delta parameterization.",
            remedy='Use parameterization="theta" (--parameterization theta), or leave the level out.',
            code="delta-residuals",
        )
    testable = any(count >= TESTABLE_LEVELS for count in ordinal.levels.values())
    if "thresholds" in names and not testable:
        raise UsageError(
            f"Equal thresholds restrict nothing: no item has {TESTABLE_LEVELS} categories or more.",
            remedy="Leave the level out: metric holds thresholds and loadings equal together.",
            code="levels-of-items",
        )
    first = testable and (is_default or "thresholds" in names)
    wanted = (*names, "thresholds") if first else names
    return tuple(
        _ordinal_level(level, thresholds_first=first)
        for level in LEVELS.values()
        if level.name in wanted and (ordinal.is_theta or level.name != "strict")
    )


def _ordinal_level(level: Level, *, thresholds_first: bool) -> Level:
    if "loadings" not in level.equal:
        return level
    says, partly = _ORDINAL_SAYS.get(level.name, (level.says, level.partly))
    adds = level.adds
    if level.name == "metric" and not thresholds_first:
        adds = ("thresholds", *adds)
    return replace(level, adds=adds, equal=("thresholds", *level.equal), says=says, partly=partly)
