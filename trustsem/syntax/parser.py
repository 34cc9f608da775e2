"""From the text of a model to its nodes; all syntax errors of a text are reported at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from trustsem.errors import ModelError, UsageError
from trustsem.records import Finding, Severity
from trustsem.syntax.expressions import parse_expression
from trustsem.syntax.faults import MAX_FAULTS, Fault, FaultFoundError, syntax_error
from trustsem.syntax.formulas import parse_formula
from trustsem.syntax.lexer import (
    BAD,
    NAME,
    NUMBER,
    OPERATOR,
    RESERVED,
    SLIP,
    STRING,
    Token,
    TokenStream,
    span_between,
    tokenize,
)
from trustsem.syntax.nodes import Block, Constraint, Definition, Expression, ModelSyntax, Parameter
from trustsem.syntax.slips import describe_missing_operator, find_slip
from trustsem.syntax.statements import OPEN_ENDED, Statement, split_statements

MAX_TEXT = 1_000_000  # characters; a model of 1,000 items has some 50,000
_BLOCK_KINDS = ("group", "level")
_RELATIONS = ("==", "<", ">")
_REMARKABLE = (OPERATOR, SLIP, BAD)


@dataclass(frozen=True, slots=True)
class _Parsed:
    """What one statement gives."""

    nodes: tuple[Parameter | Definition | Constraint | Block, ...] = ()
    faults: tuple[Fault, ...] = ()
    repeats: tuple[Parameter, ...] = ()


def parse_model(text: str, *, source: str | None = None) -> ModelSyntax:
    """Parse a model written in lavaan's language.

    Args:
        text: The model; `trustsem/syntax/GRAMMAR.ebnf` is the grammar.
        source: Name of the file it comes from, for messages.

    Raises:
        ModelError: code "syntax" with every fault of the text, its line and a caret; code "empty-model" where there
            is no formula in it; code "model-too-long" beyond a million characters.
        UsageError: where `text` is no string.

    Example:
        >>> model = parse_model("trust =~ t1 + a*t2\\nuse ~ b*trust\\nab := a*b")
        >>> [(p.lhs, p.op, p.rhs) for p in model.parameters]
        [('trust', '=~', 't1'), ('trust', '=~', 't2'), ('use', '~', 'trust')]
        >>> model.definitions[0].text
        'a*b'
    """
    _check_size(text, source)
    text = text.removeprefix("\ufeff")  # the byte order mark that some editors put first
    stream = tokenize(text)
    nodes: list[Parameter | Definition | Constraint | Block] = []
    faults: list[Fault] = []
    repeats: list[Parameter] = []
    block: Block | None = None
    for statement in split_statements(stream.tokens):
        parsed = _parse_statement(statement, stream, block)
        nodes.extend(parsed.nodes)
        faults.extend(parsed.faults)
        repeats.extend(parsed.repeats)
        if parsed.nodes and isinstance(parsed.nodes[0], Block):
            block = parsed.nodes[0]
        if len(faults) > MAX_FAULTS:
            break
    if faults:
        raise syntax_error(text, faults, source=source)
    model = _assemble(text, nodes, source, tuple(map(_repeat_finding, repeats)))
    if not (model.parameters or model.definitions or model.constraints):
        raise _empty_model(model)
    return model


def _check_size(text: str, source: str | None) -> None:
    if not isinstance(text, str):
        raise UsageError(
            f"A model is text in lavaan's syntax, not {type(text).__name__}.",
            remedy="Pass a string; decode bytes first, for example with .decode('utf-8').",
        )
    if len(text) > MAX_TEXT:
        raise ModelError(
            f"The text of {source or 'the model'} has {len(text):,} characters; at most {MAX_TEXT:,} are read.",
            remedy="Check that this is a model file and not a data file.",
            code="model-too-long",
        )


def _empty_model(model: ModelSyntax) -> ModelError:
    what = "only block headers" if model.blocks else "no formula, only blank lines or comments"
    return ModelError(
        f"{model.source or 'The model text'} has {what}.",
        remedy="Write at least one formula, for example `trust =~ t1 + t2 + t3`.",
        code="empty-model",
    )


def _assemble(
    text: str,
    nodes: list[Parameter | Definition | Constraint | Block],
    source: str | None,
    findings: tuple[Finding, ...],
) -> ModelSyntax:
    return ModelSyntax(
        text=text,
        parameters=tuple(node for node in nodes if isinstance(node, Parameter)),
        definitions=tuple(node for node in nodes if isinstance(node, Definition)),
        constraints=tuple(node for node in nodes if isinstance(node, Constraint)),
        blocks=tuple(node for node in nodes if isinstance(node, Block)),
        source=source,
        findings=findings,
    )


def _repeat_finding(again: Parameter) -> Finding:
    """Warn of a term that is written twice in one formula: the second was probably meant to be another one."""
    written = f"{again.lhs} ~ 1" if again.op == "~1" else f"{again.lhs} {again.op} {again.rhs}"
    return Finding(
        "repeated-term",
        Severity.WARNING,
        f"Line {again.span.line} of the model, column {again.span.column}: {written} stands in this formula a second "
        "time; it counts once.",
        remedy="Remove it, or write the variable that was meant.",
        parameter=f"{again.lhs}{again.op}{again.rhs}",
    )


def _parse_statement(statement: Statement, stream: TokenStream, block: Block | None) -> _Parsed:
    try:
        if _is_header(statement):
            return _Parsed((_parse_header(statement, block),))
        places = [index for index, token in enumerate(statement) if token.kind in _REMARKABLE]
        if len(places) == 1 and statement[places[0]].kind is OPERATOR:
            return _parse_by_operator(statement, places[0], block)
        return _Parsed(faults=_faults_of(statement, places, stream))
    except FaultFoundError as found:
        return _Parsed(faults=(found.fault,))


def _faults_of(statement: Statement, places: list[int], stream: TokenStream) -> tuple[Fault, ...]:
    """Return what is wrong with a statement that has no operator, more than one, or none of this language."""
    bad = tuple(stream.faults[token.start] for token in statement if token.kind is BAD)
    if bad:
        return bad
    slip = find_slip(statement)
    if slip is not None:
        return (slip,)
    return (_second_operator(statement, places) if places else describe_missing_operator(statement),)


def _parse_by_operator(statement: Statement, place: int, block: Block | None) -> _Parsed:
    left, operator, right = statement[:place], statement[place], statement[place + 1 :]
    if operator.text == ":=":
        return _Parsed((_parse_definition(left, operator, right),))
    if operator.text in _RELATIONS:
        return _Parsed((_parse_constraint(left, operator, right),))
    result = parse_formula(left, operator, right, block)
    return _Parsed(result.parameters, result.faults, result.repeats)


def _is_header(statement: Statement) -> bool:
    if len(statement) < 2 or statement[1].text != ":" or statement[1].kind is BAD:
        return False
    return statement[0].text.lower() in _BLOCK_KINDS


def _parse_header(statement: Statement, block: Block | None) -> Block:
    """Parse `group: value`; a header closes the block of its own kind and lies in the one of the other kind."""
    first, colon, *rest = statement
    kind = first.text.lower()
    if not rest:
        raise FaultFoundError(f"`{first.text}:` has no value.", colon.span, f"Write for example `{kind}: 1`.")
    is_closed_up = all(token.end == following.start for token, following in pairwise(rest))
    is_plain = all(token.kind in (NAME, NUMBER) or (token.text == "-" and token.kind is not BAD) for token in rest)
    if len(rest) == 1 and rest[0].kind is STRING:
        value = rest[0].text[1:-1].strip()
    elif is_closed_up and is_plain:
        value = "".join(token.text for token in rest)
    else:
        raise FaultFoundError(
            f"Expected one name or number after `{first.text}:`.",
            span_between(rest[0], rest[-1]),
            f'Put a name with blanks or signs in quotation marks, as in `{kind}: "my {kind}"`; formulas start on a new '
            "line or after `;`.",
        )
    if not value:
        raise FaultFoundError(f"`{first.text}:` has no value.", rest[0].span, f"Write for example `{kind}: 1`.")
    return Block(kind, value, span_between(first, rest[-1]), _parent_of(kind, block))


def _parent_of(kind: str, block: Block | None) -> Block | None:
    outer = block
    while outer is not None:
        if outer.kind == kind:
            return outer.parent
        outer = outer.parent
    return block


def _second_operator(statement: Statement, places: list[int]) -> Fault:
    first, second = statement[places[0]], statement[places[1]]
    message = f"A second operator `{second.text}` in one statement (the first is `{first.text}`)."
    here = next(index for index, token in enumerate(statement) if token.line == second.line)
    if first.text in _RELATIONS and second.text in _RELATIONS:
        hint = "Write two statements: `0 < a; a < 1`."
    elif first.line < second.line and statement[here - 1].text in OPEN_ENDED:
        above = statement[here - 1]
        hint = f"Line {above.line} ends in `{above.text}`, so this line continues it: remove or complete it."
    elif first.line < second.line:
        hint = f"This line starts with `{statement[here].text}`, so it continues the line above: write what is missing."
    elif second.text == "|":
        hint = "Random effects `| group` are not part of the language; use a `level:` block."
    else:
        hint = "Put each formula on its own line or separate them by `;`."
    return Fault(message, second.span, hint)


def _parse_definition(left: Statement, operator: Token, right: Statement) -> Definition:
    if len(left) != 1 or left[0].kind is not NAME:
        place = span_between(left[0], left[-1]) if left else operator.span
        raise FaultFoundError("Expected one new name before `:=`.", place, "Write for example `indirect := a*b`.")
    if left[0].text in RESERVED:
        raise FaultFoundError(
            f"`{left[0].text}` cannot be the name of a quantity.", left[0].span, "Choose another name."
        )
    expression = parse_expression(right, after=operator)
    return Definition(left[0].text, expression, _written(right), span_between(left[0], right[-1]))


def _parse_constraint(left: Statement, operator: Token, right: Statement) -> Constraint:
    if not left:
        raise FaultFoundError(
            f"Expected an expression before `{operator.text}`, found nothing.",
            operator.span,
            "Write for example `a == b`.",
        )
    sides: list[Expression] = [parse_expression(left, after=left[0]), parse_expression(right, after=operator)]
    span = span_between(left[0], right[-1])
    return Constraint(operator.text, sides[0], sides[1], _written(left), _written(right), span)


def _written(tokens: Statement) -> str:
    """Return an expression as written without its blanks: the form that lavaan's tables show."""
    return "".join(token.text for token in tokens)
