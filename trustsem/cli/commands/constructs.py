"""`trustsem constructs`: what the theory names, and where each entry comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from trustsem.cli.console import print_json, print_text, terminal_width
from trustsem.cli.options import JsonOption, Language, LanguageOption
from trustsem.tables.text import render_pairs, render_table, wrap_text

if TYPE_CHECKING:
    from trustsem.instruments import Item
    from trustsem.theory import Construct, ExpectedSign, Hypothesis, Lever, Path, Text, Theory

_INSTRUMENTS_FIRST = "dpt_patient"
_FOOTER = "`trustsem constructs NAME` shows one: its poles, paths, expected signs, hypotheses, items and levers."


def constructs(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Identifier of one construct.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="List outcomes, stations and what hypotheses merely name as well.")
    ] = False,
    lang: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Show the constructs of the theory, or one of them in detail."""
    from trustsem.theory import load_theory

    theory = load_theory()
    if name is None:
        _show_list(theory, everything, lang.value, as_json)
    else:
        _show_one(theory, name, lang.value, as_json)


def _show_list(theory: Theory, everything: bool, language: str, as_json: bool) -> None:
    listed = theory.constructs(with_concepts=everything)
    if as_json:
        print_json("constructs", {"constructs": [_record(construct) for construct in listed]})
        return
    rows: list[list[object]] = []
    for index, construct in enumerate(listed):
        if index == 0 or listed[index - 1].level != construct.level:
            rows.append([f"{construct.level}:"])
        rows.append([f"  {construct.id}", _in(construct.name, language), construct.kind, _origin(construct)])
    width = terminal_width()
    print_text(
        render_table(["identifier", "name", "kind", "source"], rows, width=width),
        "\n".join(wrap_text(_FOOTER, width)),
    )


def _show_one(theory: Theory, name: str, language: str, as_json: bool) -> None:
    construct = theory.construct(name)
    if as_json:
        print_json("construct", _detail_record(theory, construct))
        return
    width = terminal_width()
    paths = [line for path in _paths_of(theory, name) for line in _path_lines(path, theory, width)]
    claims: list[list[object]] = [[h.id, h.text, f"{h.source}, {h.basis.value}"] for h in _hypotheses_of(theory, name)]
    items = [_item_row(instrument, item, language) for instrument, item in _items(name)]
    levers = [_lever_row(lever, name, language) for lever in theory.levers_for(name)]
    print_text(
        _facts(construct, language, width),
        "\n".join(["Paths", *paths]) if paths else "",
        _titled("Hypotheses", ["", "claim", "source"], claims, width),
        _titled("Items", ["item", "wording", "asked"], items, width),
        _titled("Levers", ["actor", "lever", "effect", "source"], levers, width),
    )


def _paths_of(theory: Theory, name: str) -> list[Path]:
    return [path for path in theory.paths() if name in (path.predictor, path.outcome)]


def _hypotheses_of(theory: Theory, name: str) -> list[Hypothesis]:
    """Return the hypotheses with an arrow from or to a construct, in the theory's order."""
    wanted = {h.id for h in (*theory.hypotheses_for(predictor=name), *theory.hypotheses_for(outcome=name))}
    return [hypothesis for hypothesis in theory.hypotheses.values() if hypothesis.id in wanted]


def _facts(construct: Construct, language: str, width: int) -> str:
    return render_pairs(
        [
            ("Identifier", construct.id),
            ("Name", _in(construct.name, language)),
            ("Other language", construct.name.zh if language == "en" else construct.name.en),
            ("Level", construct.level),
            ("Kind", construct.kind),
            ("Definition", construct.definition),
            ("Positive pole", _in(construct.positive, language)),
            ("Negative pole", _in(construct.negative, language)),
            ("Source", _origin(construct) + (f", {construct.section}" if construct.section else "")),
        ],
        width=width,
    )


def _titled(title: str, columns: list[str], rows: list[list[object]], width: int) -> str:
    return f"{title}\n{render_table(columns, rows, width=width)}" if rows else ""


def _in(text: Text | None, language: str) -> str:
    return "" if text is None else text.zh if language == "zh" else text.en


def _origin(construct: Construct) -> str:
    return f"{construct.source}, {construct.basis.value}"


def _path_lines(path: Path, theory: Theory, width: int) -> list[str]:
    """Return an arrow and below it what is known of it; two construct names fill a line."""
    from trustsem.tables.sentences import expectation_text

    expected = expectation_text(theory.expected_sign(path.predictor, path.outcome))
    facts = f"    expected {expected}; {path.source}, {path.basis.value}; group {path.group}"
    return [*wrap_text(f"{path.predictor} -> {path.outcome}", width, hanging=2), *wrap_text(facts, width)]


def _items(construct: str) -> list[tuple[str, Item]]:
    """Return the items of all bundled codebooks that measure a construct, the main questionnaire first."""
    from trustsem.instruments import list_codebooks, load_codebook

    names = sorted(list_codebooks(), key=lambda name: (name != _INSTRUMENTS_FIRST, name))
    return [(name, item) for name in names for item in load_codebook(name).items_of(construct)]


def _item_row(instrument: str, item: Item, language: str) -> list[object]:
    asked = "from the negative pole" if item.reverse else ""
    return [f"{item.name} ({instrument})", item.wording.text(language), asked]


def _lever_row(lever: Lever, construct: str, language: str) -> list[object]:
    effect = lever.effect_on(construct)
    source = ", ".join(lever.sources) + (", stated" if effect.is_stated else "; mapping ours")
    return [_in(lever.actor, language), lever.lever, "+" if effect.sign > 0 else "-", source]


def _lever_record(lever: Lever, construct: str) -> dict[str, Any]:
    effect = lever.effect_on(construct)
    return {
        "id": lever.id,
        "actor": _text_record(lever.actor),
        "lever": lever.lever,
        "sign": effect.sign,
        "basis": "stated" if effect.is_stated else "ours",
        "sources": list(lever.sources),
    }


def _record(construct: Construct) -> dict[str, Any]:
    return {
        "id": construct.id,
        "level": construct.level,
        "kind": construct.kind,
        "name": _text_record(construct.name),
        "short": construct.short,
        "positive": _text_record(construct.positive),
        "negative": _text_record(construct.negative),
        "definition": construct.definition,
        "source": construct.source,
        "basis": construct.basis.value,
        "section": construct.section,
    }


def _detail_record(theory: Theory, construct: Construct) -> dict[str, Any]:
    name = construct.id
    return {
        **_record(construct),
        "paths": [_path_record(path, theory) for path in _paths_of(theory, name)],
        "hypotheses": [
            {"id": h.id, "text": h.text, "source": h.source, "basis": h.basis.value, "contested": h.contested}
            for h in _hypotheses_of(theory, name)
        ],
        "items": [_item_record(instrument, item) for instrument, item in _items(name)],
        "levers": [_lever_record(lever, name) for lever in theory.levers_for(name)],
    }


def _text_record(text: Text | None) -> dict[str, str] | None:
    return None if text is None else {"en": text.en, "zh": text.zh}


def _path_record(path: Path, theory: Theory) -> dict[str, Any]:
    expected = theory.expected_sign(path.predictor, path.outcome)
    return {
        "predictor": path.predictor,
        "outcome": path.outcome,
        "group": path.group,
        "basis": path.basis.value,
        "source": path.source,
        "section": path.section,
        "hypotheses": list(path.hypotheses),
        "expected": expected_record(expected),
    }


def expected_record(expected: ExpectedSign | None) -> dict[str, Any] | None:
    """Return an expected sign as JSON-ready values."""
    if expected is None:
        return None
    return {
        "sign": expected.sign,
        "basis": expected.basis.value,
        "source": expected.source,
        "hypotheses": list(expected.hypotheses),
        "expectation_only": expected.is_expectation_only,
        "contested": expected.is_contested,
    }


def _item_record(instrument: str, item: Item) -> dict[str, Any]:
    wording = {"en": item.wording.en, "zh": item.wording.zh}
    return {"instrument": instrument, "name": item.name, "reverse": item.reverse, "wording": wording}
