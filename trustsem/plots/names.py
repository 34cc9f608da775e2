"""Names of variables for readers: those of the theory or the codebook where they have one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from trustsem.errors import UsageError
from trustsem.instruments import Codebook, load_codebook
from trustsem.theory import load_theory
from trustsem.theory.types import Construct

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Names:
    """Look-up of names.

    Args:
        language: "en" or "zh".
        codebook: The questionnaire behind the data; None where it is not known.
        latent: Latent variables of the model. Concepts that the theory merely names lend them their names, but not to
            columns: a column `age` need not be the age that the theory means.
    """

    language: str = "en"
    codebook: Codebook | None = None
    latent: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise UsageError(
                f"Unknown language {self.language!r}.", remedy=f"Use one of: {', '.join(LANGUAGES)}.", code="language"
            )

    def title(self, name: str) -> str:
        """Return the name for readers; of items and whatever is not known, the name in the model."""
        construct = self._construct(name)
        if construct is not None:
            return construct.name.zh if self.language == "zh" else construct.name.en
        own = {} if self.codebook is None else {c.id: c.name for c in self.codebook.constructs}
        return own[name].text(self.language) if name in own else name

    def level(self, name: str) -> str:
        """Return the level of the theory that a construct belongs to; "" for anything else."""
        construct = self._construct(name)
        return "" if construct is None else construct.level

    def _construct(self, name: str) -> Construct | None:
        found = _constructs().get(name)
        return _concepts().get(name) if found is None and name in self.latent else found

    def wording(self, name: str) -> str | None:
        """Return the question of an item; None where it is not known."""
        if self.codebook is None or name not in self.codebook.item_names:
            return None
        return self.codebook.item(name).wording.text(self.language) or None


def names_of(fit: Fit, language: str = "en") -> Names:
    """Return the names for the variables of a fit, those of the model's codebook included."""
    instrument = fit.model.instrument
    codebook = None if instrument is None else load_codebook(instrument)
    return Names(language, codebook, frozenset(fit.fitted.table.variables.latent))


@cache
def _constructs() -> dict[str, Construct]:
    """Return the constructs proper of the theory."""
    return {construct.id: construct for construct in load_theory().constructs()}


@cache
def _concepts() -> dict[str, Construct]:
    """Return everything that the theory names."""
    return {construct.id: construct for construct in load_theory().constructs(with_concepts=True)}
