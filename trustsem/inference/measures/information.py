"""Log-likelihood, information criteria, scaling factors of the log-likelihood."""

from __future__ import annotations

import math

from trustsem.inference.measures.context import FitContext, MeasureSet


def information_measures(context: FitContext) -> MeasureSet:
    """Return logl, AIC (Akaike 1974), BIC (Schwarz 1978) and the sample-size adjusted BIC (Sclove 1987) as bic2.

    Yuan-Bentler tests add the scaling factors of both log-likelihoods, tr(A^-1 B) / parameters (Mplus' correction
    factors); nothing for estimators without a likelihood.
    """
    if not context.is_likelihood:
        return MeasureSet({})
    logl, npar, n_obs = context.log_likelihood.model, context.n_parameters, context.n_obs
    values: dict[str, float | None] = {
        "logl": logl,
        "unrestricted_logl": context.log_likelihood.saturated,
        "aic": -2 * logl + 2 * npar,
        "bic": -2 * logl + npar * math.log(n_obs),
        "bic2": -2 * logl + npar * math.log((n_obs + 2) / 24),
    }
    test = context.scaled
    if test is not None and test.trace_h1 is not None and test.trace_h0 is not None:
        saturated = npar + context.test.df
        values["scaling_factor_h1"] = test.trace_h1 / saturated
        # lavaan divides by the free rows, those that equality constraints bind included
        values["scaling_factor_h0"] = test.trace_h0 / context.n_free if context.n_free else None
    return MeasureSet(values)
