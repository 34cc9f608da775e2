"""A population given by model text in which every parameter has a value, and samples from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import ModelError, UsageError
from trustsem.implied import Implied, build_layout, implied_moments
from trustsem.moments import SampleGroup, SampleMoments
from trustsem.spec.build import build_table
from trustsem.spec.options import Preset, SpecOptions
from trustsem.spec.table import Origin, OriginKind, ParameterTable, Row
from trustsem.suggestions import count_of
from trustsem.syntax import parse_model
from trustsem.syntax.nodes import ModelSyntax

FloatArray = NDArray[np.float64]

_OPERATORS = ("=~", "~", "~~", "~1")
_ROUNDING = 1e-10  # eigenvalues and solved variances down to -1e-10 are rounding, not contradictions
_RULE = "population"  # origin of the rows that complete the written ones


@dataclass(frozen=True, eq=False, slots=True)
class Population:
    """First and second moments of a multivariate normal population.

    Args:
        names: The p observed variables, then the m latent ones.
        n_observed: p.
        cov: (p + m, p + m) covariance matrix of all variables.
        mean: (p + m,) their means.
    """

    names: tuple[str, ...]
    n_observed: int
    cov: FloatArray
    mean: FloatArray

    def __post_init__(self) -> None:
        total = len(self.names)
        if self.cov.shape != (total, total) or self.mean.shape != (total,) or not 0 < self.n_observed <= total:
            raise ValueError(
                f"a population of {total} variables needs moments of shapes ({total}, {total}), ({total},)"
            )
        for name, array in (("cov", self.cov), ("mean", self.mean)):
            own = np.array(array, dtype=np.float64)
            own.setflags(write=False)
            object.__setattr__(self, name, own)

    @classmethod
    def from_syntax(cls, text: str, *, standardized: bool = False) -> Population:
        """Return the population that a model text describes; a feedback loop counts as settled.

        Nothing is added by rule: what is not written is zero, and every written parameter needs a number.

        Args:
            text: Model text such as `f =~ 0.8*x1 + 0.7*x2`, `f ~ 0.4*g`, `x1 ~~ 0.36*x1`, `x1 ~ 3*1`.
            standardized: True solves the (residual) variances that are not written for a total variance of 1;
                False asks for all of them.

        Raises:
            ModelError: a value or variance is missing, a loop does not settle, or the values contradict each other;
                all faults of the text are listed.

        Example:
            >>> pair = Population.from_syntax("f =~ 0.8*x1 + 0.6*x2", standardized=True)
            >>> pair.observed, pair.observed_cov.round(2).tolist()
            (('x1', 'x2'), [[1.0, 0.48], [0.48, 1.0]])
        """
        model = parse_model(text)
        table = build_table(model, SpecOptions(preset=Preset.NONE, fixed_x=False))
        written = [row for row in table.rows if row.origin.kind is OriginKind.TEXT]
        names = (*table.variables.observed, *table.variables.latent)
        given = {row.lhs for row in written if row.op == "~~" and row.lhs == row.rhs}
        open_variances = tuple(name for name in names if name not in given)
        _raise_faults([*_value_faults(model, written), *(() if standardized else _variance_faults(open_variances))])
        values = dict.fromkeys(open_variances, 0.0)
        implied = _implied(table, written, values)
        if standardized and open_variances:
            values = _solve_variances(names, open_variances, implied)
            implied = _implied(table, written, values)
        _require_proper(implied)
        return cls(names, len(table.variables.observed), implied.total_cov, implied.total_mean)

    @property
    def observed(self) -> tuple[str, ...]:
        """The observed variables, in the order of samples."""
        return self.names[: self.n_observed]

    @property
    def observed_cov(self) -> FloatArray:
        """(p, p) covariance matrix of the observed variables."""
        return self.cov[: self.n_observed, : self.n_observed]

    @property
    def observed_mean(self) -> FloatArray:
        """(p,) means of the observed variables."""
        return self.mean[: self.n_observed]

    def draw(self, n_obs: int, rng: np.random.Generator) -> FloatArray:
        """Return (n_obs, p) independent draws of the observed variables.

        The Cholesky factor fixes how random numbers turn into answers; a singular population, for which there is
        none, uses the symmetric root.

        Raises:
            UsageError: n_obs is below 1.
        """
        if n_obs < 1:
            raise UsageError(f"n_obs is {n_obs}.", remedy="Draw one respondent at least.")
        try:
            root = np.linalg.cholesky(self.observed_cov)
        except np.linalg.LinAlgError:
            values, vectors = np.linalg.eigh(self.observed_cov)
            root = vectors * np.sqrt(np.clip(values, 0.0, None))
        return rng.standard_normal((n_obs, self.n_observed)) @ root.T + self.observed_mean


def _value_faults(model: ModelSyntax, rows: list[Row]) -> Iterator[str]:
    for constraint in model.constraints:
        yield (
            f"line {constraint.span.line}: a population takes no constraint "
            f"({constraint.left_text} {constraint.op} {constraint.right_text}). Write the numbers themselves."
        )
    for row in rows:
        what = row.lhs if row.op == "~1" else f"{row.lhs} {row.op} {row.rhs}"
        if row.op not in _OPERATORS:
            yield f"{row.origin.describe()}: '{what}': a population is continuous; cut its draws into answers instead."
        elif ":" in row.rhs:
            yield f"{row.origin.describe()}: '{what}' multiplies variables, and products are not normal. Remove it."
        elif row.value is None:
            example = "3*1" if row.op == "~1" else f"0.5*{row.rhs}"
            kind = "the mean of " if row.op == "~1" else ""
            yield f"{row.origin.describe()}: {kind}{what} has no value. Write a number in front, e.g. {example}."


def _variance_faults(names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        yield f"{name} has no (residual) variance. Write e.g. {name} ~~ 0.5*{name}."


def _raise_faults(faults: list[str]) -> None:
    if faults:
        raise ModelError(
            f"The population is not complete: {count_of(len(faults), 'fault')}.",
            faults=faults,
            remedy="Every parameter needs a number; standardized=True solves variances that are not written.",
            code="population-incomplete",
        )


def _implied(table: ParameterTable, written: list[Row], variances: dict[str, float]) -> Implied:
    """Return the implied moments of the written values and these further variances."""
    origin = Origin(OriginKind.DEFAULT, rule=_RULE)
    rows = (*written, *(Row(name, "~~", name, origin, value=value) for name, value in variances.items()))
    complete = replace(table, rows=rows, constraints=replace(table.constraints, matrix=np.zeros((0, 0))))
    observed = table.variables.observed
    # No row takes its value from a sample, so the sample's numbers are never looked at.
    nothing = SampleGroup(observed, np.eye(len(observed)), np.zeros(len(observed)), 2)
    layout = build_layout(complete, SampleMoments((nothing,))).groups[0]
    if len(layout.paths) and np.abs(np.linalg.eigvals(layout.paths)).max() >= 1:
        raise ModelError(
            "The population has a feedback loop that does not settle: its gain is 1 or more.",
            remedy="Lower the arrows of the loop until their product is below 1.",
            code="unstable-loop",
        )
    return implied_moments(layout, np.zeros(0))


def _solve_variances(names: tuple[str, ...], open_names: tuple[str, ...], implied: Implied) -> dict[str, float]:
    """Return the (residual) variances of `open_names` that give each of them a total variance of 1.

    The total variances diag(B S B') are linear in the diagonal of S, so this is one linear system.
    """
    index = np.array([names.index(name) for name in open_names], dtype=np.intp)
    effect = implied.inverse[np.ix_(index, index)] ** 2
    solved = np.linalg.solve(effect, 1.0 - np.diag(implied.total_cov)[index])
    too_much = [name for name, value in zip(open_names, solved, strict=True) if value < -_ROUNDING]
    if too_much:
        raise ModelError(
            f"The population explains more than all of: {', '.join(too_much)}.",
            remedy="Lower the loadings or paths that lead there; total variances are 1.",
            code="population-contradiction",
        )
    return {name: max(float(value), 0.0) for name, value in zip(open_names, solved, strict=True)}


def _require_proper(implied: Implied) -> None:
    negative = np.linalg.eigvalsh(implied.covariances)[0] < -_ROUNDING if len(implied.covariances) else False
    if negative or np.linalg.eigvalsh(implied.total_cov)[0] < -_ROUNDING:
        raise ModelError(
            "The population's covariances contradict each other: their matrix has a negative eigenvalue.",
            remedy="Lower the covariances, or raise the variances, until every set of variables can exist together.",
            code="population-contradiction",
        )
