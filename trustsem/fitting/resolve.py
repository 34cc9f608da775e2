"""From estimator, se, test and information as given to what a fit computes: lavaan's pairing, or a clear refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trustsem.fitting.data_options import DataOptions, Missing
from trustsem.fitting.words import word
from trustsem.inference import InformationKind, Likelihood, ObservedInformation
from trustsem.inference.chisquares import TestKind
from trustsem.inference.robust import H1Information
from trustsem.inference.standard_errors import ErrorKind
from trustsem.pipeline import ESTIMATORS, EstimatorSpec, PipelineOptions


def resolve_pipeline(options: Mapping[str, Any], data: DataOptions) -> tuple[PipelineOptions, list[str]]:
    """Return the choices of the numerical layers, and what speaks against them.

    Args:
        options: Options of a fit, each of an allowed value.
        data: What happens to the rows.
    """
    spec = ESTIMATORS[word(options["estimator"]).upper()]
    errors = _errors(options["se"], spec, data)
    tests = _tests(options["test"], spec, data)
    information = None if options["information"] is None else InformationKind(word(options["information"]))
    if information is None and data.missing.is_fiml and spec.information is not InformationKind.FIRST_ORDER:
        information = InformationKind.OBSERVED
    if data.missing.is_two_stage and information is not InformationKind.FIRST_ORDER:
        information = InformationKind.EXPECTED  # of the second stage; the option is for the moments of the first
    h1 = H1Information.UNSTRUCTURED if data.missing.is_two_stage else H1Information.STRUCTURED
    if options["h1_information"] is not None:
        h1 = H1Information(word(options["h1_information"]))
    likelihood = Likelihood(word(options["likelihood"]))
    pipeline = PipelineOptions(
        spec.name,
        likelihood,
        information,
        _observed_by(options["observed_information"]),
        errors,
        tests,
        h1,
        full_information=data.missing.is_fiml,
        robust_gamma=data.missing is Missing.ROBUST_TWO_STAGE,
        expected_gamma=data.expected_moments,
    )
    faults = _observed_faults(options["observed_information"], pipeline, data)
    return pipeline, [*faults, *_data_faults(spec, pipeline, data), *_kind_faults(options, spec, pipeline, data)]


def information_of(pipeline: PipelineOptions, data: DataOptions) -> str:
    """Return the information behind standard errors: with two-stage estimation that of the saturated moments."""
    if data.missing.is_two_stage:
        return "expected" if data.expected_moments else "observed"
    return pipeline.used_information.value


def _observed_by(given: Any) -> tuple[ObservedInformation, ObservedInformation]:
    """Return what the observed information of standard errors and of tests is: one name for both, or one each."""
    names = given if isinstance(given, (list, tuple)) else (given or ObservedInformation.HESSIAN,)
    return ObservedInformation(word(names[0])), ObservedInformation(word(names[-1]))


def _observed_faults(given: Any, pipeline: PipelineOptions, data: DataOptions) -> list[str]:
    if given is None:
        return []
    if pipeline.used_information is not InformationKind.OBSERVED:
        return ['observed_information has no effect without information="observed".']
    if not pipeline.discrepancy.is_likelihood or data.missing.is_two_stage or data.missing is Missing.PAIRWISE:
        return ["observed_information is for the likelihood of complete rows or full information: leave it out."]
    by_errors, by_test = pipeline.observed_by
    with_errors = pipeline.used_errors not in (ErrorKind.NONE, ErrorKind.FIRST_ORDER)
    with_test = TestKind.YUAN_BENTLER_MPLUS in pipeline.used_tests
    if by_errors is not by_test and not (with_errors and with_test):
        return ['observed_information takes two values only where test="yuan_bentler_mplus" has one of its own.']
    if not with_errors and not with_test:
        return ["observed_information has no effect on these standard errors and tests: leave it out."]
    return []


def _errors(given: Any, spec: EstimatorSpec, data: DataOptions) -> ErrorKind:
    if given is None:
        if data.missing.is_two_stage:
            return ErrorKind.ROBUST_SEM
        if spec.name == "ML" and data.needs_sandwich:
            return ErrorKind.ROBUST_HUBER_WHITE
        return spec.errors
    name = word(given)
    if name == "robust":
        sandwich = data.missing.is_fiml or data.needs_sandwich or spec.name == "MLR"
        return ErrorKind.ROBUST_HUBER_WHITE if sandwich else ErrorKind.ROBUST_SEM
    if name in ("two_stage", "robust_two_stage"):
        return ErrorKind.ROBUST_SEM
    return ErrorKind(name)


def _tests(given: Any, spec: EstimatorSpec, data: DataOptions) -> tuple[TestKind, ...]:
    named = named_tests(given)
    if named:
        return named
    if data.missing.is_two_stage:
        return (TestKind.SATORRA_BENTLER,)
    if spec.name == "ML" and data.needs_sandwich:
        return (TestKind.YUAN_BENTLER_MPLUS,)
    return (spec.test,)


def named_tests(given: Any) -> tuple[TestKind, ...]:
    """Return the tests that were asked for by name, each once; none where the estimator's own is wanted."""
    several = given if isinstance(given, (list, tuple)) else (given,)
    names = [word(name) for name in several if name is not None and word(name) != "default"]
    return tuple(dict.fromkeys(TestKind(name) for name in names))


def _data_faults(spec: EstimatorSpec, pipeline: PipelineOptions, data: DataOptions) -> list[str]:
    faults = []
    missing, name = data.missing.value, spec.name
    if spec.ordinal_only:
        faults.append(f'estimator {name} is for ordinal items: name these in ordered=, or use estimator="MLR".')
    if spec.complete_only and data.missing is not Missing.LISTWISE:
        alternative = "MLR" if data.missing.is_fiml else "ML"
        faults.append(f'estimator {name} needs complete rows, not missing="{missing}": use estimator="{alternative}".')
    if name != "ML" and not spec.complete_only and (data.missing.is_two_stage or data.missing is Missing.PAIRWISE):
        faults.append(
            f'missing="{missing}" goes with estimator="ML"; its corrections are its own, not those of {name}.'
        )
    if spec.discrepancy != "ML" and data.needs_sandwich:
        faults.append(f'estimator {name} cannot use weights or clusters: use estimator="MLR".')
    if data.needs_sandwich and (data.missing.is_two_stage or data.missing is Missing.PAIRWISE):
        faults.append(f'weights and clusters do not go with missing="{missing}": use missing="fiml".')
    if pipeline.likelihood is Likelihood.WISHART and (
        spec.discrepancy != "ML" or data.missing is not Missing.LISTWISE or data.needs_sandwich
    ):
        faults.append('likelihood="wishart" is for maximum likelihood on complete, unweighted rows: use "normal".')
    repeated = sorted({name for name in data.auxiliary if data.auxiliary.count(name) > 1})
    if repeated:
        faults.append(f"auxiliary names {', '.join(repeated)} more than once.")
    if data.auxiliary and not data.missing.needs_means:
        faults.append('auxiliary variables help with missing answers only: use missing="fiml" or "two_stage".')
    return faults


_NEEDS_GAMMA = frozenset({TestKind.SATORRA_BENTLER, TestKind.MEAN_VAR_ADJUSTED, TestKind.SCALED_SHIFTED})
_FROM_SCORES = frozenset({TestKind.YUAN_BENTLER, TestKind.YUAN_BENTLER_MPLUS})


def _kind_faults(
    options: Mapping[str, Any], spec: EstimatorSpec, pipeline: PipelineOptions, data: DataOptions
) -> list[str]:
    faults = _information_faults(options, spec, pipeline)
    errors, tests = pipeline.used_errors, set(pipeline.used_tests)
    residual = TestKind.BROWNE_RESIDUAL_ADF
    if data.missing.is_fiml:
        if pipeline.h1 is H1Information.UNSTRUCTURED:
            faults.append('h1_information="unstructured" needs complete rows: leave it out.')
        if errors is ErrorKind.ROBUST_SEM:
            faults.append('se="robust_sem" needs complete rows: use se="robust_huber_white".')
        faults.extend(
            f'test="{kind.value}" needs complete rows: use test="yuan_bentler_mplus".'
            for kind in pipeline.used_tests
            if kind in _NEEDS_GAMMA or kind.value.startswith("browne")
        )
    if data.missing.is_two_stage:
        if errors in (ErrorKind.FIRST_ORDER, ErrorKind.ROBUST_HUBER_WHITE):
            faults.append(f'se="{errors.value}" does not go with missing="{data.missing.value}": leave se out.')
        faults.extend(
            f'test="{kind.value}" does not go with missing="{data.missing.value}": use test="satorra_bentler".'
            for kind in pipeline.used_tests
            if kind in _FROM_SCORES or kind is residual
        )
    if data.missing is Missing.PAIRWISE and (errors is not ErrorKind.STANDARD or tests != {TestKind.STANDARD}):
        faults.append('missing="pairwise" has standard errors and test of normal theory only: use missing="fiml".')
    if spec.discrepancy != "ML":
        if errors in (ErrorKind.FIRST_ORDER, ErrorKind.ROBUST_HUBER_WHITE) or tests & _FROM_SCORES:
            faults.append(f'estimator {spec.name} has no likelihood: use se="robust_sem" and test="satorra_bentler".')
        if options["information"] is not None and pipeline.used_information is InformationKind.FIRST_ORDER:
            faults.append(f'information="first_order" needs a likelihood, which {spec.name} has not.')
    if pipeline.likelihood is Likelihood.WISHART and (
        errors not in (ErrorKind.STANDARD, ErrorKind.NONE) or tests != {TestKind.STANDARD}
    ):
        faults.append('likelihood="wishart" has the standard errors and test of normal theory only: use "normal".')
    if options["h1_information"] is not None and not _uses_h1(pipeline):
        faults.append("h1_information is for robust standard errors and tests: choose some, or leave it out.")
    return faults


def _information_faults(options: Mapping[str, Any], spec: EstimatorSpec, pipeline: PipelineOptions) -> list[str]:
    errors, is_scaled = pipeline.used_errors, any(kind.is_scaled for kind in pipeline.used_tests)
    is_robust = errors in (ErrorKind.ROBUST_SEM, ErrorKind.ROBUST_HUBER_WHITE)
    first = InformationKind.FIRST_ORDER
    if spec.discrepancy in ("ULS", "WLS") and pipeline.used_information is InformationKind.OBSERVED:
        return [f'information="observed" needs a likelihood or GLS; {spec.name} has the expected one: leave it out.']
    if pipeline.used_information is first and (is_robust or is_scaled):
        who = f"estimator {spec.name}" if options["information"] is None else 'information="first_order"'
        return [f"{who} has no robust standard errors and no scaled tests: use the estimator ML or MLR without it."]
    if options["information"] is None or is_scaled or errors not in (ErrorKind.NONE, ErrorKind.FIRST_ORDER):
        return []
    if errors is ErrorKind.FIRST_ORDER and pipeline.used_information is first:
        return []
    return [f'information has no effect with se="{errors.value}" and a test that needs none: leave it out.']


def _uses_h1(pipeline: PipelineOptions) -> bool:
    scaled = any(kind.is_scaled for kind in pipeline.used_tests)
    return scaled or pipeline.used_errors not in (ErrorKind.STANDARD, ErrorKind.NONE)
