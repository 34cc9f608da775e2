"""Likelihood, information and scores of incomplete data at lavaan 0.7-2's own estimates, without an optimiser."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from trustsem.discrepancy.fiml import fiml_expansion
from trustsem.implied import (
    Implied,
    build_layout,
    contracted_second_derivatives,
    implied_moments,
    moment_derivatives,
    sigma_jacobian,
)
from trustsem.inference.saturated import first_order_information, moment_information, saturated_covariance
from trustsem.moments import SampleGroup, SampleMoments
from trustsem.moments.em import EMResult, em_moments
from trustsem.moments.incomplete import Curvature, normal_expansion
from trustsem.moments.patterns import MissingPatterns, available_moments, missing_patterns
from trustsem.spec import SpecOptions, build_table
from trustsem.syntax import parse_model

FloatArray = NDArray[np.float64]
GOLDEN = Path(__file__).resolve().parents[1] / "golden"
FIML = ("hs-fiml", "hs-fiml-mlr", "hs-fiml-weights", "hs-fiml-cluster")
ROBUST = FIML[1:]
TWO_STAGE = ("hs-two-stage", "hs-robust-two-stage")

LOGL = 1e-7  # lavaan prints ten decimals; its estimates are 1e-6 from the maximum, where logl is flat
STANDARD_ERROR = 1e-6  # relative; the same distance of its estimates from the maximum
SCALING = 1e-6


@dataclass(frozen=True, eq=False)
class Case:
    """One golden file with its data and the model's moments at the estimates in it."""

    golden: dict[str, Any]
    values: FloatArray
    weights: FloatArray | None
    clusters: NDArray[np.intp] | None
    patterns: MissingPatterns
    saturated: EMResult
    implied: Implied
    jacobian: FloatArray
    second: FloatArray  # second derivatives of the moments, weighted with the slopes of F / 2
    curvature: FloatArray
    value: float
    errors: FloatArray

    @property
    def measures(self) -> dict[str, float]:
        return self.golden["fit_measures"]

    @property
    def information(self) -> FloatArray:
        """Observed information of one case about the parameters."""
        return self.jacobian.T @ self.curvature @ self.jacobian + self.second

    @property
    def meat(self) -> FloatArray:
        sigma, mu = self.implied.sigma, self.implied.mu
        options = {"weights": self.weights, "clusters": self.clusters, "jacobian": self.jacobian}
        return first_order_information(self.patterns, self.values, sigma, mu, **options)


@cache
def case(name: str) -> Case:
    golden = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    frame = pd.read_csv(GOLDEN / golden["data"])
    table = build_table(parse_model(golden["model"]), SpecOptions(meanstructure=True))
    values = frame[list(table.variables.observed)].to_numpy(float)
    weights = clusters = None
    if "weights" in name:
        weights = frame["w"].to_numpy() * len(frame) / frame["w"].sum()
    if "cluster" in name:
        clusters = pd.factorize(frame["room"])[0]
    patterns = missing_patterns(values, weights)
    saturated = em_moments(patterns)
    sample = SampleGroup(table.variables.observed, saturated.cov, saturated.mean, len(values))
    layout = build_layout(table, SampleMoments((sample,))).groups[0]
    rows = {(row["lhs"], row["op"], row["rhs"]): row for row in golden["estimates"]}
    found = [rows[row.lhs, row.op, row.rhs] for row in table.free_rows]
    theta, errors = (np.array([row[field] for row in found]) for field in ("est", "se"))
    implied = implied_moments(layout, theta)
    jacobian = sigma_jacobian(moment_derivatives(layout, implied, len(theta)), meanstructure=True)
    here = fiml_expansion(patterns, implied.sigma, implied.mu, Curvature.OBSERVED)
    assert here.curvature is not None
    second = contracted_second_derivatives(layout, implied, here.sigma_slope, here.mean_slope, len(theta)) / 2
    return Case(
        golden,
        values,
        weights,
        clusters,
        patterns,
        saturated,
        implied,
        jacobian,
        second,
        here.curvature,
        here.value,
        errors,
    )


@pytest.mark.parametrize("name", FIML)
def test_log_likelihoods(name: str) -> None:
    this = case(name)
    assert this.saturated.log_likelihood == pytest.approx(this.measures["unrestricted.logl"], abs=LOGL)
    assert -this.patterns.n_obs * this.value / 2 == pytest.approx(this.measures["logl"], abs=LOGL)
    chisq = this.patterns.n_obs * (this.value - this.saturated.value)
    assert chisq == pytest.approx(this.measures["chisq"], abs=2 * LOGL)


@pytest.mark.parametrize("name", FIML)
def test_independence_model_has_a_closed_form(name: str) -> None:
    this = case(name)
    mean, variances = available_moments(this.patterns)
    value = normal_expansion(this.patterns, np.diag(variances), mean).value
    chisq = this.patterns.n_obs * (value - this.saturated.value)
    assert chisq == pytest.approx(this.measures["baseline.chisq"], abs=1e-6)


def test_standard_errors_from_the_observed_information() -> None:
    this = case("hs-fiml")
    covariance = np.linalg.inv(this.information) / this.patterns.n_obs
    assert np.sqrt(np.diag(covariance)) == pytest.approx(this.errors, rel=STANDARD_ERROR)


@pytest.mark.parametrize("name", ROBUST)
def test_sandwich_standard_errors(name: str) -> None:
    this = case(name)
    bread = np.linalg.inv(this.information)
    covariance = bread @ this.meat @ bread / this.patterns.n_obs
    assert np.sqrt(np.diag(covariance)) == pytest.approx(this.errors, rel=STANDARD_ERROR)


@pytest.mark.parametrize("name", ROBUST)
def test_scaling_factor_of_yuan_and_bentler(name: str) -> None:
    """(tr A1^-1 B1 of the saturated model - tr A0^-1 B0 of the model) / df, with observed information A."""
    this = case(name)
    sigma, mu = this.saturated.cov, this.saturated.mean
    meat = first_order_information(this.patterns, this.values, sigma, mu, weights=this.weights, clusters=this.clusters)
    saturated = np.trace(np.linalg.solve(moment_information(this.patterns, sigma, mu), meat))
    model = np.trace(np.linalg.solve(this.information, this.meat))
    expected = this.measures["chisq.scaling.factor"]
    assert (saturated - model) / this.measures["df"] == pytest.approx(expected, rel=SCALING)


@pytest.mark.parametrize("name", TWO_STAGE)
def test_two_stage_standard_errors_and_scaling(name: str) -> None:
    """Complete-data weights at the EM moments around n times the covariance of the EM moments."""
    this = case(name)
    sigma, mu = this.saturated.cov, this.saturated.mean
    first_order = None
    if "robust" in name:
        first_order = first_order_information(this.patterns, this.values, sigma, mu)
    gamma = saturated_covariance(moment_information(this.patterns, sigma, mu), first_order)
    one_complete_case = missing_patterns(np.zeros((1, len(mu))))
    weight = moment_information(one_complete_case, sigma, mu, Curvature.EXPECTED)
    weighted = weight @ this.jacobian
    bread = np.linalg.inv(this.jacobian.T @ weighted)
    covariance = bread @ (weighted.T @ gamma @ weighted) @ bread / this.patterns.n_obs
    assert np.sqrt(np.diag(covariance)) == pytest.approx(this.errors, rel=STANDARD_ERROR)
    left_over = weight - weighted @ bread @ weighted.T
    expected = this.measures["chisq.scaling.factor"]
    assert np.trace(left_over @ gamma) / this.measures["df"] == pytest.approx(expected, rel=SCALING)
