"""What mutate.py changes: all small mistakes in one C source, found by the
layout that tests/lint/format.sh holds. A mutant is (from, to, text, what):
source[from:to] becomes text."""

import re

BLANK = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|"
                   r"'(?:\\.|[^'\\])'", re.S)
PREPROCESSOR = re.compile(r"^#(?!define \w+ [^\n\\]*\n).*(?:\\\n.*)*", re.M)
BODY = re.compile(r"^(?:[\w *]*?)(\w+)\([^;{}]*?\)\n\{\n(.*?)^\}", re.M | re.S)
BINARY = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "<<": ">>",
          ">>": "<<", "&": "|", "|": "&", "^": "&", "+=": "-=", "-=": "+=",
          "|=": "&=", "&=": "|=", "<<=": ">>=", ">>=": "<<=", "&&": "||",
          "||": "&&", "==": "!=", "!=": "==", "<": "<= >=", "<=": "< >",
          ">": ">= <=", ">=": "> <"}
OPERATOR = re.compile(r"(?<= )(%s)(?=[ \n])" % "|".join(
    re.escape(o) for o in sorted(BINARY, key=len, reverse=True)))
STEP = re.compile(r"\+\+|--")
SIGN = re.compile(r"(?<=[\s(\[,])[-!~](?=[A-Za-z_(])|(?<=!)!")
NUMBER = re.compile(r"(?<![\w.])(0x[0-9a-fA-F]+|\d+)([uUlL]*)\b(?!\.)")
WORD = re.compile(r"\b(true|false)\b")
UNSET = re.compile(r"^ *(?!return|goto)"
                   r"(?:(?:static|const|unsigned|struct) )*\w+ "
                   r"\**\w+(?:\[\w*\])?(?:, \**\w+(?:\[\w*\])?)*;", re.M)
DECLARATION = re.compile(r"(?:(?:const|static|unsigned|struct|enum|union)\b|"
                         r"(?!return\b|goto\b)\w+ +\**\w+ *(?:$|[=,\[]))")
CONTROL = re.compile(r"(if|while|for|switch)\s*\(")
LABEL = re.compile(r"(?:case\s[^;:?]*|\w+)\s*:(?!:)|else\b|do\b")


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def close(text, at):
    """The place after the bracket that closes the one at this place."""
    pairs, depth = {"(": ")", "{": "}"}, 0
    opening, closing = text[at], pairs[text[at]]
    for i in range(at, len(text)):
        depth += (text[i] == opening) - (text[i] == closing)
        if depth == 0:
            return i + 1
    raise ValueError("a bracket is not closed")


def readable(source):
    """The source, as long as it was, without what is not to be changed:
    comments, texts, preprocessor, asserts and the functions that hold them."""
    text = PREPROCESSOR.sub(blank, BLANK.sub(blank, source))
    spans = [(m.start(), close(text, m.end() - 1))
             for m in re.finditer(r"\b(?:static_)?assert\(", text)]
    spans += [m.span() for m in BODY.finditer(text)
              if m.group(1).endswith("_check")]
    spans += [m.span() for m in UNSET.finditer(text)]
    for start, end in spans:
        text = text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + \
            text[end:]
    return text


def of_tokens(text):
    for match in OPERATOR.finditer(text):
        for other in BINARY[match.group()].split():
            yield match.start(), match.end(), other, "operator"
    for match in STEP.finditer(text):
        other = "--" if match.group() == "++" else "++"
        yield match.start(), match.end(), other, "step"
    for match in SIGN.finditer(text):
        yield match.start(), match.end(), "", "sign"
    for match in WORD.finditer(text):
        other = "false" if match.group() == "true" else "true"
        yield match.start(), match.end(), other, "constant"
    for match in NUMBER.finditer(text):
        digits, suffix = match.groups()
        value = int(digits, 0 if digits.startswith("0x") else 10)
        for other in (value + 1, value - 1):
            if other >= 0:
                yield match.start(), match.end(), "%d%s" % (other, suffix), \
                    "constant"


def of_return(text, start, end):
    value = text[start + len("return"):end].strip()
    if not value:
        yield start, end, "", "statement"
    elif not re.fullmatch(r"\d+|NULL|true|false", value):
        for other in ("0", "1"):
            yield start, end, "return " + other, "return"


def of_statements(text, at, end):
    """Walk the statements of a function's body."""
    while at < end:
        space = re.compile(r"[\s{};]*").match(text, at)
        at = space.end()
        control = CONTROL.match(text, at)
        label = LABEL.match(text, at)
        if at >= end:
            return
        if control:
            opening, at = control.end() - 1, close(text, control.end() - 1)
            if control.group(1) in ("if", "while"):
                condition = text[opening:at]
                yield opening, at, "(!%s)" % condition, "condition"
        elif label:
            at = label.end()
        else:
            start = at
            while text[at] != ";":
                at = close(text, at) if text[at] in "({" else at + 1
            statement = text[start:at]
            if statement.startswith("return"):
                yield from of_return(text, start, at)
            elif not DECLARATION.match(statement):
                yield start, at, "", "statement"


def mutants(source):
    """All of a source, in its order."""
    text = readable(source)
    found = list(of_tokens(text))
    for match in BODY.finditer(text):
        found += of_statements(text, match.start(2), match.end(2))
    # What was blanked inside a condition or statement stays as it was.
    return sorted((a, b, new.replace(text[a:b], source[a:b]), what)
                  for a, b, new, what in found)
