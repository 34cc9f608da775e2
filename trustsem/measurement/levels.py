"""The levels of measurement invariance: what each holds equal, what it allows to be said, what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from trustsem.errors import UsageError
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
