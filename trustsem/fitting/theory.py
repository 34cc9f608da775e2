"""Whether a model speaks of the theory's constructs."""

from __future__ import annotations

from trustsem.spec.table import ParameterTable
from trustsem.theory import Theory, load_theory


def theory_behind(table: ParameterTable, *, with_concepts: bool = False) -> Theory | None:
    """Return the theory where every latent variable of a model is one of its constructs; None otherwise.

    Args:
        table: Parameter table.
        with_concepts: Count outcomes and stations of the cycle among the constructs as well.
    """
    theory = load_theory()
    known = {construct.id for construct in theory.constructs(with_concepts=with_concepts)}
    latent = table.variables.latent
    return theory if latent and set(latent) <= known else None
