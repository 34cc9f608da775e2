"""Normal and bivariate normal probabilities against the error function, quadrature and closed forms."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from trustsem.moments.categorical.bivariate import bivariate_cdf, bivariate_density, log_density_slope
from trustsem.moments.categorical.normal import normal_cdf_of, normal_density

# Rounding of a sum of a few numbers of size 1, and of the quadrature that the result is compared with.
EXACT = 2e-15
QUADRATURE = 1e-12


def test_normal_probabilities_are_those_of_the_error_function() -> None:
    z = np.random.default_rng(1).uniform(-9, 9, 20_000)
    expected = np.array([0.5 * math.erfc(-value / math.sqrt(2)) for value in z])
    assert np.abs(normal_cdf_of(z) - expected).max() < EXACT
    tail = np.abs(z) < 8
    assert np.abs(normal_cdf_of(z) / expected - 1)[tail].max() < 1e-12  # digits are kept in the tail


def test_normal_probabilities_at_the_ends() -> None:
    assert normal_cdf_of(np.array([-np.inf, 0.0, np.inf])) == pytest.approx([0.0, 0.5, 1.0], abs=1e-300)
    assert normal_density(np.array([-np.inf, np.inf])).tolist() == [0.0, 0.0]


def by_quadrature(h: float, k: float, rho: float) -> float:
    """Integrate phi(x) P(Y <= k | x) up to h with 40 nodes on each of many pieces."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    rest = math.sqrt(1 - rho * rho)
    jump = k / rho  # where the conditional probability changes quickly
    steps = [jump + side * step * rest / abs(rho) for side in (-1, 1) for step in (0, 0.5, 1, 2, 4, 7)]
    edges = sorted({-9.0, h, *np.linspace(-9, h, 12), *(point for point in steps if -9 < point < h)})
    total = 0.0
    for low, high in pairwise(edges):
        x = (low + high) / 2 + (high - low) / 2 * nodes
        total += (high - low) / 2 * float(weights @ (normal_density(x) * normal_cdf_of((k - rho * x) / rest)))
    return total


@pytest.mark.parametrize("size", [0.05, 0.3, 0.5, 0.75, 0.85, 0.92, 0.925, 0.926, 0.95, 0.99, 0.9999])
def test_bivariate_probabilities_are_those_of_quadrature(size: float) -> None:
    rng = np.random.default_rng(7)
    h, k = rng.normal(scale=2, size=(2, 120))
    k[:30] = h[:30] + rng.normal(scale=0.03, size=30)  # next to the ridge of strong correlations
    k[30:40] = h[30:40]
    k[40:60] = -h[40:60] + rng.normal(scale=0.03, size=20)
    rho = size * rng.choice([-1.0, 1.0], size=120)
    expected = np.array([by_quadrature(*entry) for entry in zip(h.tolist(), k.tolist(), rho.tolist(), strict=True)])
    assert np.abs(bivariate_cdf(h, k, rho) - expected).max() < QUADRATURE


def test_orthant_probability_in_closed_form() -> None:
    """P(X <= 0, Y <= 0) = 1/4 + asin(rho) / (2 pi) (Sheppard 1899)."""
    rho = np.linspace(-0.99999, 0.99999, 401)
    zero = np.zeros_like(rho)
    assert np.abs(bivariate_cdf(zero, zero, rho) - (0.25 + np.arcsin(rho) / (2 * np.pi))).max() < EXACT


def test_infinite_limits_leave_one_variable() -> None:
    h, rho = np.array([-1.3, 0.4, 2.0]), np.array([0.3, -0.99, 0.97])
    infinity = np.full(3, np.inf)
    assert bivariate_cdf(h, infinity, rho) == pytest.approx(normal_cdf_of(h), abs=EXACT)
    assert bivariate_cdf(-infinity, h, rho) == pytest.approx(0.0, abs=EXACT)
    assert bivariate_density(infinity, h, rho).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("rho", [-0.97, -0.6, 0.0, 0.4, 0.9, 0.96])
def test_density_is_the_derivative_of_the_probability(rho: float) -> None:
    """dP / drho is the density (Plackett 1954), and its logarithmic slope is that of the formula."""
    h, k = np.random.default_rng(3).normal(size=(2, 50))
    step = 1e-5
    after, before, here = np.array(rho + step), np.array(rho - step), np.array(rho)
    slope = (bivariate_cdf(h, k, after) - bivariate_cdf(h, k, before)) / (2 * step)
    density = bivariate_density(h, k, here)
    assert np.abs(slope - density).max() < 1e-6
    bend = (bivariate_density(h, k, after) - bivariate_density(h, k, before)) / (2 * step)
    assert np.abs(bend - density * log_density_slope(h, k, here)).max() < 1e-4 * (1 + np.abs(bend).max())
