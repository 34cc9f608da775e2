"""Bias of polychoric correlations and size of the scaled and shifted test, for docs/validation.md.

Usage: python benchmarks/simulation_ordinal.py [--write] [--replications N]; with --write the table goes into the
document. Everything that decides the outcome stands here before a run: seed, sample sizes, shares of the answers,
replications, limits. A sample that cannot be fitted, and a fit that does not converge, count as rejections.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# A script finds its neighbours only; the package `benchmarks` lies one folder up.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.document import run_simulation  # noqa: E402
from benchmarks.simulation import MEDIATION, MEDIATION_MODEL  # noqa: E402
from trustsem.errors import TrustSemError  # noqa: E402
from trustsem.fitting.ordinal import ordinal_sample, ordinal_scales  # noqa: E402
from trustsem.inference.chisquares import TestKind  # noqa: E402
from trustsem.moments import Cases  # noqa: E402
from trustsem.pipeline import PipelineOptions, fit_table  # noqa: E402
from trustsem.simulate import AnswerScale, Population  # noqa: E402
from trustsem.spec import SpecOptions, build_table  # noqa: E402
from trustsem.syntax import parse_model  # noqa: E402

SEED = 20241200
REPLICATIONS = 2000
SIZES = (200, 500, 1200)
# shares of the answers to every item, lowest first: patients agree more often than not
SHARES = {2: (0.40, 0.60), 3: (0.20, 0.45, 0.35), 5: (0.06, 0.14, 0.30, 0.32, 0.18)}
LIMITS_FROM = 500  # respondents from which the limits hold; the small sample is reported
SIZE_LIMITS = (0.030, 0.080)
BIAS_LIMIT = 0.010  # largest mean error of one of the 36 polychoric correlations

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Study:
    """Outcome of one design.

    Args:
        n_categories: Categories of each item.
        n_obs: Respondents.
        bias: (36,) mean error of each polychoric correlation over the samples that have them.
        rejections: Share of samples in which the scaled and shifted test rejects the true model at 5 %.
        rejections_mean: The same for the test that is corrected in its mean only (Satorra & Bentler 1994).
        failures: Samples without a fit.
    """

    n_categories: int
    n_obs: int
    bias: FloatArray
    rejections: float
    rejections_mean: float
    failures: int

    @property
    def is_judged(self) -> bool:
        """Whether the limits hold for this design."""
        return self.n_obs >= LIMITS_FROM

    @property
    def within(self) -> bool:
        """Whether size and bias are within the limits."""
        return SIZE_LIMITS[0] <= self.rejections <= SIZE_LIMITS[1] and np.abs(self.bias).max() <= BIAS_LIMIT


def study(n_categories: int, n_obs: int, seed: int, replications: int) -> Study:
    """Fit the true model to samples of ordinal answers."""
    population = Population.from_syntax(MEDIATION, standardized=True)
    names = build_table(parse_model(MEDIATION_MODEL)).variables.observed
    order = [population.observed.index(name) for name in names]
    truth = population.observed_cov[np.ix_(order, order)][np.tril_indices(len(names), -1)]
    cuts = AnswerScale.from_shares("item", SHARES[n_categories]).thresholds
    rng = np.random.default_rng(seed)
    errors: list[FloatArray] = []
    pvalues = np.zeros((replications, 2))
    for k in range(replications):
        answers = np.searchsorted(cuts, population.draw(n_obs, rng)[:, order]).astype(np.float64)
        try:
            correlations, pvalues[k] = _fit(answers, names)
        except TrustSemError:
            continue
        errors.append(correlations - truth)
    shares = np.mean(pvalues < 0.05, axis=0)
    bias = np.mean(errors, axis=0) if errors else np.full(len(truth), np.nan)
    return Study(n_categories, n_obs, bias, float(shares[0]), float(shares[1]), replications - len(errors))


def _fit(answers: FloatArray, names: tuple[str, ...]) -> tuple[FloatArray, tuple[float, float]]:
    """Return the polychoric correlations (36,), and the p-values of the two tests."""
    cases = (Cases(answers),)
    scales = ordinal_scales(cases, names, names, ())
    table = build_table(parse_model(MEDIATION_MODEL), SpecOptions(ordered=scales.levels))
    moments, _ = ordinal_sample(cases, table, scales, (), pairwise=False, zero_cells=None)
    tests = (TestKind.SCALED_SHIFTED, TestKind.SATORRA_BENTLER)
    fitted = fit_table(table, moments, PipelineOptions("WLSMV", tests=tests))
    statistics = moments.groups[0].categorical
    assert statistics is not None
    found = {test.kind: test.pvalue or 0.0 for test in fitted.tests} if fitted.estimate.converged else {}
    pvalues = found.get(TestKind.SCALED_SHIFTED, 0.0), found.get(TestKind.SATORRA_BENTLER, 0.0)
    return statistics.cov[np.tril_indices(len(names), -1)], pvalues


def report(replications: int) -> str:
    """Return the Markdown that goes into the document."""
    designs = [(k, n) for k in SHARES for n in SIZES]
    studies = [study(k, n, SEED + number, replications) for number, (k, n) in enumerate(designs)]
    lines = [
        f"{replications:,} samples each, seeds {SEED} to {SEED + len(designs) - 1}; limits fixed in "
        f"`benchmarks/simulation_ordinal.py` before the run, for {LIMITS_FROM} respondents and more; a sample that "
        "cannot be fitted counts as a rejection.",
        "",
        f"Nine-item mediation model, all items cut into 2, 3 or 5 categories. Limits: rejections at 5 % between "
        f"{SIZE_LIMITS[0]:.0%} and {SIZE_LIMITS[1]:.0%}; mean error of each of the 36 polychoric correlations at most "
        f"{BIAS_LIMIT:g}.",
        "",
        "| categories | n | rejections, scaled and shifted | rejections, mean-adjusted | mean error of the "
        "correlations | largest | not fitted | |",
        "|---|---|---|---|---|---|---|---|",
        *(_row(one) for one in studies),
    ]
    return "\n".join(lines)


def _row(one: Study) -> str:
    largest = one.bias[np.argmax(np.abs(one.bias))]
    verdict = ("within" if one.within else "**outside**") if one.is_judged else "no limits"
    cells = (f"{one.n_categories}", f"{one.n_obs:,}", f"{one.rejections:.1%}", f"{one.rejections_mean:.1%}",
             f"{one.bias.mean():+.4f}", f"{largest:+.4f}", f"{one.failures}", verdict)  # fmt: skip
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    run_simulation("simulation-ordinal", __doc__, report, REPLICATIONS)
