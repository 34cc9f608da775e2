"""Log-likelihood and information criteria."""

from __future__ import annotations

import math

from trustsem.inference.measures.context import FitContext, MeasureSet


def information_measures(context: FitContext) -> MeasureSet:
    """Return logl, AIC (Akaike 1974), BIC (Schwarz 1978) and the sample-size adjusted BIC (Sclove 1987) as bic2."""
    logl, npar, n_obs = context.log_likelihood.model, context.n_parameters, context.n_obs
    return MeasureSet(
        {
            "logl": logl,
            "unrestricted_logl": context.log_likelihood.saturated,
            "aic": -2 * logl + 2 * npar,
            "bic": -2 * logl + npar * math.log(n_obs),
            "bic2": -2 * logl + npar * math.log((n_obs + 2) / 24),
        }
    )
