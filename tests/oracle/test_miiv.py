"""MIIV-2SLS against published results.

Sources: the documented output of MIIVsem 0.5.2 (its README: instruments, estimates, standard errors and Sargan tests of
Bollen's political democracy data); Kmenta (1986), Elements of Econometrics, table 13-1, with the two-stage least
squares that the documentation of R's systemfit prints; two-stage least squares on rows, written out below, for the
peers of Duncan, Haller & Portes (1968).
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.effects.miiv import two_stage_least_squares
from trustsem.fitting.miiv import Miiv

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
PRINTED = 5.001e-4  # three decimals are printed
SEVEN = 1e-6  # systemfit prints seven digits

DEMOCRACY = """
Eta1 =~ y1 + y2 + y3 + y4
Eta2 =~ y5 + y6 + y7 + y8
Xi1 =~ x1 + x2 + x3
Eta1 ~ Xi1
Eta2 ~ Xi1
Eta2 ~ Eta1
y1 ~~ y5
y2 ~~ y4
y2 ~~ y6
y3 ~~ y7
y4 ~~ y8
y6 ~~ y8
"""
# outcome: instruments, Sargan, df, p
EQUATIONS = {
    "y2": ("y3 y7 y8 x1 x2 x3", 8.409, 5, 0.135),
    "y3": ("y2 y4 y6 y8 x1 x2 x3", 5.874, 6, 0.437),
    "y4": ("y3 y6 y7 x1 x2 x3", 4.276, 5, 0.510),
    "y6": ("y3 y4 y7 x1 x2 x3", 8.712, 5, 0.121),
    "y7": ("y2 y4 y6 y8 x1 x2 x3", 9.538, 6, 0.146),
    "y8": ("y2 y3 y7 x1 x2 x3", 2.795, 5, 0.731),
    "x2": ("y1 y2 y3 y4 y6 y5 y7 y8 x3", 8.301, 8, 0.405),
    "x3": ("y1 y2 y3 y4 y6 y5 y7 y8 x2", 8.738, 8, 0.365),
    "Eta1": ("x2 x3", 0.503, 1, 0.478),
    "Eta2": ("y2 y3 y4 x2 x3", 0.801, 3, 0.849),
}
COEFFICIENTS = {
    "Eta1=~y2": (1.139, 0.179), "Eta1=~y3": (0.969, 0.140), "Eta1=~y4": (1.210, 0.139),
    "Eta2=~y6": (1.051, 0.165), "Eta2=~y7": (1.180, 0.151), "Eta2=~y8": (1.203, 0.154),
    "Xi1=~x2": (2.078, 0.128), "Xi1=~x3": (1.751, 0.149),
    "Eta1~Xi1": (1.261, 0.426), "Eta2~Xi1": (1.123, 0.312), "Eta2~Eta1": (0.724, 0.101),
}  # fmt: skip

KMENTA = """
98.485 100.323 87.4 98.0 1
99.187 104.264 97.6 99.1 2
102.163 103.435 96.7 99.1 3
101.504 104.506 98.2 98.1 4
104.240 98.001 99.8 110.8 5
103.243 99.456 100.5 108.2 6
103.993 101.066 103.2 105.6 7
99.900 104.763 107.8 109.8 8
100.350 96.446 96.6 108.7 9
102.820 91.228 88.9 100.6 10
95.435 93.085 75.1 81.0 11
92.424 98.801 76.9 68.6 12
94.535 102.908 84.6 70.9 13
98.757 98.756 90.6 81.4 14
105.797 95.119 103.1 102.3 15
100.225 98.451 105.1 105.0 16
103.522 86.498 96.4 110.5 17
99.929 104.016 104.4 92.5 18
105.223 105.769 110.7 89.3 19
106.232 113.490 127.1 93.0 20
"""


@cache
def democracy() -> Miiv:
    return ts.fit(DEMOCRACY, pd.read_csv(GOLDEN / "data" / "pd.csv")).miiv()


@pytest.mark.parametrize("outcome", EQUATIONS)
def test_instruments_and_sargan_of_political_democracy(outcome: str) -> None:
    equation = democracy().equation(outcome)
    assert equation is not None
    assert equation.result is not None
    instruments, sargan, df, pvalue = EQUATIONS[outcome]
    assert sorted(equation.instruments) == sorted(instruments.split())
    assert equation.result.sargan == pytest.approx(sargan, abs=PRINTED)
    assert equation.result.sargan_df == df
    assert equation.result.sargan_pvalue == pytest.approx(pvalue, abs=PRINTED)


def test_coefficients_of_political_democracy() -> None:
    frame = democracy().estimates
    ours = {row["lhs"] + row["op"] + row["rhs"]: row for row in frame.to_dict("records")}
    assert ours.keys() == COEFFICIENTS.keys()
    for name, (est, se) in COEFFICIENTS.items():
        assert ours[name]["est"] == pytest.approx(est, abs=PRINTED), name
        assert ours[name]["se"] == pytest.approx(se, abs=PRINTED), name


def test_moments_give_what_rows_give() -> None:
    data = pd.read_csv(GOLDEN / "data" / "pd.csv")
    from_moments = ts.fit(DEMOCRACY, sample_cov=data.cov(), n_obs=len(data)).miiv()
    assert from_moments.estimates["est"].to_numpy() == pytest.approx(democracy().estimates["est"].to_numpy())
    assert from_moments.equations["sargan"].to_numpy() == pytest.approx(democracy().equations["sargan"].to_numpy())


def kmenta() -> pd.DataFrame:
    rows = [list(map(float, line.split())) for line in KMENTA.strip().splitlines()]
    return pd.DataFrame(rows, columns=["consump", "price", "income", "farm", "trend"])


@pytest.mark.parametrize(
    ("regressors", "estimates", "errors"),
    [
        (["price", "income"], [-0.2435565, 0.3139918], [0.0964843, 0.0469437]),
        (["price", "farm", "trend"], [0.2400758, 0.2556057, 0.2529242], [0.0999339, 0.0472501, 0.0996551]),
    ],
)
def test_supply_and_demand(regressors: list[str], estimates: list[float], errors: list[float]) -> None:
    """systemfit divides the residual variance by n - k, intercept included; here it is n."""
    data = kmenta()
    names, identity = list(data), np.eye(5)
    picked = identity[[names.index(name) for name in regressors]]
    result = two_stage_least_squares(np.cov(data.to_numpy().T, bias=True), 20, identity[0], picked, [2, 3, 4])
    assert result is not None
    assert result.coefficients == pytest.approx(estimates, abs=SEVEN)
    wider = np.sqrt(np.diag(result.covariance) * 20 / (20 - len(regressors) - 1))
    assert wider == pytest.approx(errors, abs=SEVEN)


def test_the_demand_equation_through_a_fit() -> None:
    fit = ts.fit("consump ~ price + income\nprice ~ consump + farm + trend\nconsump ~~ price", kmenta())
    equation = fit.miiv().equation("consump")
    assert equation is not None
    assert equation.instruments == ("income", "farm", "trend")
    assert equation.coefficient("price") == pytest.approx((-0.2435565, 0.0964843 * np.sqrt(17 / 20)), abs=SEVEN)


def test_reciprocal_peers_by_hand() -> None:
    """RGenAsp ~ ... + FGenAsp with ROccAsp and FOccAsp as scaling indicators, on rows that have the correlations.

    Errors of both scaling indicators and both disturbances are in the composite disturbance, so that of the indicators
    of ambition none is left; what is left is what the two boys' equations leave out.
    """
    reference = json.loads((GOLDEN / "duncan.json").read_text(encoding="utf-8"))
    names, n = reference["names"], reference["n_obs"]
    correlations = np.array(reference["correlations"])
    rng = np.random.default_rng(1)
    raw = rng.normal(size=(n, len(names)))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(raw.T @ raw / (n - 1))).T
    rows = pd.DataFrame(white @ np.linalg.cholesky(correlations).T, columns=names)
    fit = ts.fit(reference["model"], sample_cov=pd.DataFrame(correlations, names, names), n_obs=n)
    # labels alone are no constraints, so the model may be estimated equation by equation
    equation = fit.miiv().equation("RGenAsp")
    assert equation is not None
    own = ["RParAsp", "RIQ", "RSES", "FSES"]
    assert sorted(equation.instruments) == sorted([*own, "FIQ", "FParAsp"])
    by_hand = dict(zip([*own, "FGenAsp"], _by_hand(rows, "ROccAsp", [*own, "FOccAsp"], [*own, "FIQ", "FParAsp"])))
    assert equation.result is not None
    for name, value in by_hand.items():
        assert equation.coefficient(name)[0] == pytest.approx(value, abs=1e-9), name  # type: ignore[index]
    assert equation.result.sargan == pytest.approx(_sargan_by_hand(rows, by_hand, own), abs=1e-7)
    assert equation.strength is not None
    assert equation.strength.f == pytest.approx(_f_by_hand(rows, own), rel=1e-9)


def _by_hand(rows: pd.DataFrame, y: str, x: list[str], v: list[str]) -> np.ndarray:
    """First stage, then ordinary least squares on its fitted values."""
    instruments = rows[v].to_numpy()
    fitted = instruments @ np.linalg.lstsq(instruments, rows[x].to_numpy(), rcond=None)[0]
    return np.linalg.lstsq(fitted, rows[y].to_numpy(), rcond=None)[0]


def _sargan_by_hand(rows: pd.DataFrame, slopes: dict[str, float], own: list[str]) -> float:
    residual = rows["ROccAsp"].to_numpy() - rows[[*own, "FOccAsp"]].to_numpy() @ np.array(list(slopes.values()))
    instruments = rows[[*own, "FIQ", "FParAsp"]].to_numpy()
    explained = instruments @ np.linalg.lstsq(instruments, residual, rcond=None)[0]
    return len(rows) * float(explained @ explained) / float(residual @ residual)


def _f_by_hand(rows: pd.DataFrame, own: list[str]) -> float:
    """The F test of the two instruments that the equation leaves out, in the regression of FOccAsp."""

    def left(v: list[str]) -> float:
        x = rows[v].to_numpy()
        y = rows["FOccAsp"].to_numpy()
        return float(((y - x @ np.linalg.lstsq(x, y, rcond=None)[0]) ** 2).sum())

    without, with_both = left(own), left([*own, "FIQ", "FParAsp"])
    return (without - with_both) / 2 / (with_both / (len(rows) - 1 - len(own) - 2))
