"""Mean of the complete-data misfit under missing answers, and what estimates it: behind robust RMSEA and CFI.

Usage: python benchmarks/simulation_robust_indices.py [--replications N]. Prints, for samples of a true model with
answers missing at random, the mean of T = n F_ML between saturated and implied moments beside means of c df:
trustsem's, with observed information throughout, and those with the part of the parameters by other information
(lavaan 0.6-14).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# A script finds its neighbours only; the package `benchmarks` lies one folder up.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.simulation_robust import FULL_INFORMATION, FimlStudy  # noqa: E402
from trustsem.discrepancy.weights import normal_matrix  # noqa: E402
from trustsem.estimate import Estimate  # noqa: E402
from trustsem.implied import sigma_jacobian  # noqa: E402
from trustsem.inference.robust.corrected import corrected_misfit  # noqa: E402
from trustsem.inference.robust.incomplete import saturated_pair  # noqa: E402
from trustsem.inference.robust.pieces import open_directions  # noqa: E402
from trustsem.moments import Cases, em_sample  # noqa: E402
from trustsem.pipeline import fit_table  # noqa: E402

SIZES = ((300, 77, 400), (4000, 78, 500))  # respondents, seed, replications
SLOPE, INTERCEPT = 3.0, 1.0  # of the logit of a gap on the first answer about interaction

FloatArray = NDArray[np.float64]


def means_of_misfit(estimate: Estimate, df: int) -> list[float]:
    """Return T, then c df by observed information, and with that of the parameters expected and first-order."""
    sample = estimate.objective.moments.groups[0]
    own = corrected_misfit(estimate, df, robust=False)
    derivatives = estimate.objective.expand(estimate.x).groups[0].derivatives
    jacobian = sigma_jacobian(derivatives, meanstructure=True) @ open_directions(estimate)
    weight = normal_matrix(sample.inverse, sample.inverse)
    observed, first_order = saturated_pair(sample)
    expected, _ = saturated_pair(sample, observed=False)
    trace = float(np.trace(np.linalg.solve(observed, weight)))
    spread = jacobian.T @ weight @ jacobian
    others = [
        trace - float(np.trace(np.linalg.solve(jacobian.T @ information @ jacobian, spread)))
        for information in (expected, first_order)
    ]
    return [own.statistic, own.correction * df, *others]


def simulate(n_obs: int, seed: int, replications: int) -> FloatArray:
    """Return (replications, 4) of `means_of_misfit`."""
    study, rng, found = FimlStudy.make(), np.random.default_rng(seed), []
    names = study.table.variables.observed
    affected = [k for k, name in enumerate(names) if name[0] in "et"]
    for _ in range(replications):
        values = study.population.draw(n_obs, rng)[:, study.order]
        chance = 1 / (1 + np.exp(INTERCEPT - SLOPE * values[:, :1]))
        hole = np.zeros(values.shape, dtype=bool)
        hole[:, affected] = rng.random((n_obs, len(affected))) < chance
        moments, _ = em_sample([Cases(np.where(hole, np.nan, values))], names)
        fitted = fit_table(study.table, moments, FULL_INFORMATION)
        found.append(means_of_misfit(fitted.estimate, fitted.test.df))
    return np.array(found)


def main() -> None:
    """Print one line per sample size."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--replications", type=int, default=None)
    arguments = parser.parse_args()
    print("n, samples: mean of T (its standard error); of c df: trustsem, expected, first-order")
    for n_obs, seed, replications in SIZES:
        rows = simulate(n_obs, seed, arguments.replications or replications)
        means, error = rows.mean(axis=0), rows[:, 0].std(ddof=1) / np.sqrt(len(rows))
        print(f"{n_obs}, {len(rows)}: {means[0]:.2f} ({error:.2f}); " + ", ".join(f"{mean:.2f}" for mean in means[1:]))


if __name__ == "__main__":
    main()
