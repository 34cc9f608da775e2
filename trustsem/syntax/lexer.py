"""The tokens of a model text: one master expression, no backtracking, faults collected."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from trustsem.syntax.faults import MAX_FAULTS, Fault
from trustsem.syntax.lookalikes import LOOKALIKES, name_character
from trustsem.syntax.nodes import Span


class TokenKind(Enum):
    """What a token is."""

    NAME = "name"
    NUMBER = "number"
    STRING = "string"
    OPERATOR = "operator"  # makes a statement: =~ ~ ~~ := == < > <~ | ~*~
    SIGN = "sign"  # + - * / ^ ( ) , : ?
    SLIP = "slip"  # an operator of another language, e.g. ->
    NEWLINE = "newline"
    SEMICOLON = "semicolon"
    BAD = "bad"  # nothing of the language; its fault is in `TokenStream.faults`


# Words that R gives a meaning: no names of variables, labels or quantities.
RESERVED = frozenset({"NA", "TRUE", "FALSE", "NULL", "Inf", "NaN"})

# Python 3.11 looks up members of an enumeration slowly; these are asked for once per token.
NAME = TokenKind.NAME
NUMBER = TokenKind.NUMBER
STRING = TokenKind.STRING
OPERATOR = TokenKind.OPERATOR
SLIP = TokenKind.SLIP
NEWLINE = TokenKind.NEWLINE
SEMICOLON = TokenKind.SEMICOLON
BAD = TokenKind.BAD


class Token(NamedTuple):
    """One token (a named tuple because hundreds are made per text); `line` and `column` count from 1."""

    kind: TokenKind
    text: str  # as written; for a look-alike the ASCII sign that is meant
    start: int
    end: int
    line: int
    column: int

    @property
    def span(self) -> Span:
        """Return where the token stands."""
        return Span(self.start, self.end, self.line, self.column)


@dataclass(frozen=True, slots=True)
class TokenStream:
    """All tokens of a text; `faults` has the fault of each BAD token under its start."""

    tokens: tuple[Token, ...]
    faults: Mapping[int, Fault]


_MASTER = re.compile(
    r"""
    [^\S\r\n]* (?:
      (?P<name>       (?: [^\W\d] | \.+[^\W\d] ) [\w.]* )
    | (?P<number>     (?: [0-9]+\.?[0-9]* | \.[0-9]+ ) (?: [eE][+-]?[0-9]+ )? )
    | (?P<newline>    \r\n | \n | \r )
    | (?P<slip>       <-> | <- | -> | => | <= | >= | !=(?!=) | \*\* | =(?![~=]) )
    | (?P<comment>    [#!][^\r\n]* )
    | (?P<operator>   =~ | ~\*~ | ~~ | ~ | := | == | <~ | < | > | \| )
    | (?P<sign>       [-+*/^(),:?] )
    | (?P<string>     "[^"\r\n]*" | '[^'\r\n]*' )
    | (?P<semicolon>  ; )
    | (?P<bad>        [^\w\s.;\#!"'+\-*/^(),:?=~<>|]+ | . )
    | (?P<end>        \Z )
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_REST_OF_NAME = re.compile(r"[\w.]+")
_REST_OF_LINE = re.compile(r"[^\r\n]*")
_JOINERS = "\u200c\u200d"  # zero-width (non-)joiner: part of words in Persian and Indic scripts
_KINDS = {kind.value: kind for kind in TokenKind}


def span_between(first: Token, last: Token) -> Span:
    """Return the span from the start of one token to the end of another."""
    return Span(first.start, last.end, first.line, first.column)


def bracket_step(token: Token) -> int:
    """Return by how much a token changes the depth of brackets: 1, -1 or 0."""
    return 1 if token.text == "(" else -1 if token.text == ")" else 0


def tokenize(text: str) -> TokenStream:
    """Split a text into tokens; blanks, blank lines and comments leave none.

    After `MAX_FAULTS` bad tokens the rest of the text is not read.

    Example:
        >>> [token.text for token in tokenize("f =~ x1 + .5*x2 # trust").tokens]
        ['f', '=~', 'x1', '+', '.5', '*', 'x2']
    """
    tokens: list[Token] = []
    faults: dict[int, Fault] = {}
    position, line, line_start = 0, 1, 0
    match_at = _MASTER.match
    while len(faults) <= MAX_FAULTS:
        found = match_at(text, position)
        group = found.lastgroup if found else None
        if found is None or group is None or group == "end":
            break
        start, position = found.span(group)
        kind = _KINDS.get(group)
        if kind is None or (group == "slip" and found[group] == "!=" and _opens_line(tokens)):
            position = _end_of(_REST_OF_LINE, text, start)  # a comment; `!= Title` opens one, `a != b` does not
            continue
        token = Token(kind, found[group], start, position, line, start - line_start + 1)
        if kind is NEWLINE:
            line, line_start = line + 1, position
            if _opens_line(tokens):
                continue  # blank lines say nothing
        elif kind is NUMBER or kind is BAD:
            token = _checked(token, text, tokens, faults)
            position = token.end
        tokens.append(token)
    return TokenStream(tuple(tokens), faults)


def _opens_line(tokens: list[Token]) -> bool:
    return not tokens or tokens[-1].kind is NEWLINE


def _end_of(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position


def _checked(token: Token, text: str, tokens: list[Token], faults: dict[int, Fault]) -> Token:
    """Return a number or bad token, or what it turns out to be: the name before it goes where a mark extends it."""
    if token.kind is NUMBER:
        end = _end_of(_REST_OF_NAME, text, token.end)
        if end > token.end:
            token, fault = _number_with_tail(token, text[token.end : end])
            faults[token.start] = fault
    elif token.kind is BAD:
        marks = _leading_marks(token.text)
        if marks and tokens and tokens[-1].kind is NAME and tokens[-1].end == token.start:
            token = _longer_name(tokens.pop(), text, token.start + marks)
        else:
            token, fault = _bad_token(token, text)
            faults[token.start] = fault
    return token


def _leading_marks(run: str) -> int:
    """Return how many characters at the start of a run belong to the word before it (vowel signs, joiners)."""
    count = 0
    while count < len(run) and (run[count] in _JOINERS or unicodedata.category(run[count])[0] == "M"):
        count += 1
    return count


def _longer_name(name: Token, text: str, end: int) -> Token:
    end = _end_of(_REST_OF_NAME, text, end)
    return name._replace(text=text[name.start : end], end=end)


def _number_with_tail(token: Token, tail: str) -> tuple[Token, Fault]:
    bad = token._replace(kind=BAD, text=token.text + tail, end=token.end + len(tail))
    is_product = tail[0] != "." and not tail[0].isdigit()
    hint = f"For a fixed value write `{token.text}*{tail}`." if is_product else "A number has one decimal point."
    return bad, Fault(f"`{bad.text}` is neither a number nor a name: names do not start with a digit.", bad.span, hint)


def _bad_token(token: Token, text: str) -> tuple[Token, Fault]:
    first = token.text[0]
    if first in "\"'":
        end = _end_of(_REST_OF_LINE, text, token.start)
        bad = token._replace(text=text[token.start : end], end=end)
        return bad, Fault("This quotation mark is not closed on its line.", token.span, f"Close it with {first} .")
    length = 1
    while length < len(token.text) and (token.text[length] in LOOKALIKES) == (first in LOOKALIKES):
        length += 1
    run = token.text[:length]
    bad = token._replace(text=run, end=token.start + length)
    if first not in LOOKALIKES:
        return bad, _foreign_character(bad)
    meant = "".join(LOOKALIKES[character] for character in run)
    characters = ", ".join(name_character(character) for character in dict.fromkeys(run))
    what = "is a look-alike" if length == 1 else "are look-alikes"
    message = f"{characters} {what}; the model language takes the ASCII sign."
    return bad._replace(text=meant), Fault(message, bad.span, f"Write `{meant}` instead of `{run}`.{_arrow(run)}")


def _arrow(run: str) -> str:
    return " The outcome stands on the left: `outcome ~ predictor`." if run in ("→", "←") else ""


_FOREIGN_HINTS = {
    "@": "Mplus's `x1@1` is `1*x1` here.",
    "[": "Mplus's `[y]` is `y ~ 1` here.",
    "]": "Mplus's `[y]` is `y ~ 1` here.",
    "$": "Mplus's `y$1` is `y | t1` here.",
    "%": "A remainder or matrix product has no place in a model.",
    "{": "Group values with round brackets.",
    "}": "Group values with round brackets.",
    "&": "Write each condition as its own statement.",
    "\\": "A line continues by itself after `+` or an operator.",
}


def _foreign_character(token: Token) -> Fault:
    first = token.text[0]
    message = f"Unexpected character {name_character(first)}."
    return Fault(message, token.span, _FOREIGN_HINTS.get(first, "Remove it; names are letters, digits, `_` and `.`."))
