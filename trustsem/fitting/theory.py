"""Whether a model speaks of the theory's constructs."""

from __future__ import annotations

from trustsem.spec.table import ParameterTable
from trustsem.theory import Theory, load_theory


def theory_behind(table: ParameterTable) -> Theory | None:
    """Return the theory where every latent variable of a model is one of its constructs; None otherwise."""
    theory = load_theory()
    known = {construct.id for construct in theory.constructs()}
    latent = table.variables.latent
    return theory if latent and set(latent) <= known else None
