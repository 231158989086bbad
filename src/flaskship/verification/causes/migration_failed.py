"""The database migration failed.

The initContainer `migrate` brings the schema up to date before the application starts; it ended with an
error, so no replica of this revision starts. The evidence is its traceback or its last lines. Where they
say that the database cannot be reached, the line that is named is the one that set DATABASE_URL: the
Secret's key, the value, or this machine's file of Secrets. Otherwise correct the migration. What ran before
goes on serving.
"""

from flaskship.model.exit import describe_exit
from flaskship.model.verdict import Cause
from flaskship.verification.evidence import traceback_or_tail
from flaskship.verification.initializing import of_exit
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject
from flaskship.verification.unreachable import unreachable

CODE = "MigrationFailed"
ENDS = Ends.AT_ONCE
CONTAINER = "migrate"
SWITCH = "migrations"
URL = "env.DATABASE_URL"


def find(subject: Subject) -> Cause | None:
    """Find a failed exit of the initContainer that migrates."""
    exit = subject.last_exit
    if exit is None or exit.unknown or not exit.init or exit.container != CONTAINER:
        return None
    field = blamed(exit.last_lines)
    advice = (
        "The database that DATABASE_URL names cannot be reached or opened: correct the URL, or the database."
        if field == URL
        else "Correct the migration, or the database that DATABASE_URL names."
    )
    message = f"The database migration failed: {describe_exit(exit)}. {advice}"
    return of_exit(exit, subject.cause(CODE, message, traceback_or_tail(exit.last_lines), field))


def blamed(lines: tuple[str, ...]) -> str:
    """Return what a migration's words speak of: the URL of its database, else the migration itself."""
    return URL if unreachable(lines) else SWITCH
