"""Does the answer depend on the estimator? The main model's paths with ordinal and with continuous answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trustsem.fitting import Fit, fit
from trustsem.fitting.claims import path_claims
from trustsem.fitting.serialise import plain
from trustsem.spec import load_model
from trustsem.study.parts.context import Context, Frames

_KEPT = ("group", "group_label", "group_equal", "group_partial", "cluster", "sampling_weights", "std_lv")


def estimators(context: Context) -> Frames | None:
    """Fit the main model by the other kind of estimator; None for a model without paths.

    Ordinal answers beside answers as numbers with robust errors, or the other way round.
    """
    import pandas as pd

    rows = path_claims(context.main)
    if not rows:
        return None
    ordinal = context.main.fitted.table.ordinal is not None
    entry = context.spec.models[0]
    other = fit(load_model(entry.model), context.survey, **_options(entry.options, to_ordinal=not ordinal))
    beside = {(row.predictor, row.outcome, row.group): row.claim for row in path_claims(other)}
    records = []
    for row in rows:
        claim = beside[row.predictor, row.outcome, row.group]
        record = {"predictor": row.predictor, "outcome": row.outcome, "group": row.group}
        for name, one in (("main", row.claim), ("other", claim)):
            record |= {f"{name}_std": one.std, f"{name}_pvalue": one.pvalue, f"{name}_verdict": one.verdict.value}
        records.append(record)
    facts = {**_facts("main", context.main), **_facts("other", other)}
    return Frames({"paths": pd.DataFrame(records)}, _doubts(other), facts)


def _options(own: Mapping[str, Any], *, to_ordinal: bool) -> dict[str, Any]:
    kept = {name: value for name, value in own.items() if name in _KEPT}
    if to_ordinal:
        return {**kept, "ordered": True, "estimator": "WLSMV"}
    return {**kept, "ordered": False, "estimator": "MLR"}


def _facts(name: str, fitted: Fit) -> dict[str, Any]:
    kind = "continuous" if fitted.fitted.table.ordinal is None else "ordinal"
    estimator = str(plain(fitted.options.to_dict()["estimator"]))
    return {
        f"{name}_kind": kind,
        f"{name}_estimator": estimator,
        f"{name}_n_obs": fitted.n_obs,
        f"{name}_admissible": fitted.admissible,
    }


def _doubts(other: Fit) -> tuple[Any, ...]:
    return () if other.admissible else other.findings
