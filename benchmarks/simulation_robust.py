"""Size of robust tests under skewed, heavy-tailed answers, and coverage of full-information intervals.

Usage: python benchmarks/simulation_robust.py [--write] [--replications N]; with --write the tables go into
docs/validation.md. Everything that decides the outcome stands here before a run: seeds, sample sizes, replications,
limits. A fit that does not converge counts as a rejection and as a miss. Where R has lavaan, the small samples are
tested by both programs.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# A script finds its neighbours only; the package `benchmarks` lies one folder up.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.document import run_simulation  # noqa: E402
from benchmarks.lavaan import lavaan_version  # noqa: E402
from benchmarks.simulation import MEDIATION, MEDIATION_MODEL  # noqa: E402
from trustsem.distributions import Z95  # noqa: E402
from trustsem.errors import TrustSemError  # noqa: E402
from trustsem.inference import InformationKind  # noqa: E402
from trustsem.moments import Cases, SampleGroup, SampleMoments, em_sample, moments_from_arrays  # noqa: E402
from trustsem.pipeline import FittedModel, PipelineOptions, fit_table  # noqa: E402
from trustsem.simulate import Population  # noqa: E402
from trustsem.spec import ParameterTable, SpecOptions, build_table  # noqa: E402
from trustsem.syntax import parse_model  # noqa: E402

SEED = 20241100
REPLICATIONS = 2000
LARGE, SMALL = 800, 200
SHARED = 200  # samples of the small size that lavaan gets as well
SKEWNESS, KURTOSIS = 1.5, 4.0  # of every item; excess kurtosis
SIZE_LIMITS = (0.030, 0.080)
N_FIML = 600
COVERAGE_LIMITS = (0.935, 0.965)
SKEWED = "emotion~~emotion"  # the variance whose interval is looked at more closely
SHARED_FIML = 100  # samples with gaps that lavaan gets as well
ESTIMATORS = ("ML", "MLM", "MLMV", "MLMVS", "MLR", "ULSM", "ULSMV", "WLS")
ROBUST = ESTIMATORS[1:-1]  # the weight matrix of WLS is known to need far larger samples: reported, without limits
IN_LAVAAN = ("MLM", "MLMV", "MLMVS", "MLR", "WLS")

FloatArray = NDArray[np.float64]


def fleishman(skewness: float, kurtosis: float) -> FloatArray:
    """Return (b, c, d) of the cubic with mean 0, variance 1, this skewness and excess kurtosis (Fleishman 1978)."""
    from scipy.optimize import fsolve

    def equations(coefficients: FloatArray) -> list[float]:
        b, c, d = coefficients
        return [
            b**2 + 6 * b * d + 2 * c**2 + 15 * d**2 - 1,
            2 * c * (b**2 + 24 * b * d + 105 * d**2 + 2) - skewness,
            24 * (b * d + c**2 * (1 + b**2 + 28 * b * d) + d**2 * (12 + 48 * b * d + 141 * c**2 + 225 * d**2))
            - kurtosis,
        ]

    solution, _, found, message = fsolve(equations, np.array([0.9, 0.2, 0.0]), full_output=True)
    if found != 1:
        raise RuntimeError(f"no cubic with these moments: {message}")
    return np.asarray(solution, dtype=np.float64)


@dataclass(frozen=True, eq=False, slots=True)
class SkewedPopulation:
    """Items of a known correlation matrix, each a cubic of a normal variable (Vale & Maurelli 1983)."""

    cubic: FloatArray
    root: FloatArray  # (p, p) Cholesky factor of the normal variables' correlations

    @classmethod
    def of(cls, correlations: FloatArray) -> SkewedPopulation:
        """Solve for the correlations of the normal variables behind these."""
        b, c, d = cubic = fleishman(SKEWNESS, KURTOSIS)
        normal = np.eye(len(correlations))
        for i in range(len(correlations)):
            for j in range(i):
                # r = rho (b^2 + 6 b d + 9 d^2) + 2 c^2 rho^2 + 6 d^2 rho^3 (Vale & Maurelli 1983, eq. 11)
                roots = np.roots([6 * d**2, 2 * c**2, b**2 + 6 * b * d + 9 * d**2, -correlations[i, j]])
                real = roots[np.abs(roots.imag) < 1e-9].real
                normal[i, j] = normal[j, i] = real[np.argmin(np.abs(real - correlations[i, j]))]
        return cls(cubic, np.linalg.cholesky(normal))

    def draw(self, n_obs: int, rng: np.random.Generator) -> FloatArray:
        """Return (n_obs, p) answers with mean 0 and variance 1."""
        z = rng.normal(size=(n_obs, len(self.root))) @ self.root.T
        b, c, d = self.cubic
        return -c + b * z + c * z**2 + d * z**3


def table_and_population() -> tuple[ParameterTable, Population, list[int]]:
    """Return the model, its population and the positions of the model's items in it."""
    table = build_table(parse_model(MEDIATION_MODEL))
    population = Population.from_syntax(MEDIATION, standardized=True)
    return table, population, [population.observed.index(name) for name in table.variables.observed]


def robust_pvalue(fitted: FittedModel) -> float:
    """Return the p-value of the test that goes with the estimator; 0 for a fit without one."""
    scaled = [test for test in fitted.tests if test.kind.is_scaled]
    pvalue = scaled[0].pvalue if scaled else fitted.test.pvalue
    return pvalue if fitted.estimate.converged and pvalue is not None else 0.0


def sizes(n_obs: int, seed: int, replications: int) -> Mapping[str, FloatArray]:
    """Return the p-values (replications,) of each estimator's test of the true model."""
    table, population, order = table_and_population()
    skewed = SkewedPopulation.of(population.observed_cov[np.ix_(order, order)])
    names = table.variables.observed
    result = {estimator: np.zeros(replications) for estimator in ESTIMATORS}
    rng = np.random.default_rng(seed)
    for k in range(replications):
        moments = moments_from_arrays([skewed.draw(n_obs, rng)], names)
        for estimator in ESTIMATORS:
            result[estimator][k] = _pvalue(table, moments, estimator)
    return result


def _pvalue(table: ParameterTable, moments: SampleMoments, estimator: str) -> float:
    try:
        return robust_pvalue(fit_table(table, moments, PipelineOptions(estimator=estimator)))
    except TrustSemError:
        return 0.0


def lavaan_pvalues(seed: int) -> Mapping[str, FloatArray] | None:
    """Return lavaan's p-values on the first samples of the small size; None without R."""
    if lavaan_version() is None:
        return None
    table, population, order = table_and_population()
    skewed = SkewedPopulation.of(population.observed_cov[np.ix_(order, order)])
    rng = np.random.default_rng(seed)
    samples = [skewed.draw(SMALL, rng) for _ in range(SHARED)]
    rows = run_lavaan("robust_sizes.R", samples, table.variables.observed, ",".join(IN_LAVAAN))
    return {row[0]: np.array([float(value) for value in row[1:]]) for row in rows}


def run_lavaan(script: str, samples: Sequence[FloatArray], names: Sequence[str], what: str) -> list[list[str]]:
    """Return the words of each line that an R script beside this one prints about the samples."""
    frames = [pd.DataFrame(values, columns=list(names)) for values in samples]
    with tempfile.TemporaryDirectory() as folder:
        data, text = Path(folder) / "samples.csv", Path(folder) / "model.txt"
        pd.concat(frames, keys=range(len(frames)), names=["sample"]).reset_index(level=0).to_csv(data, index=False)
        text.write_text(MEDIATION_MODEL, encoding="utf-8")
        command = ["Rscript", str(Path(__file__).with_name(script)), str(data), str(text), what]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.split() for line in run.stdout.strip().splitlines()]


@dataclass(frozen=True, eq=False, slots=True)
class Coverage:
    """How often 95 % intervals hold the truth, by parameter; each an array over the parameters.

    Args:
        names: The parameters.
        fiml: Symmetric (Wald) intervals of full information; a fit that fails is a miss.
        fiml_below: Of these intervals, the share that lies wholly below the truth.
        fiml_log: Full information, variances by the logarithm: exp(log v +- 1.96 se / v); NaN for other parameters.
        complete: Wald intervals of plain ML on the same samples before answers were taken out.
        complete_log: The same by the logarithm.
        missing: Mean share of missing answers.
    """

    names: tuple[str, ...]
    fiml: FloatArray
    fiml_below: FloatArray
    fiml_log: FloatArray
    complete: FloatArray
    complete_log: FloatArray
    missing: float


@dataclass(frozen=True, eq=False, slots=True)
class FimlStudy:
    """The model, its true values and the answers that are taken out."""

    table: ParameterTable
    population: Population
    order: list[int]
    names: tuple[str, ...]
    truth: FloatArray
    positions: list[int]

    @classmethod
    def make(cls) -> FimlStudy:
        """Fit the population's covariance matrix for the true values."""
        table, population, order = table_and_population()
        cov = population.observed_cov[np.ix_(order, order)]
        whole = SampleMoments((SampleGroup(table.variables.observed, cov.copy(), None, 10**7),))
        exact = fit_table(table, whole, PipelineOptions())
        chosen = [k for k, row in enumerate(table.free_rows) if row.op in ("=~", "~", "~~")]
        names = tuple(table.free_rows[k].written for k in chosen)
        with_means = build_table(parse_model(MEDIATION_MODEL), SpecOptions(meanstructure=True))
        positions = [[row.written for row in with_means.free_rows].index(name) for name in names]
        return cls(with_means, population, order, names, exact.estimate.theta[chosen], positions)

    @property
    def is_variance(self) -> NDArray[np.bool_]:
        """Which parameters are variances."""
        return np.array([name == f"{name.partition('~~')[0]}~~{name.partition('~~')[0]}" for name in self.names])

    def draw(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Return a complete sample and the same with gaps.

        Missing at random: answers about emotion and trust are missing with a probability that rises with the first
        answer about interaction, which everybody gave.
        """
        affected = [k for k, name in enumerate(self.table.variables.observed) if name[0] in "et"]
        values = self.population.draw(N_FIML, rng)[:, self.order]
        chance = 1 / (1 + np.exp(1.2 - 1.0 * values[:, :1]))
        hole = np.zeros(values.shape, dtype=bool)
        hole[:, affected] = rng.random((N_FIML, len(affected))) < chance
        return values, np.where(hole, np.nan, values)

    def fit(self, values: FloatArray, options: PipelineOptions) -> tuple[FloatArray, FloatArray]:
        """Return estimates and standard errors; NaN for a fit that fails."""
        nothing = np.full(len(self.names), np.nan)
        observed = self.table.variables.observed
        if options.full_information:
            moments, _ = em_sample([Cases(values)], observed)
        else:
            moments = moments_from_arrays([values], observed)
        try:
            fitted = fit_table(self.table, moments, options)
        except TrustSemError:
            return nothing, nothing
        errors = fitted.covariance.standard_errors
        if errors is None or not fitted.estimate.converged:
            return nothing, nothing
        return fitted.estimate.theta[self.positions], errors[self.positions]

    def holds(self, estimate: FloatArray, error: FloatArray) -> FloatArray:
        """Return which Wald intervals hold the truth."""
        return (np.abs(estimate - self.truth) <= Z95 * error).astype(float)

    def holds_by_log(self, estimate: FloatArray, error: FloatArray) -> FloatArray:
        """Return which variances lie in exp(log v +- 1.96 se / v); NaN for other parameters."""
        result = np.full(len(self.names), np.nan)
        chosen = self.is_variance
        v, se, truth = estimate[chosen], error[chosen], self.truth[chosen]
        with np.errstate(invalid="ignore", divide="ignore"):
            result[chosen] = np.abs(np.log(v / truth)) <= Z95 * se / v
        return result


FULL_INFORMATION = PipelineOptions(information=InformationKind.OBSERVED, full_information=True)


def fiml_coverage(seed: int, replications: int) -> Coverage:
    """Return the coverage of intervals under full information, and of complete data on the same samples."""
    study, rng = FimlStudy.make(), np.random.default_rng(seed)
    sums, missing = np.zeros((5, len(study.names))), 0.0
    for _ in range(replications):
        complete, values = study.draw(rng)
        missing += float(np.isnan(values).mean()) / replications
        estimate, error = study.fit(values, FULL_INFORMATION)
        sums += [
            study.holds(estimate, error),
            estimate + Z95 * error < study.truth,
            study.holds_by_log(estimate, error),
            *(hold(*study.fit(complete, PipelineOptions())) for hold in (study.holds, study.holds_by_log)),
        ]
    return Coverage(study.names, *(sums / replications), missing)


@dataclass(frozen=True, slots=True)
class SharedIntervals:
    """The intervals of one variance in the first samples by both programs: which hold the truth, how far apart."""

    ours: int
    theirs: int
    difference: float


def shared_intervals(seed: int) -> SharedIntervals | None:
    """Compare the limits of the variance `SKEWED` under full information with lavaan's; None without R."""
    if lavaan_version() is None:
        return None
    study, rng = FimlStudy.make(), np.random.default_rng(seed)
    k = study.names.index(SKEWED)
    samples = [study.draw(rng)[1] for _ in range(SHARED_FIML)]
    limits = []
    for values in samples:
        estimate, error = study.fit(values, FULL_INFORMATION)
        limits.append(estimate[k] + np.array([-Z95, Z95]) * error[k])
    ours = np.array(limits)
    rows = run_lavaan("robust_intervals.R", samples, study.table.variables.observed, SKEWED)
    theirs = np.array([[float(value) for value in row] for row in rows])
    held = [int(np.sum((x[:, 0] <= study.truth[k]) & (study.truth[k] <= x[:, 1]))) for x in (ours, theirs)]
    return SharedIntervals(held[0], held[1], float(np.abs(ours - theirs).max()))


def report(replications: int) -> str:
    """Return the Markdown that goes into the document."""
    large, small = sizes(LARGE, SEED, replications), sizes(SMALL, SEED + 1, replications)
    theirs = lavaan_pvalues(SEED + 1)
    result, shared = fiml_coverage(SEED + 2, replications), shared_intervals(SEED + 2)
    lines = [
        f"{replications:,} samples each, seeds {SEED} to {SEED + 2}; limits fixed in `benchmarks/simulation_robust.py` "
        "before the run; a fit that fails counts as a rejection and as a miss.",
        "",
        f"Rejections of the true nine-item mediation model at 5 %; items with skewness {SKEWNESS} and excess kurtosis "
        f"{KURTOSIS:g} (Vale & Maurelli 1983). The last columns compare the first {SHARED} small samples.",
        "",
        f"| estimator | limits, n = {LARGE} | n = {LARGE} | | n = {SMALL} | first {SHARED}, trustsem | first {SHARED}, "
        "lavaan | largest difference of p |",
        "|---|---|---|---|---|---|---|---|",
        *(_row(estimator, large, small, theirs) for estimator in ESTIMATORS),
        "",
        *coverage_lines(result, shared),
    ]
    return "\n".join(lines)


def coverage_lines(result: Coverage, shared: SharedIntervals | None) -> list[str]:
    """Return the part about intervals: the limits are for Wald intervals of full information, the rest explains."""
    coverage = result.fiml
    verdict = "within" if _within(coverage, COVERAGE_LIMITS) else "**outside**"
    lines = [
        f"Coverage of 95 % intervals under full information, n = {N_FIML}, {result.missing:.0%} of the answers missing "
        f"at random; limits {COVERAGE_LIMITS[0]:.1%} to {COVERAGE_LIMITS[1]:.1%}: {coverage.min():.1%} to "
        f"{coverage.max():.1%} ({len(coverage)} parameters), {verdict}. Beside it, without limits: how often the "
        "interval lies wholly below and above the truth, the interval of a variance by its logarithm, "
        "exp(log v ± 1.96 se / v), and both intervals by plain ML from the same samples before answers were taken out.",
        "",
        "| parameter | coverage | below | above | by the logarithm | complete | complete, by the logarithm |",
        "|---|---|---|---|---|---|---|",
    ]
    columns = (coverage, result.fiml_below, 1 - coverage - result.fiml_below, result.fiml_log)
    for name, *shares in zip(result.names, *columns, result.complete, result.complete_log, strict=True):
        cells = ["" if np.isnan(share) else f"{abs(share):.1%}" for share in shares]
        lines.append(f"| {' | '.join([name, *cells])} |")
    if shared is not None:
        lines += [
            "",
            f"The interval of `{SKEWED}` in the first {SHARED_FIML} of these samples: {shared.ours} of trustsem's and "
            f"{shared.theirs} of lavaan's hold the truth; limits differ by {shared.difference:.0e} at most.",
        ]
    return lines


def _row(
    estimator: str,
    large: Mapping[str, FloatArray],
    small: Mapping[str, FloatArray],
    theirs: Mapping[str, FloatArray] | None,
) -> str:
    size = np.array([_share(large[estimator])])
    limits, verdict = "none", ""
    if estimator in ROBUST:
        limits = f"{SIZE_LIMITS[0]:.0%} to {SIZE_LIMITS[1]:.0%}"
        verdict = "within" if _within(size, SIZE_LIMITS) else "**outside**"
    first = small[estimator][:SHARED]
    ours, other, gap = f"{_share(first):.1%}", "", ""
    if theirs is not None and estimator in theirs and len(first) == SHARED:
        other = f"{_share(theirs[estimator]):.1%}"
        gap = f"{np.abs(theirs[estimator] - first).max():.0e}"
    cells = (estimator, limits, f"{size[0]:.1%}", verdict, f"{_share(small[estimator]):.1%}", ours, other, gap)
    return f"| {' | '.join(cells)} |"


def _share(pvalues: FloatArray) -> float:
    return float(np.mean(pvalues < 0.05))


def _within(shares: FloatArray, limits: tuple[float, float]) -> bool:
    return bool(limits[0] <= shares.min() and shares.max() <= limits[1])


if __name__ == "__main__":
    run_simulation("simulation-robust", __doc__, report, REPLICATIONS)
