"""Options of a fit to the moments of a survey that was read in parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trustsem.errors import UsageError
from trustsem.fitting.data_options import WeightsNormalization
from trustsem.fitting.words import word
from trustsem.survey.partitions.record import SurveyMoments


def with_survey_moments(moments: SurveyMoments, options: Mapping[str, Any]) -> tuple[SurveyMoments, dict[str, Any]]:
    """Return moments of the groups that are fitted, and the options that go with them.

    The column of the groups has done its work where it is the one that was asked for. Weights are an option of the fit
    again, so that what needs the weighted rows themselves is refused.

    Raises:
        UsageError: groups or weights other than those of the moments.
    """
    given = dict(options)
    if given["group"] is not None and given["group"] == moments.group:
        given["group"] = None
    if moments.weights is not None:
        if given["sampling_weights"] not in (None, moments.weights):
            raise UsageError(
                f"The moments are weighted by '{moments.weights}', not by '{given['sampling_weights']}'.",
                remedy="Read them with weights=, the column that is meant.",
                code="other-weights",
            )
        if word(given["weights_normalization"]) != WeightsNormalization.GROUP.value:
            raise UsageError(
                "Moments are weighted group by group: weights_normalization cannot be changed afterwards.",
                remedy='Leave it at "group", or give data that fit memory.',
                code="no-raw-data",
            )
        given["sampling_weights"] = moments.weights
    labels = given["group_label"]
    return (moments.chosen(labels) if labels and moments.group is not None else moments), given
