"""A pooled fit as JSON-ready values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trustsem.fitting.serialise import plain, records
from trustsem.version import __version__

if TYPE_CHECKING:
    from trustsem.fitting.pooled import PooledFit

SCHEMA = "trustsem.fit_imputed/1"


def pooled_to_dict(fit: PooledFit) -> dict[str, Any]:
    """Return everything a pooled fit says, with null for what is absent or infinite; stable order, no time stamps."""
    model, options = fit.fits[0].model, fit.fits[0].options
    return {
        "schema": SCHEMA,
        "version": __version__,
        "model": {"name": model.name, "syntax": model.syntax.text, "instrument": model.instrument},
        "options": {name: plain(value) for name, value in options.to_dict().items()},
        "pooling": {
            "n_given": fit.n_given,
            "n_imputations": fit.n_imputations,
            "complete_df": fit.complete_df,
            "fit_measures_from": fit.pool,
        },
        "imputation": None if fit.imputation is None else dict(fit.imputation),
        "n_obs": fit.n_obs,
        "estimates": records(fit.estimates),
        "tests": records(fit.tests),
        "undefined_tests": dict(fit.model_tests.undefined),
        "fit_measures": {name: plain(value) for name, value in fit.fit_measures.items()},
        "undefined_measures": fit.undefined_measures,
        "r_squared": fit.r_squared(),
        "findings": [finding.to_dict() for finding in fit.findings],
    }
