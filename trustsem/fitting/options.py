"""Every option of `ts.fit`: what is supported, what is refused by name, and what to use instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trustsem.errors import UsageError
from trustsem.fitting.bootstrap_errors import BOOTSTRAP, ResampleOptions, resample_faults, resample_options
from trustsem.fitting.data_options import DataOptions, Missing, WeightsNormalization
from trustsem.fitting.resolve import information_of, resolve_pipeline
from trustsem.fitting.resolve_ordinal import OrdinalOptions, resolve_ordinal
from trustsem.fitting.words import word
from trustsem.inference import InformationKind, Likelihood, ObservedInformation
from trustsem.inference.chisquares import TestKind
from trustsem.inference.robust import H1Information
from trustsem.inference.standard_errors import ErrorKind
from trustsem.pipeline import ESTIMATORS, PipelineOptions
from trustsem.spec import Bounds, ProductIndicators, SpecOptions, preset_of
from trustsem.suggestions import suggest


@dataclass(frozen=True, slots=True)
class RefusedOption:
    """An option of the public interface that this version cannot honour, and the alternative."""

    name: str
    meaning: str
    alternative: str


# Options whose value must stay at its default; the list only shrinks.
REFUSED_OPTIONS: Mapping[str, RefusedOption] = {
    option.name: option
    for option in (
        RefusedOption("strata", "survey strata", "Fit without them and say so."),
        RefusedOption("fpc", "finite population correction", "Fit without it: standard errors are conservative."),
        RefusedOption(
            "replicate_weights", "replicate weights", "Use sampling_weights with cluster, or fit.reweight(weights)."
        ),
        RefusedOption(
            "replicate_type", "replicate weights", "Use sampling_weights with cluster, or fit.reweight(weights)."
        ),
        RefusedOption(
            "replicate_scale", "replicate weights", "Use sampling_weights with cluster, or fit.reweight(weights)."
        ),
    )
}

AUTO = "auto"  # the estimator that `recommend_estimator` names; `ts.fit` puts that in its place

_UNSET = (None, (), False, [], "")


@dataclass(frozen=True, slots=True)
class FitOptions:
    """The options of one fit after validation."""

    spec: SpecOptions
    pipeline: PipelineOptions
    data: DataOptions
    ordinal: OrdinalOptions | None
    given: Mapping[str, Any]  # every option with its value, for the record
    resample: ResampleOptions | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return all options as JSON-ready values."""
        return dict(self.given)


def read_options(options: Mapping[str, Any], *, grouped_moments: bool = False) -> FitOptions:
    """Check all options at once and turn them into what the layers below take.

    Args:
        options: Every option of `ts.fit` with its value.
        grouped_moments: Whether moments of several groups were given: there is no column of groups then.

    Raises:
        UsageError: one fault per option that is unknown, has a value that is not allowed, or is not supported yet.
    """
    _raise_if(*_not_names(options))
    _raise_if(
        *_refused(options),
        *_closed_choices(options),
        *_flags(options),
        *_columns(options, grouped_moments),
        *_ordinal_faults(options),
        *resample_faults(options),
    )
    resample = resample_options(options)
    if resample is not None:  # draws replace the errors that the estimator has
        options = {**options, "se": None}
    data = _data_options(options)
    ordinal = _ordinal_options(options)
    pipeline, faults = (resolve_pipeline if ordinal is None else resolve_ordinal)(options, data)
    _raise_if(*faults)
    spec = SpecOptions(
        preset=preset_of(options["preset"]),
        meanstructure=_meanstructure(options, data),
        std_lv=options["std_lv"],
        effect_coding=options["effect_coding"],
        orthogonal=options["orthogonal"],
        fixed_x=_fixed_x(options, pipeline, ordinal),
        bounds=Bounds(word(options["bounds"] or "none")),
        group_equal=names_in(options["group_equal"]),
        group_partial=names_in(options["group_partial"]),
        theta=ordinal is not None and word(options["parameterization"]) == "theta",
        conditional_x=options["conditional_x"],
        product_indicators=_product_indicators(options),
    )
    given = {
        **options,
        "missing": data.missing.value,
        "estimator": pipeline.estimator,
        "information": information_of(pipeline, data),
        "h1_information": pipeline.h1.value,
        "se": pipeline.used_errors.value if resample is None else BOOTSTRAP,
        "bootstrap": None if resample is None else resample.n,
        "test": [kind.value for kind in pipeline.used_tests],
        "fixed_x": spec.uses_fixed_x,
        "parameterization": "theta" if spec.theta else "delta",
        "product_indicators": None if spec.product_indicators is None else spec.product_indicators.value,
    }
    return FitOptions(spec, pipeline, data, ordinal, given, resample)


def _raise_if(*faults: str) -> None:
    if faults:
        raise UsageError(
            "Some options cannot be used.",
            faults=faults,
            remedy="`trustsem check --refused` prints everything that this version refuses.",
            code="option-not-supported",
        )


_NAMES = ("ordered", "group_label", "group_equal", "group_partial", "auxiliary")


def with_lists(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with names that came as an array, an index or a column as lists."""
    return {
        name: value.tolist() if name in _NAMES and hasattr(value, "tolist") else value
        for name, value in options.items()
    }


def _not_names(options: Mapping[str, Any]) -> list[str]:
    """Return which options should be names and are something else."""
    return [
        f"{name} takes {'True or ' * (name == 'ordered')}names, as text or as a list; got {options[name]!r}."
        for name in _NAMES
        if options[name] is not None
        and not (name == "ordered" and isinstance(options[name], bool))
        and (isinstance(options[name], (bytes, Mapping)) or not isinstance(options[name], Iterable))
    ]


def names_in(value: Any) -> tuple[str, ...]:
    """Return names that are given as one text, a list, or not at all."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(str(name) for name in value)


def _ordinal_options(options: Mapping[str, Any]) -> OrdinalOptions | None:
    ordered = options["ordered"]
    if ordered is None or ordered is False or (ordered is not True and not names_in(ordered)):
        return None
    zero = options["zero_cells"]
    is_default = word(options["estimator"]) == "ml"
    return OrdinalOptions(
        True if ordered is True else names_in(ordered), None if zero is None else tuple(zero), is_default
    )


def _product_indicators(options: Mapping[str, Any]) -> ProductIndicators | None:
    given = options["product_indicators"]
    return None if given is None else ProductIndicators(word(given))


def _fixed_x(options: Mapping[str, Any], pipeline: PipelineOptions, ordinal: OrdinalOptions | None) -> bool | None:
    """Return whether moments of predictors come from the sample; lavaan's default for least squares: no.

    With ordinal items: yes, as the model is conditional on predictors, and no where it is not.
    """
    given = options["fixed_x"]
    if given is not None:
        return given
    if ordinal is not None:
        return False if options["conditional_x"] is False else None
    return False if pipeline.spec.discrepancy != "ML" else None


def _ordinal_faults(options: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with options of ordinal items."""
    faults = []
    ordered = options["ordered"]
    if ordered is not None and not isinstance(ordered, (bool, str, list, tuple)):
        faults.append(f"ordered must be True or names of items, not {ordered!r}.")
    is_ordinal = bool(ordered)
    zero, conditional = options["zero_cells"], options["conditional_x"]
    if conditional is not None and not isinstance(conditional, bool):
        faults.append(f"conditional_x must be True, False or None, not {conditional!r}.")
    if not is_ordinal:
        faults.extend(
            f"{name} is for ordinal items: name these in ordered=, or leave {name} out.{also}"
            for name, value, also in (
                ("conditional_x", conditional, " fixed_x fixes predictors of continuous answers."),
                ("zero_cells", zero, ""),
            )
            if value is not None
        )
        if word(options["parameterization"]) == "theta":
            faults.append("parameterization is for ordinal items: name these in ordered=, or leave it at delta.")
    elif conditional is True and options["fixed_x"] is False:
        faults.append("conditional_x=True takes predictors as fixed: leave fixed_x out.")
    if zero is not None and not _is_pair(zero):
        faults.append("zero_cells takes two numbers of at least 0: added to empty cells of 2x2 and of larger tables.")
    return faults


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, (list, tuple))
        and len(value) == 2
        and all(isinstance(part, (int, float)) and part >= 0 for part in value)
    )


def _meanstructure(options: Mapping[str, Any], data: DataOptions) -> bool | None:
    """Return whether means are modelled: always with missing answers, by default with clusters (as in lavaan)."""
    if data.missing.needs_means:
        return True
    given = options["meanstructure"]
    return True if given is None and data.cluster is not None else given


def _data_options(options: Mapping[str, Any]) -> DataOptions:
    missing = Missing.of(word(options["missing"]))
    return DataOptions(
        missing=missing,
        group=options["group"],
        group_label=names_in(options["group_label"]),
        cluster=options["cluster"],
        weights=options["sampling_weights"],
        normalization=WeightsNormalization(word(options["weights_normalization"])),
        auxiliary=names_in(options["auxiliary"]),
        expected_moments=missing.is_two_stage and word(options["information"]) == "expected",
    )


def _refused(options: Mapping[str, Any]) -> list[str]:
    faults = []
    for name, option in REFUSED_OPTIONS.items():
        value = options.get(name)
        if not any(value is unset or value == unset for unset in _UNSET):
            faults.append(f"{name}: {option.meaning}: not in this version. {option.alternative}")
    return faults


_CHOICES: Mapping[str, Sequence[str]] = {
    "estimator": tuple(name.lower() for name in ESTIMATORS),
    "missing": Missing.names(),
    "likelihood": tuple(kind.value for kind in Likelihood),
    "information": tuple(kind.value for kind in InformationKind),
    "observed_information": tuple(kind.value for kind in ObservedInformation),
    "h1_information": tuple(kind.value for kind in H1Information),
    "se": (*(kind.value for kind in ErrorKind), BOOTSTRAP, "robust", "two_stage", "robust_two_stage"),
    "test": (*(kind.value for kind in TestKind), "default"),
    "parameterization": ("delta", "theta"),
    "weights_normalization": tuple(kind.value for kind in WeightsNormalization),
    "product_indicators": tuple(kind.value for kind in ProductIndicators),
    "bounds": tuple(kind.value for kind in Bounds),
    "preset": ("sem", "cfa", "growth", "none"),
}
_SEVERAL = frozenset({"test", "observed_information"})
_OPTIONAL = frozenset(
    {
        "information",
        "observed_information",
        "h1_information",
        "se",
        "test",
        "bounds",
        "parameterization",
        "product_indicators",
    }
)


def _closed_choices(options: Mapping[str, Any]) -> list[str]:
    faults = []
    if word(options["estimator"]) == AUTO:
        return ["estimator='auto' chooses by the answers: it needs data, in a fit of its own."]
    for name, allowed in _CHOICES.items():
        value = options[name]
        if value is None and name in _OPTIONAL:
            continue
        several = value if name in _SEVERAL and isinstance(value, (list, tuple)) else (value,)
        for one in several:
            if word(one) not in allowed:
                hint = suggest(word(one), allowed)
                faults.append(f"{name}={one!r} is not available.{hint} Allowed: {', '.join(allowed)}.")
    if isinstance(options["observed_information"], (list, tuple)) and len(options["observed_information"]) not in (
        1,
        2,
    ):
        faults.append("observed_information takes one value, or two: of the standard errors and of the test.")
    return faults


def _columns(options: Mapping[str, Any], grouped_moments: bool) -> list[str]:
    faults = [
        f"{name} names one column of the data; got {options[name]!r}."
        for name in ("group", "cluster", "sampling_weights")
        if options[name] is not None and not isinstance(options[name], str)
    ]
    if options["group"] is None and not grouped_moments:
        faults.extend(
            f"{name} needs group=, the column that splits the sample."
            for name in ("group_label", "group_equal", "group_partial")
            if names_in(options[name])
        )
    missing = word(options["missing"])
    if missing in Missing.names() and Missing.of(missing).needs_means and options["meanstructure"] is False:
        faults.append("meanstructure=False: incomplete rows need means in the model. Leave it out.")
    if options["sampling_weights"] is None and word(options["weights_normalization"]) != "group":
        faults.append("weights_normalization has no effect without sampling_weights: leave it out.")
    if names_in(options["group_partial"]) and not names_in(options["group_equal"]):
        faults.append("group_partial names exceptions from group_equal, which is empty.")
    return faults


def _flags(options: Mapping[str, Any]) -> list[str]:
    faults = []
    for name in ("std_lv", "effect_coding", "orthogonal"):
        if not isinstance(options[name], bool):
            faults.append(f"{name} must be True or False, not {options[name]!r}.")
    for name in ("meanstructure", "fixed_x"):
        if options[name] is not None and not isinstance(options[name], bool):
            faults.append(f"{name} must be True, False or None, not {options[name]!r}.")
    if options["std_lv"] is True and options["effect_coding"] is True:
        faults.append("std_lv and effect_coding both set the scale of the factors: choose one.")
    return faults
