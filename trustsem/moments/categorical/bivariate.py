"""Bivariate normal probabilities and densities of whole arrays."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from trustsem.moments.categorical.normal import EDGE, normal_cdf_of

FloatArray = NDArray[np.float64]

_TWO_PI = 2 * math.pi
# Correlation from which the integral runs from the correlation up to 1 instead of from 0 up to it.
_STRONG = 0.925
# Nodes of Gauss and Legendre with which the integral up to a correlation is exact to 1e-14 for all thresholds.
_NODES = ((0.3, 6), (0.5, 8), (0.75, 12), (0.85, 16), (_STRONG, 20))
_NODES_STRONG = 24


def bivariate_density(h: FloatArray, k: FloatArray, rho: FloatArray) -> FloatArray:
    """Return the standard bivariate normal density at (h, k); 0 where one of them is infinite."""
    h, k = np.clip(h, -EDGE, EDGE), np.clip(k, -EDGE, EDGE)
    rest = 1 - rho * rho
    return np.exp(-(h * h - 2 * rho * h * k + k * k) / (2 * rest)) / (_TWO_PI * np.sqrt(rest))


def log_density_slope(h: FloatArray, k: FloatArray, rho: FloatArray) -> FloatArray:
    """Return the derivative of the logarithm of the bivariate normal density with respect to rho; h and k finite."""
    rest = 1 - rho * rho
    return rho / rest + (h * k * (1 + rho * rho) - rho * (h * h + k * k)) / (rest * rest)


def bivariate_cdf(h: FloatArray, k: FloatArray, rho: FloatArray) -> FloatArray:
    """Return P(X <= h, Y <= k) of standard normal X and Y with correlation rho; exact to 1e-13.

    Args:
        h: Upper limits of X; infinite ones are allowed.
        k: Upper limits of Y.
        rho: Correlations within -1 and 1, exclusive. The three arrays broadcast.
    """
    return normal_cdf_of(h) * normal_cdf_of(k) + bivariate_excess(h, k, rho)


def bivariate_excess(h: FloatArray, k: FloatArray, rho: FloatArray) -> FloatArray:
    """Return P(X <= h, Y <= k) - P(X <= h) P(Y <= k): what the correlation adds.

    Up to |rho| = .925 with theta from 0 to asin(rho) (Plackett 1954; Drezner & Wesolowsky 1990):
    1 / (2 pi) integral exp(-(h^2 - 2 h k sin(theta) + k^2) / (2 cos^2(theta))) dtheta.
    Beyond, the same integral runs from rho to 1, where P(X <= min(h, k)) is known (Genz 2004).
    """
    h, k = np.clip(h, -EDGE, EDGE), np.clip(k, -EDGE, EDGE)
    strong = np.abs(rho) > _STRONG
    if not strong.any():
        return _from_zero(h, k, rho)
    h, k, rho = np.broadcast_arrays(h, k, rho)
    strong = np.abs(rho) > _STRONG
    result = np.empty(h.shape)
    result[~strong] = _from_zero(h[~strong], k[~strong], rho[~strong])
    h, k = h[strong], k[strong]
    result[strong] = _from_one(h, k, rho[strong]) - normal_cdf_of(h) * normal_cdf_of(k)
    return result


@cache
def _legendre(n_nodes: int) -> tuple[FloatArray, FloatArray]:
    """Return nodes within (0, 1) and weights that add up to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
    return (nodes + 1) / 2, weights / 2


def _from_zero(h: FloatArray, k: FloatArray, rho: FloatArray) -> FloatArray:
    """Integrate from no correlation; one node at a time and in place, so that memory stays that of the arrays."""
    largest = float(np.abs(rho).max(initial=0.0))
    n_nodes = next(count for limit, count in _NODES if largest <= limit)
    angle = np.arcsin(rho)
    squares, product = (h * h + k * k) / 2, h * k
    total = np.zeros(np.broadcast_shapes(product.shape, angle.shape))
    for node, weight in zip(*_legendre(n_nodes), strict=True):
        sine = np.sin(angle * node)
        term = product * sine
        term -= squares
        term /= 1 - sine * sine
        np.exp(term, out=term)
        term *= weight
        total += term
    total *= angle / _TWO_PI
    return total


def _from_one(h: FloatArray, k: FloatArray, rho: FloatArray) -> FloatArray:
    """Integrate up to perfect correlation; P(X <= h, Y <= k; -rho) = P(X <= h) - P(X <= h, Y <= -k; rho)."""
    k_positive = np.where(rho < 0, -k, k)
    value = normal_cdf_of(np.minimum(h, k_positive)) - _missing_to_one(h, k_positive, np.abs(rho)) / _TWO_PI
    return np.where(rho < 0, normal_cdf_of(h) - value, value)


def _missing_to_one(h: FloatArray, k: FloatArray, rho: FloatArray) -> FloatArray:
    """Return the integral over u = cos(theta) from 0 to a = sqrt(1 - rho^2) of f(u) g(u^2).

    f(u) = exp(-(h - k)^2 / (2 u^2)) changes abruptly near 0; g(x) = exp(-h k / (1 + s)) / s with s = sqrt(1 - x) is
    smooth. Its Taylor polynomial exp(-h k / 2) (1 + c x + c d x^2) is integrated exactly, the rest by quadrature.
    """
    gap, product = np.abs(h - k), h * k
    a = np.sqrt(1 - rho * rho)
    near = gap < EDGE * a  # elsewhere f is below the smallest number
    gap, product, a = gap[near], product[near], a[near]
    c, d = (4 - product) / 8, (12 - product) / 16
    level = np.exp(-product / 2)
    total = level * _polynomial_part(gap, a, c, d)
    for node, weight in zip(*_legendre(_NODES_STRONG), strict=True):
        x = (a * node) ** 2
        s = np.sqrt(1 - x)
        abrupt = gap * gap / (2 * x)
        rest = np.exp(-product / (1 + s) - abrupt) / s - level * np.exp(-abrupt) * (1 + c * x * (1 + d * x))
        total += weight * a * rest
    result = np.zeros(h.shape)
    result[near] = total
    return result


def _polynomial_part(gap: FloatArray, a: FloatArray, c: FloatArray, d: FloatArray) -> FloatArray:
    """Return I0 + c I1 + c d I2, I_j the integral of u^(2 j) exp(-gap^2 / (2 u^2)) from 0 to a, by parts.

    (2 j + 1) I_j = a^(2 j + 1) exp(-gap^2 / (2 a^2)) - gap^2 I_(j - 1), I_0 with the normal probability of -gap / a.
    """
    edge = np.exp(-gap * gap / (2 * a * a))
    zero = a * edge - gap * math.sqrt(_TWO_PI) * normal_cdf_of(-gap / a)
    one = (a**3 * edge - gap * gap * zero) / 3
    two = (a**5 * edge - gap * gap * one) / 5
    return zero + c * (one + d * two)
