"""How respondents answered each item: bars from the negative to the positive pole, split at the middle of the scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from trustsem.errors import UsageError
from trustsem.plots.chart import Bar, Chart, ChartRow, Key, RowPanel, padded
from trustsem.plots.names import Names
from trustsem.plots.numbers import percent
from trustsem.plots.palette import DARK, LIGHT, shades
from trustsem.plots.plot import ChartPlot
from trustsem.suggestions import shortened, suggest

if TYPE_CHECKING:
    from trustsem.survey import Survey

SCHEMA = "trustsem.plot.responses/1"


@dataclass(frozen=True, slots=True)
class Share:
    """One point of the scored scale.

    Args:
        point: Score.
        label: The answer as it was worded; None where the scale has no labels.
        count: Respondents.
        share: Of those who answered.
    """

    point: float
    label: str | None
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class ItemResponses:
    """The answers to one item, in the scored direction.

    Args:
        name: Item.
        construct: What it measures, for readers; None where it is not known.
        wording: The question; None where it is not known.
        is_reversed: Whether it was asked from the negative pole.
        n: Answers.
        n_missing: Respondents without one.
        missing: How many by kind of missing.
        shares: From the negative to the positive pole.
    """

    name: str
    construct: str | None
    wording: str | None
    is_reversed: bool
    n: int
    n_missing: int
    missing: tuple[tuple[str, int], ...]
    shares: tuple[Share, ...]

    @property
    def missing_share(self) -> float:
        """Share of respondents without an answer."""
        return self.n_missing / max(self.n + self.n_missing, 1)

    @property
    def positive(self) -> float:
        """Share above the middle of the scale."""
        return sum(share.share for share in self.shares[-(-len(self.shares) // 2) :]) if self.shares else 0.0

    @property
    def scale(self) -> tuple[tuple[float, str | None], ...]:
        """The answer scale as it was worded, whether or not the item is reversed: points with labels."""
        labels = [share.label for share in self.shares]
        ordered = reversed(labels) if self.is_reversed else labels
        return tuple(zip((share.point for share in self.shares), ordered, strict=True))


@dataclass(frozen=True, slots=True)
class ResponsesPlot(ChartPlot):
    """Diverging bars of the answers to items. Made by `ts.plot("responses", survey)`."""

    title: str
    items: tuple[ItemResponses, ...]
    left_out: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the records as JSON-ready values."""
        items = [
            {**asdict(item), "missing": dict(item.missing), "shares": [asdict(s) for s in item.shares]}
            for item in self.items
        ]
        return {"schema": SCHEMA, "title": self.title, "items": items, "text": self.text()}

    def text(self) -> str:
        """Return, for each item, the shares of its answers and of those missing, in sentences."""
        sentences = [f"{self.title}. Shares of those who answered, from the negative to the positive pole."]
        for item in self.items:
            parts = [f"{share.label or f'{share.point:g}'} {percent(share.share)}" for share in item.shares]
            asked = f" ({item.wording})" if item.wording else ""
            gaps = f"; {percent(item.missing_share)} missing" if item.n_missing else ""
            sentences.append(f"{item.name}{asked}: {', '.join(parts)}{gaps}.")
        return " ".join((*sentences, *self.left_out))

    def chart(self) -> Chart:
        """Return one panel per answer scale."""
        scales = list(dict.fromkeys(item.scale for item in self.items))
        rows = [[item for item in self.items if item.scale == scale] for scale in scales]
        ends = _ends(self.items)
        panels = tuple(_panel(own, "" if len(rows) == 1 else " | ".join(_words(own)), ends) for own in rows)
        keys = _keys(_words(rows[0])) if len(rows) == 1 else ()
        notes = [
            "Shares of those who answered; bars are split at the middle of the scale, the positive pole is at the "
            "right. Missing: share of all respondents."
        ]
        if any(_is_mixed(own) for own in rows):
            notes.append("(R): asked the other way round and shown as scored, so that the answers change sides.")
        return Chart(self.title, panels, keys=keys, notes=(*notes, *self.left_out))


def _is_mixed(items: Sequence[ItemResponses]) -> bool:
    return len({item.is_reversed for item in items}) > 1


def _words(items: Sequence[ItemResponses]) -> tuple[str, ...]:
    """Return what the colours mean, from left to right: the answers to items that are not reversed, if there are."""
    item = min(items, key=lambda item: item.is_reversed)
    return tuple(share.label or f"{share.point:g}" for share in item.shares)


def _keys(words: Sequence[str]) -> tuple[Key, ...]:
    colours = zip(shades(LIGHT, len(words)), shades(DARK, len(words)), strict=True)
    return tuple(Key(word, pair) for word, pair in zip(words, colours, strict=True))


def _ends(items: Sequence[ItemResponses]) -> tuple[float, float]:
    """Return the ends of an axis that all panels share."""
    bars = [bar for item in items for bar in _bars(item)]
    return padded([end for bar in bars for end in (bar.start, bar.end)])


def _panel(items: Sequence[ItemResponses], title: str, ends: tuple[float, float]) -> RowPanel:
    rows: list[ChartRow] = []
    construct, is_mixed = None, _is_mixed(items)
    for item in items:
        if item.construct is not None and item.construct != construct:
            construct = item.construct
            rows.append(ChartRow(construct, is_heading=True))
        turned = " (R)" if is_mixed and item.is_reversed else ""
        label = f"{item.name}{turned}{f': {item.wording}' if item.wording else ''}"
        kinds = ", ".join(f"{kind} {count}" for kind, count in item.missing)
        text = f"{percent(item.missing_share)} missing" if item.n_missing else "none missing"
        rows.append(ChartRow(label, bars=_bars(item), text=text, note=kinds))
    return RowPanel(title, tuple(rows), "share of answers", (0.0,), ends, is_percent=True)


def _bars(item: ItemResponses) -> tuple[Bar, ...]:
    shares = [share.share for share in item.shares]
    half = len(shares) // 2
    start = -sum(shares[:half]) - (shares[half] / 2 if len(shares) % 2 else 0.0)
    bars = []
    colours = zip(shades(LIGHT, len(shares)), shades(DARK, len(shares)), strict=True)
    for share, pair in zip(item.shares, colours, strict=True):
        word = share.label or f"{share.point:g}"
        bars.append(Bar(start, start + share.share, pair, f"{100 * share.share:.0f}",
                        f"{item.name}, {word}: {share.count} ({percent(share.share)})"))  # fmt: skip
        start += share.share
    return tuple(bars)


def plot_responses(survey: Survey, *, items: str | Sequence[str] | None = None, language: str = "en") -> ResponsesPlot:
    """Return how respondents answered the items of a survey, in the scored direction.

    Args:
        survey: A survey.
        items: Only these; None: all.
        language: Of wordings and names: "en" or "zh".

    Raises:
        UsageError: items that the survey does not have, none with an answer scale, or an unknown language.
    """
    names = Names(language, survey.codebook)
    wanted = survey.items if items is None else (items,) if isinstance(items, str) else tuple(items)
    unknown = [name for name in wanted if name not in survey.items]
    if unknown:
        raise UsageError(
            "The answers cannot be drawn.",
            faults=[f"The survey has no item '{name}'.{suggest(name, survey.items)}" for name in unknown],
            remedy=f"Items: {shortened(survey.items, 20)}.", code="items",
        )  # fmt: skip
    described = [found for found in survey.describe() if found.name in wanted]
    scaled = [found for found in described if found.distribution]
    if not scaled:
        raise UsageError(
            "None of the items has an answer scale: there are no answers to draw.",
            remedy="Read the survey with its codebook, or name columns of answers.",
            code="no-scale",
        )
    records = tuple(_item(found, names) for found in scaled)
    rest = [found.name for found in described if not found.distribution]
    left_out = (f"Left out, no answer scale: {shortened(rest)}.",) if rest else ()
    book = survey.codebook
    title = f"Answers: {book.title.text(language)}" if book is not None else "Answers"
    return ResponsesPlot(title, records, left_out)


def _item(found: Any, names: Names) -> ItemResponses:
    """Return the record of a described item (`trustsem.survey.ItemDescription`)."""
    book, reverse = names.codebook, found.reverse
    scale = None if book is None else book.item(found.name).scale
    shares = []
    for one in found.distribution:
        answer = scale.reflect(one.point) if scale is not None and reverse else one.point
        label = None if scale is None else scale.label(answer, names.language)
        shares.append(Share(one.point, label, one.count, one.share))
    return ItemResponses(
        found.name, None if found.construct is None else names.title(found.construct), names.wording(found.name),
        reverse, found.n, found.n_missing, found.missing, tuple(shares),
    )  # fmt: skip
