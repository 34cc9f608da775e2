"""What an export starts from and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trustsem.spec.auxiliary import is_auxiliary
from trustsem.spec.table import ParameterTable, ProductColumn

_PLAIN, _SEM, _WHITE = "standard", "robust_sem", "robust_huber_white"
_ESTIMATORS: Mapping[tuple[str, str, str], str] = {
    ("ML", _PLAIN, _PLAIN): "ML",
    ("ML", _SEM, "satorra_bentler"): "MLM",
    ("ML", _SEM, "scaled_shifted"): "MLMV",
    ("ML", _SEM, "mean_var_adjusted"): "MLMVS",
    ("ML", _WHITE, "yuan_bentler_mplus"): "MLR",
    ("ML", "first_order", _PLAIN): "MLF",
    ("GLS", _PLAIN, _PLAIN): "GLS",
    ("ULS", _PLAIN, "browne_residual_nt"): "ULS",
    ("ULS", _SEM, "satorra_bentler"): "ULSM",
    ("ULS", _SEM, "scaled_shifted"): "ULSMV",
    ("ULS", _SEM, "mean_var_adjusted"): "ULSMVS",
    ("WLS", _PLAIN, _PLAIN): "WLS",
    ("ULS", _PLAIN, _PLAIN): "ULS",
    ("DWLS", _PLAIN, _PLAIN): "DWLS",
    ("DWLS", _SEM, "satorra_bentler"): "WLSM",
    ("DWLS", _SEM, "scaled_shifted"): "WLSMV",
    ("DWLS", _SEM, "mean_var_adjusted"): "WLSMVS",
}


@dataclass(frozen=True, slots=True)
class FitMethod:
    """How a model is fitted, in the words of `trustsem.fit`.

    Args:
        discrepancy: "ML", "GLS", "WLS", "ULS" or "DWLS".
        errors: Standard errors, e.g. "robust_huber_white".
        tests: Tests of the model, the main one first.
        missing: What happens to incomplete rows.
        h1_information: "structured" or "unstructured", for robust corrections.
        observed_information: "hessian" or "h1", of the standard errors and of the tests.
        zero_cells: What is added to empty cells of 2 x 2 and of larger tables of ordinal items; None: the default.
    """

    discrepancy: str = "ML"
    errors: str = "standard"
    tests: tuple[str, ...] = ("standard",)
    missing: str = "listwise"
    h1_information: str = "structured"
    observed_information: tuple[str, ...] = ("hessian", "hessian")
    zero_cells: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class RowRoles:
    """Columns that say something about a row: its group, its cluster, its weight and how weights are scaled."""

    group: str | None = None
    cluster: str | None = None
    weights: str | None = None
    normalization: str = "group"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that there are."""
        return tuple(name for name in (self.group, self.cluster, self.weights) if name is not None)


@dataclass(frozen=True, slots=True, eq=False)
class ExportRequest:
    """A model to write for another program.

    Args:
        table: Every parameter of the model.
        title: One line that says what the model is.
        likelihood: "normal" (S with divisor n) or "wishart" (n - 1).
        information: "expected", "observed" or "first_order".
        method: Estimator, standard errors, tests, missing answers.
        roles: Columns of groups, clusters and weights.
        data_file: Name of the data file as the script is to read it; None writes a placeholder that says so.
        columns: Columns of the data file; those of the model when None.
        results: What trustsem finds, by name, to compare with; empty where nothing was fitted.
    """

    table: ParameterTable
    title: str
    likelihood: str = "normal"
    information: str = "expected"
    method: FitMethod = field(default_factory=FitMethod)
    roles: RowRoles = field(default_factory=RowRoles)
    data_file: str | None = None
    columns: tuple[str, ...] | None = None
    results: Mapping[str, float] = field(default_factory=dict)

    @property
    def data_columns(self) -> tuple[str, ...]:
        """Columns of the data file, in its order."""
        if self.columns is not None:
            return self.columns
        return tuple(dict.fromkeys((*component_columns(self.table), *self.roles.columns)))

    @property
    def auxiliary(self) -> tuple[str, ...]:
        """Auxiliary variables."""
        return tuple(dict.fromkeys(row.lhs for row in self.table if is_auxiliary(row)))

    @property
    def estimator(self) -> str | None:
        """The name that discrepancy, standard errors and first test go by together; None where there is none."""
        method = self.method
        if self.table.ordinal is None and (method.discrepancy, method.errors, method.tests[0]) == (
            "ULS",
            _PLAIN,
            _PLAIN,
        ):
            return None  # of continuous answers the name stands for another test
        return _ESTIMATORS.get((method.discrepancy, method.errors, method.tests[0]))

    @property
    def products(self) -> tuple[str, ...]:
        """Observed variables such as `x1:x2` that the data file does not hold and the script has to multiply."""
        made = made_columns(self.table)
        return tuple(
            name for name in self.table.variables.observed if name not in self.data_columns and name not in made
        )


@dataclass(frozen=True, slots=True)
class Export:
    """A script for another program.

    Args:
        target: The program.
        text: The script.
        suffix: Usual end of the script's file name.
        names: Names in trustsem and in the script, where they differ.
        notes: What the program does differently or cannot say; the script holds the same as comments.
    """

    target: str
    text: str
    suffix: str
    names: Mapping[str, str]
    notes: tuple[str, ...]


def component_columns(table: ParameterTable) -> tuple[str, ...]:
    """Return the columns that a data file needs: observed variables, products taken apart."""
    made = made_columns(table)
    names = [name for name in table.variables.observed if name not in made]
    return tuple(dict.fromkeys(part for name in names for part in name.split(":")))


def made_columns(table: ParameterTable) -> dict[str, ProductColumn]:
    """Return the indicators of product factors by name: no data file holds them."""
    return {column.name: column for product in table.products for column in product.columns}


def without_variance(table: ParameterTable) -> list[str]:
    """Return variables whose variance the table leaves at zero: other programs would free it with random predictors."""
    known = {row.lhs for row in table if row.op == "~~" and row.lhs == row.rhs}
    variables = (*table.variables.latent, *table.variables.observed)
    return [name for name in variables if name not in known and name not in table.variables.exogenous]


def result_lines(request: ExportRequest) -> list[str]:
    """Return what trustsem finds as lines of a comment."""
    if not request.results:
        return []
    pairs = [f"{name} {value:.6f}".rstrip("0").rstrip(".") for name, value in request.results.items()]
    return ["trustsem finds:", *(f"  {pair}" for pair in pairs)]
