"""Whether a text parses as a template of Go's, as far as a reader without its functions can say."""

import re

_ACTION = re.compile(r"\{\{(?:-(?=\s))?")
_COMMENT = re.compile(r"\s*/\*.*?\*/\s*-?\}\}", re.DOTALL)
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<end>-?\}\})
    |(?P<text>"(?:\\.|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\\n])*')
    |(?P<number>[-+]?\d[\w.]*)
    |(?P<word>[.$]?\w+|[.$])
    |(?P<sign>:=|[=|,()])""",
    re.VERBOSE,
)
_AFTER_WORD = re.compile(r"\s|[.,|:()=]|-?\}\}|\Z")
_OPENS = frozenset({"if", "range", "with", "block", "define"})


def problem(text: str) -> str | None:
    """What keeps a text from being a template; None where nothing does."""
    at, depth = 0, 0
    while found := _ACTION.search(text, at):
        if comment := _COMMENT.match(text, found.end()):
            at = comment.end()
            continue
        words, at, wrong = _action(text, found.end())
        if wrong:
            return wrong
        if not words:
            return "an action {{ }} is empty"
        depth += (words[0] in _OPENS) - (words[0] == "end")
        if depth < 0:
            return "an {{ end }} closes nothing"
    return "an {{ end }} is missing" if depth else None


def _action(text: str, at: int) -> tuple[list[str], int, str | None]:
    """The words of an action, where it ends, and what is wrong with it."""
    words: list[str] = []
    open_brackets = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            unclosed = text[at] in "\"'`"
            wrong = "a text has no closing quote" if unclosed else f"{text[at]!r} cannot stand in an action"
            return words, at, wrong
        at = token.end()
        if token["end"]:
            return words, at, "a bracket is not closed" if open_brackets else None
        if token["word"] and not _AFTER_WORD.match(text, at):
            hint = ' (a key with a dash: index . "the-key")' if text[at] == "-" else ""
            return words, at, f"{text[at]!r} cannot follow {token['word']}{hint}"
        open_brackets += (token[0] == "(") - (token[0] == ")")
        if open_brackets < 0:
            return words, at, "a bracket closes nothing"
        if not token["space"]:
            words.append(token[0])
    return words, at, "an action {{ is not closed"
