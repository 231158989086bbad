"""Whether a program's last words say that its database, and not its own work, is what is wrong."""

import re
from collections.abc import Iterable

_SAID = re.compile(
    # Our application's words: app/tomorrows/storage/refusals.py and urls.py.
    r"database cannot be reached or refused the connection|"
    r"DATABASE_URL is not a URL|DATABASE_URL has the scheme|"
    r"DATABASE_URL(?:_FILE)? names .* cannot be read|"
    r"file cannot be opened: its folder|file is no SQLite database|"
    r"server refused user or password|server does not know this user|server has no such database|"
    # What drivers say.
    r"connection refused|connection timed out|no route to host|network is unreachable|connection failed:|"
    r"could not connect|could not translate host name|name or service not known|failed to resolve host|"
    r"temporary failure in name resolution|password authentication failed|"
    r"unable to open database file|"
    r"database \"[^\"]*\" does not exist|role \"[^\"]*\" does not exist|"
    r"no password supplied|can't connect to",
    re.IGNORECASE,
)


def unreachable(lines: Iterable[str]) -> bool:
    """Tell whether a line says that the database cannot be reached, opened or logged in to."""
    return any(_SAID.search(line) for line in lines)
