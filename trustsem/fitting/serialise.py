"""A fit as JSON-ready values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from trustsem.fitting.account import data_account
from trustsem.version import __version__

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

SCHEMA = "trustsem.fit/1"


def fit_to_dict(fit: Fit) -> dict[str, Any]:
    """Return everything a fit says, with null for what is absent; stable order, no time stamps."""
    fitted, model, data = fit.fitted, fit.model, fit.data
    estimate = fitted.estimate
    return {
        "schema": SCHEMA,
        "version": __version__,
        "model": {"name": model.name, "syntax": model.syntax.text, "instrument": model.instrument},
        "data": {"source": data.source, "n_total": data.n_total, "n_obs": fit.n_obs, **_account(fit)},
        "options": {name: plain(value) for name, value in fit.options.to_dict().items()},
        "optimiser": {
            "status": estimate.optimum.status.value,
            "method": estimate.optimum.method,
            "iterations": estimate.iterations,
        },
        "n_obs": fit.n_obs,
        "converged": fit.converged,
        "admissible": fit.admissible,
        "identification": {"df": fitted.identification.df, "rank": fitted.identification.rank},
        "estimates": records(fit.estimates),
        "tests": records(fit.tests),
        "group_fit": records(fit.group_fit()),
        "fit_measures": {name: plain(value) for name, value in fit.fit_measures.items()},
        "undefined_measures": fit.undefined_measures,
        "r_squared": fit.r_squared(),
        "loops": records(fit.loops()),
        "findings": [finding.to_dict() for finding in fit.findings],
    }


def _account(fit: Fit) -> dict[str, Any]:
    """Return groups, missing answers, clusters and weights, and the column of the groups."""
    account = data_account(fit)
    return {name: plain(value) for name, value in {"group": fit.options.data.group, **account}.items()}


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a frame as a list of JSON-ready rows."""
    columns = list(frame.columns)
    return [
        {name: plain(value) for name, value in zip(columns, row, strict=True)}
        for row in zip(*(frame[name].tolist() for name in columns), strict=True)
    ]


def plain(value: object) -> Any:
    """Return a value as JSON can hold it; NaN and infinities become null."""
    if isinstance(value, (bool, str)) or value is None:
        return value
    if isinstance(value, (np.integer, int)):
        return int(value)
    if isinstance(value, (np.floating, float)):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    return str(getattr(value, "value", value))
