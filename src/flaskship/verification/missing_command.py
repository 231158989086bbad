"""The name of the command that was not found, out of what a shell or another starter wrote of it."""

import re
from collections.abc import Iterable

_QUOTES = "'\"‘’`"
_SAID = tuple(
    re.compile(pattern)
    for pattern in (
        # bash and zsh: FILE: line 3: NAME: command not found, zsh:1: command not found: NAME
        r"(?:^|: )(?P<name>[^\s:][^:]*): command not found$",
        r": command not found: (?P<name>\S.*)$",
        # timeout, nohup, stdbuf, setsid
        r": failed to (?:run command|execute) (?P<name>\S.*?): No such file or directory$",
        # env, nice, xargs; a shell whose word is a path
        r"^[^:]+: (?:(?:line )?\d+: )?(?:exec: )?(?P<name>\S[^:]*): No such file or directory$",
        # our own spawner
        r"^(?P<name>'.+'|\S+) was not found(?: on PATH \(.*\))?$",
        # dash and busybox: sh: 1: NAME: not found
        r"^[^:]+: (?:(?:line )?\d+: )?(?:exec: )?(?P<name>\S[^:]*): not found$",
    )
)


def missing_command(lines: Iterable[str]) -> str | None:
    """Return the name in the newest line that says of a command that it was not found."""
    for line in reversed(tuple(lines)):
        for said in _SAID:
            if (match := said.search(line.strip())) is not None:
                return match["name"].strip(_QUOTES)
    return None
