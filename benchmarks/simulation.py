"""Coverage of intervals and size of the chi-square test by simulation, for docs/validation.md.

Usage: python benchmarks/simulation.py [--write] [--replications N]; with --write the table goes into the document.
Everything that decides the outcome stands here before a run: seed, sample size, replications, limits.
A sample whose fit does not converge, or has no standard errors, counts as a miss.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trustsem.distributions import Z95
from trustsem.effects import EffectKind, decompose_effects
from trustsem.errors import TrustSemError
from trustsem.moments import SampleGroup, SampleMoments, moments_from_arrays
from trustsem.pipeline import FittedModel, PipelineOptions, fit_table
from trustsem.simulate import Population
from trustsem.spec import ParameterTable, build_table, load_model
from trustsem.syntax import parse_model

ROOT = Path(__file__).resolve().parents[1]

SEED = 20240600
REPLICATIONS = 2000
N_OBS = 600
PATH_LIMITS = (0.935, 0.965)
INDIRECT_LIMITS = (0.925, 0.970)
SIZE_LIMITS = (0.040, 0.065)

MEDIATION = """
interaction =~ 0.8*i1 + 0.75*i2 + 0.7*i3
emotion     =~ 0.8*e1 + 0.75*e2 + 0.7*e3
trust       =~ 0.8*t1 + 0.75*t2 + 0.7*t3
emotion ~ 0.6*interaction
trust   ~ 0.5*emotion + 0.15*interaction
"""
MEDIATION_MODEL = """
interaction =~ i1 + i2 + i3
emotion =~ e1 + e2 + e3
trust =~ t1 + t2 + t3
emotion ~ interaction
trust ~ emotion + interaction
"""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Targets:
    """What is looked at in every sample: names and true values."""

    names: tuple[str, ...]
    truth: FloatArray


@dataclass(frozen=True, slots=True)
class Study:
    """Outcome of one simulation: coverage per target (a miss for a failed fit), rejections at 5 %, failures."""

    targets: Targets
    coverage: FloatArray
    rejections: float
    failures: int
    replications: int


def trust_population() -> Population:
    """Return the continuous population behind the bundled sample."""
    path = ROOT / "data" / "samples" / "make_trust_patients.py"
    specification = importlib.util.spec_from_file_location("make_trust_patients", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module.population()


def structural(fitted: FittedModel, table: ParameterTable) -> tuple[tuple[str, ...], FloatArray, FloatArray]:
    """Return names, values and standard errors of the structural paths."""
    errors = fitted.covariance.standard_errors
    chosen = [k for k, row in enumerate(table.free_rows) if row.op == "~"]
    names = tuple(table.free_rows[k].written for k in chosen)
    values = fitted.estimate.theta[chosen]
    return names, values, np.full(len(chosen), np.nan) if errors is None else errors[chosen]


def indirect(fitted: FittedModel, pairs: Sequence[tuple[str, str]]) -> tuple[tuple[str, ...], FloatArray, FloatArray]:
    """Return names, values and delta-method errors of all specific and total indirect effects."""
    rows = [
        row
        for row in decompose_effects(fitted.estimate, fitted.covariance.matrix, pairs).rows
        if row.kind in (EffectKind.SPECIFIC, EffectKind.TOTAL_INDIRECT)
    ]
    names = tuple(f"{row.x} -> {row.y}, {' > '.join(row.path[1:-1]) or 'total indirect'}" for row in rows)
    return names, np.array([row.est for row in rows]), np.array([row.se for row in rows])


def observe(
    fitted: FittedModel, table: ParameterTable, pairs: Sequence[tuple[str, str]]
) -> tuple[tuple[str, ...], FloatArray, FloatArray]:
    """Return everything that is looked at in one fit."""
    parts = [structural(fitted, table), indirect(fitted, pairs)]
    return (
        tuple(name for part in parts for name in part[0]),
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2] for part in parts]),
    )


def run_study(
    population: Population, text: str, pairs: Sequence[tuple[str, str]], seed: int, replications: int
) -> Study:
    """Draw samples of the population, fit the model to each, count what the intervals cover."""
    table = build_table(parse_model(text))
    names = table.variables.observed
    order = [population.observed.index(name) for name in names]
    exact = SampleGroup(names, population.observed_cov[np.ix_(order, order)].copy(), None, 10**7)
    truth = observe(fit_table(table, SampleMoments((exact,)), PipelineOptions()), table, pairs)
    targets = Targets(truth[0], truth[1])
    covered, rejected, failures = np.zeros(len(targets.names)), 0, 0
    rng = np.random.default_rng(seed)
    for _ in range(replications):
        values = population.draw(N_OBS, rng)[:, order]
        try:
            fitted = fit_table(table, moments_from_arrays([values], names), PipelineOptions())
            _, estimates, errors = observe(fitted, table, pairs)
        except TrustSemError:
            failures += 1
            rejected += 1
            continue
        if not fitted.estimate.converged:
            failures += 1
            rejected += 1
            continue
        covered += np.abs(estimates - targets.truth) <= Z95 * errors  # NaN is a miss
        rejected += (fitted.test.pvalue or 0.0) < 0.05
    return Study(targets, covered / replications, rejected / replications, failures, replications)


def trust_study(replications: int) -> Study:
    """Simulate `trust_formation`."""
    levels = {
        "interpersonal_trust": (
            "humanistic_quality individual_quality medical_situation rights_protection interpersonal_interaction"
        ),
        "intergroup_trust": "group_identity social_trust public_opinion intergroup_interaction",
    }
    pairs = [(x, y) for y, sources in levels.items() for x in sources.split()]
    return run_study(trust_population(), load_model("trust_formation").syntax, pairs, SEED, replications)


def mediation_study(replications: int) -> Study:
    """Simulate the mediation chain of nine items."""
    population = Population.from_syntax(MEDIATION, standardized=True)
    return run_study(population, MEDIATION_MODEL, [("interaction", "trust")], SEED + 1, replications)


def report(trust: Study, mediation: Study) -> str:
    """Return the Markdown that goes into the document."""
    is_path = np.array(["~" in name for name in trust.targets.names])
    lines = [
        f"{trust.replications:,} samples each, n = {N_OBS}, seed {SEED}; limits fixed in `benchmarks/simulation.py` "
        "before the run; a fit that fails counts as a miss.",
        "",
        "| quantity | limits | result | |",
        "|---|---|---|---|",
        _range(
            "`trust_formation`: coverage of 95 % intervals of structural paths", trust.coverage[is_path], PATH_LIMITS
        ),
        _range("`trust_formation`: of indirect effects (delta method)", trust.coverage[~is_path], INDIRECT_LIMITS),
        _range("nine-item mediation: coverage of all of these", mediation.coverage, INDIRECT_LIMITS),
        _range(
            "nine-item mediation: rejections of the true model at 5 %", np.array([mediation.rejections]), SIZE_LIMITS
        ),
        f"| `trust_formation`, 42 items: rejections of the true model at 5 % | none: it over-rejects by nature | "
        f"{trust.rejections:.1%} | |",
        f"| fits that failed | | {trust.failures} and {mediation.failures} | |",
        "",
        "| quantity of `trust_formation` | truth | coverage |",
        "|---|---|---|",
    ]
    lines += [
        f"| {name} | {value:.3f} | {share:.1%} |"
        for name, value, share in zip(trust.targets.names, trust.targets.truth, trust.coverage, strict=True)
    ]
    return "\n".join(lines)


def _range(name: str, shares: FloatArray, limits: tuple[float, float]) -> str:
    low, high = float(shares.min()), float(shares.max())
    verdict = "within" if limits[0] <= low and high <= limits[1] else "**outside**"
    found = f"{low:.1%}" if len(shares) == 1 else f"{low:.1%} to {high:.1%} ({len(shares)})"
    return f"| {name} | {limits[0]:.1%} to {limits[1]:.1%} | {found} | {verdict} |"


if __name__ == "__main__":
    # A script finds its neighbours only; the package `benchmarks` lies one folder up.
    sys.path[0] = str(ROOT)
    from benchmarks.document import run_simulation

    run_simulation(
        "simulation", __doc__, lambda count: report(trust_study(count), mediation_study(count)), REPLICATIONS
    )
