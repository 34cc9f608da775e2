"""What users hand in, made one kind of thing: a parsed model, and moments with an account of the rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from trustsem.errors import DataError, ModelError, UsageError
from trustsem.fitting.data_options import DataOptions, Missing
from trustsem.fitting.product_columns import columns_to_read, require_rows_for, with_products
from trustsem.fitting.rows import grouped_rows, required_columns
from trustsem.fitting.sample import sample_moments
from trustsem.instruments import Codebook
from trustsem.moments import Cases, SampleGroup, SampleMoments, moments_from_input
from trustsem.moments.linalg import blas_threads_for
from trustsem.records import Finding, Severity
from trustsem.spec import LibraryModel, TrustModel, load_model
from trustsem.spec.table import LatentProduct
from trustsem.suggestions import shortened, suggest
from trustsem.survey import Survey, analysis_arrays, read_survey, suspicious_codes_in
from trustsem.survey.partitions.record import SurveyMoments
from trustsem.syntax import ModelSyntax, parse_model
from trustsem.syntax.nodes import ModifierKind


@dataclass(frozen=True, slots=True)
class ModelInput:
    """A parsed model and, where it came from the library, what is known of it."""

    syntax: ModelSyntax
    name: str | None
    library: LibraryModel | None
    instrument: str | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class DataInput:
    """Moments of the rows that are used, and which rows those are.

    Args:
        moments: Divisor n, the model's observed variables.
        row_index: (n_used,) positions in the data that were given, group after group; None when moments were given.
        n_total: Rows that were given; None when moments were given whose rows nobody told.
        source: File and its hash, where there is one.
        findings: Dropped rows, conversions.
        values: (n_used, p) answers in those rows, in the order of the model's variables (NaN: missing); None when
            moments were given.
        index: Row labels of the data that were given, all n_total of them; None when moments were given.
        codebook: The codebook that the answers were scored with; None without one.
    """

    moments: SampleMoments
    row_index: np.ndarray | None
    n_total: int | None
    source: Mapping[str, Any] | None
    findings: tuple[Finding, ...]
    values: np.ndarray | None = None
    index: pd.Index | None = None
    codebook: Codebook | None = None


@lru_cache(maxsize=32)
def parse_once(text: str, source: str | None = None) -> ModelSyntax:
    """Parse a model text, or return the (frozen) nodes of an earlier parse: one model is often fitted many times."""
    return parse_model(text, source=source)


def read_model(model: str | PathLike[str] | TrustModel | LibraryModel) -> ModelInput:
    """Parse a model that is given as text, as the path of a `.sem` file, as a shipped model or as a TrustModel.

    A text is taken for a path only if it is one line without any operator of the model language.

    Raises:
        ModelError: not readable, or a syntax error.
        UsageError: something else was handed in.
    """
    if isinstance(model, TrustModel):
        return ModelInput(parse_once(model.syntax()), "TrustModel", None, model.instrument)
    if isinstance(model, LibraryModel):
        return _library_input(model)
    if isinstance(model, PathLike):
        return _library_input(load_model(Path(model)))
    if not isinstance(model, str):
        raise UsageError(
            f"A model must be text, a path or a TrustModel, not {type(model).__name__}.", code="model-type"
        )
    if _looks_like_a_name(model):
        return _library_input(load_model(model.strip()))
    syntax = parse_once(model)
    return ModelInput(syntax, None, None, None, syntax.findings)


def _looks_like_a_name(text: str) -> bool:
    stripped = text.strip()
    return (
        bool(stripped)
        and "\n" not in stripped
        and not any(mark in stripped for mark in ("~", "=", "<", ">", "|", "#", "!"))
    )


def _library_input(library: LibraryModel) -> ModelInput:
    syntax = parse_once(library.syntax, library.path.name)
    return ModelInput(syntax, library.name, library, library.instrument, syntax.findings)


Statistics = Callable[[Sequence[Cases], Sequence[str]], tuple[SampleMoments, tuple[Finding, ...]]]


def load_data(data: object, model: ModelInput) -> pd.DataFrame | Survey | SampleMoments:
    """Read what was handed in as data: a file is scored with the codebook that the model names, if it names one.

    Raises:
        DataError, CodebookError: the file cannot be used.
        UsageError: something else was handed in.
    """
    if isinstance(data, (str, PathLike)):
        data = read_survey(data if isinstance(data, str) else Path(data), model.instrument)  # Path would mangle a URL
    if not isinstance(data, (pd.DataFrame, Survey, SampleMoments)):
        raise UsageError(
            f"Data must be a DataFrame, a Survey or the path of a file, not {type(data).__name__}.", code="data-type"
        )
    return data


def read_data(
    data: pd.DataFrame | Survey | SampleMoments,
    names: Sequence[str],
    model: ModelInput,
    options: DataOptions | None = None,
    labels: Sequence[str] = (),
    answered: Sequence[str] = (),
    statistics: Statistics | None = None,
    products: Sequence[LatentProduct] = (),
) -> DataInput:
    """Turn data into the moments of the rows that are used.

    Args:
        data: What `load_data` returned.
        names: Observed variables of the model, auxiliary ones after them.
        model: For messages.
        options: Roles of columns, and what happens to missing answers; complete rows of one group when None.
        labels: Groups, in order.
        answered: Variables that a row must have an answer to even where incomplete rows are used.
        statistics: Makes moments of the rows of each group; means and covariances when None.
        products: Product factors, whose indicators are made of the rows that are used.

    Raises:
        DataError, CodebookError: the data cannot be used.
        ModelError: the model names variables that the data do not have.
    """
    options = options or DataOptions()
    missing = options.missing
    expected = options.expected_moments
    make: Statistics = statistics or (
        lambda cases, columns: sample_moments(cases, columns, labels, missing, expected=expected)
    )
    if isinstance(data, (SampleMoments, SurveyMoments)):
        require_rows_for([product.name for product in products])
    if isinstance(data, SurveyMoments):
        return _read_survey_moments(data, names, model)
    if isinstance(data, SampleMoments):
        return DataInput(_select(data, names), None, None, None, ())
    given = columns_to_read(data, names, products)
    complete = options.missing is Missing.LISTWISE
    try:
        arrays = analysis_arrays(data, given, required=required_columns(options), complete=complete, answered=answered)
    except ModelError as error:
        if error.code == "unknown-variable":
            raise _unknown_variable(error, model) from None
        raise
    source = None
    if isinstance(data, pd.DataFrame):  # a survey was screened when it was read
        findings = suspicious_codes_in(arrays.values, arrays.names)
    else:
        findings = data.findings
        if data.source is not None:
            source = {**data.source.to_dict(), "codebook": None if data.codebook is None else data.codebook.id}
    rows = grouped_rows(arrays, options, labels)
    cases, lost = with_products(rows.cases, arrays.names, names, products)
    with blas_threads_for(len(names)):
        moments, found = make(cases, names)
    frame = data.frame if isinstance(data, Survey) else data
    every = (
        *findings,
        *arrays.findings,
        *rows.findings,
        *lost,
        *found,
        *_labels_that_are_columns(model.syntax, {str(name) for name in frame.columns}),
    )
    order = np.concatenate(rows.members)
    codebook = data.codebook if isinstance(data, Survey) else None
    rows_used, values = arrays.row_index[order], np.concatenate([group.values for group in cases])
    return DataInput(moments, rows_used, arrays.n_total, source, every, values, frame.index, codebook)


def _read_survey_moments(data: SurveyMoments, names: Sequence[str], model: ModelInput) -> DataInput:
    """Take over moments with their account of rows, which may have been left out for variables of no concern here."""
    _require_names(names, data.names, model, "the moments")
    findings = list(data.findings)
    others = {name: count for name, count in data.dropped_by.items() if name not in (*names, data.group)}
    if others:
        findings.append(
            Finding(
                "rows-dropped-for-others",
                Severity.WARNING,
                f"Among the rows that are not used, some may lack only answers that the model does not need: "
                f"{shortened(others)}.",
                remedy="Read the moments of the model's variables alone: read_moments(..., model=model).",
            )
        )
    if data.weights is not None:
        findings.append(
            Finding(
                "weights-without-rows",
                Severity.WARNING,
                f"Estimates use the weights '{data.weights}'; standard errors, tests and fit measures, if any, do "
                "not: they are those of as many unweighted rows, and usually too optimistic.",
                remedy="Fit a subsample in memory with sampling_weights= to see how much larger they are.",
            )
        )
    findings += _labels_that_are_columns(model.syntax, set(data.columns))
    return DataInput(_select(data, names), None, data.n_rows, data.source, tuple(findings))


def _labels_that_are_columns(syntax: ModelSyntax, columns: set[str]) -> list[Finding]:
    """Warn of `y ~ x1*x2` where both are columns: that labels the path of x2, it multiplies nothing."""
    findings = []
    for parameter in syntax.parameters:
        for modifier in parameter.modifiers:
            if modifier.kind is ModifierKind.LABEL and modifier.values[0] in columns:
                label, name = modifier.values[0], parameter.rhs
                findings.append(
                    Finding(
                        "label-is-a-column",
                        Severity.WARNING,
                        f"Line {modifier.span.line} of the model: {label}*{name} gives the parameter of {name} the "
                        f"label {label}, which is also a column of the data.",
                        remedy=f"If a product is meant, write {label}:{name}; if not, choose another label.",
                        parameter=f"{parameter.lhs}{parameter.op}{name}",
                    )
                )
    return findings


def _unknown_variable(error: ModelError, model: ModelInput) -> ModelError:
    """Add where in the model text each unknown variable stands."""
    faults = []
    for fault in error.faults:
        name = fault.split(":")[0]
        where = _mention(model.syntax, name)
        faults.append(f"{where}: {fault}" if where else fault)
    return ModelError(
        error.message,
        remedy=f"{error.remedy or ''} A latent variable needs a line with =~ .".strip(),
        faults=faults,
        code=error.code,
    )


def _mention(syntax: ModelSyntax, name: str) -> str | None:
    for parameter in syntax.parameters:
        for text, span in ((parameter.lhs, parameter.lhs_span), (parameter.rhs, parameter.span)):
            if name == text or name in text.split(":"):
                return f"{syntax.source or 'model'} line {span.line}, column {span.column}"
    return None


def read_matrices(
    sample_cov: object,
    sample_mean: object,
    n_obs: object,
    names: Sequence[str],
    model: ModelInput,
    labels: Sequence[str] = (),
    products: Sequence[LatentProduct] = (),
) -> DataInput:
    """Turn covariance matrices that are handed in into moments.

    Args:
        sample_cov: DataFrame whose columns name the variables; divisor n - 1, as it is published. A list of them for
            several groups.
        sample_mean: Series or mapping by name, or a list of them; None without a mean structure.
        n_obs: Respondents behind each matrix.
        names: Observed variables of the model.
        model: For messages.
        labels: Names of the groups.
        products: Product factors: moments do not tell their indicators.

    Raises:
        UsageError: no names or no n_obs, product factors, or lists of different lengths.
        DataError: a matrix is not a covariance matrix of the model's variables.
    """
    require_rows_for([product.name for product in products])
    covs, means, sizes = moment_lists(sample_cov, sample_mean, n_obs)
    groups = []
    for number, (cov, mean, size) in enumerate(zip(covs, means, sizes, strict=True)):
        group = _read_group(cov, mean, size, names, model)
        groups.append(replace(group, label=labels[number]) if labels else group)
    return DataInput(_select(SampleMoments(tuple(groups)), names), None, None, None, ())


def moment_lists(sample_cov: object, sample_mean: object, n_obs: object) -> tuple[list[Any], list[Any], list[Any]]:
    """Return covariances, means and sizes as lists of one length, one entry per group.

    Raises:
        UsageError: lists of different lengths.
    """
    if isinstance(sample_cov, (list, tuple)) and not sample_cov:
        raise UsageError("sample_cov is an empty list.", remedy="Give one matrix for each group.", code="no-data")
    covs = list(sample_cov) if isinstance(sample_cov, (list, tuple)) else [sample_cov]
    means = list(sample_mean) if isinstance(sample_mean, (list, tuple)) else [sample_mean]
    sizes = list(n_obs) if isinstance(n_obs, (list, tuple)) else [n_obs]
    if sample_mean is None:
        means = [None] * len(covs)
    if not len(covs) == len(means) == len(sizes):
        raise UsageError(
            f"Moments of {len(covs)} groups need as many means and sizes; there are {len(means)} and {len(sizes)}.",
            remedy="Give lists of the same length: sample_cov=[...], sample_mean=[...], n_obs=[...].",
            code="moments-of-groups",
        )
    return covs, means, sizes


def _read_group(
    sample_cov: object, sample_mean: object, n_obs: object, names: Sequence[str], model: ModelInput
) -> SampleGroup:
    if not isinstance(sample_cov, pd.DataFrame):
        raise UsageError(
            "sample_cov must be a DataFrame whose columns (and rows) name the variables.",
            remedy="pd.DataFrame(matrix, index=names, columns=names)",
            code="moments-without-names",
        )
    if not isinstance(n_obs, (int, np.integer)) or isinstance(n_obs, bool):
        given = "" if n_obs is None else f", as a whole number; got {n_obs!r}"
        raise UsageError(f"sample_cov needs n_obs, the number of respondents behind it{given}.", code="n-obs-missing")
    columns = [str(name) for name in sample_cov.columns]
    if len(set(columns)) < len(columns):
        raise DataError("sample_cov names a variable twice.", code="duplicate-columns")
    rows = [str(name) for name in sample_cov.index]
    _require_names(names, columns, model)
    mean = None if sample_mean is None else _mean_vector(sample_mean, columns)
    _require_same_names(rows, columns, is_numbered=pd.api.types.is_integer_dtype(sample_cov.index))
    try:
        matrix = sample_cov.to_numpy(dtype=float)
    except (TypeError, ValueError):
        raise DataError(
            "sample_cov holds something that is no number.", remedy="Give every variance and covariance.", code="data"
        ) from None
    if rows != columns and sorted(rows) == sorted(columns):  # the same variables in another order
        matrix = matrix[[rows.index(name) for name in columns]]
    return moments_from_input(matrix, columns, int(n_obs), mean)


def _require_same_names(rows: Sequence[str], columns: Sequence[str], *, is_numbered: bool) -> None:
    """Refuse a matrix whose rows are other variables than its columns; rows without names follow the columns.

    Raises:
        DataError: naming what only rows or only columns have.
    """
    if is_numbered or sorted(rows) == sorted(columns):
        return
    only = [f"{name}: only a row" for name in rows if name not in columns]
    only += [f"{name}: only a column" for name in columns if name not in rows]
    raise DataError(
        "Rows and columns of sample_cov name different variables.",
        faults=only or ["a row occurs more than once"],
        remedy="Name both alike, in any order, or leave the rows numbered: they follow the columns then.",
        code="moments-without-names",
    )


def _mean_vector(sample_mean: object, columns: Sequence[str]) -> np.ndarray:
    if isinstance(sample_mean, (pd.Series, Mapping)):
        missing = [name for name in columns if name not in sample_mean]
        if missing:
            raise DataError(f"sample_mean lacks: {', '.join(missing)}.", code="means-missing")
        values = dict(sample_mean)
        return np.array([values[name] for name in columns], dtype=float)
    return np.asarray(sample_mean, dtype=float)


def _select(moments: SampleMoments, names: Sequence[str]) -> SampleMoments:
    return SampleMoments(tuple(group.ordered(names) for group in moments.groups))


def _require_names(names: Sequence[str], columns: Sequence[str], model: ModelInput, what: str = "sample_cov") -> None:
    unknown = [name for name in names if name not in columns]
    if not unknown:
        return
    faults = []
    for name in unknown:
        where = _mention(model.syntax, name)
        faults.append(f"{f'{where}: ' if where else ''}{name}: not in {what}.{suggest(name, columns)}")
    raise ModelError(
        f"The model names variables that {what} {'does' if what == 'sample_cov' else 'do'} not have.",
        faults=faults,
        remedy=f"Variables: {', '.join(columns[:12])}.",
        code="unknown-variable",
    )
