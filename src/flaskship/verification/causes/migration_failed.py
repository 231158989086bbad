"""The database migration failed.

The initContainer `migrate` brings the schema up to date before the application starts; it ended with an
error, so no replica of this revision starts. The evidence is its traceback or its last lines. Correct the
migration or the database that DATABASE_URL names; what ran before goes on serving.
"""

from flaskship.model.exit import describe_exit
from flaskship.model.verdict import Cause
from flaskship.verification.evidence import traceback_or_tail
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "MigrationFailed"
ENDS = Ends.AT_ONCE
CONTAINER = "migrate"


def find(subject: Subject) -> Cause | None:
    """Find a failed exit of the initContainer that migrates."""
    exit = subject.last_exit
    if exit is None or not exit.init or exit.container != CONTAINER:
        return None
    message = (
        f"The database migration failed: {describe_exit(exit)}. "
        "Correct the migration, or the database that DATABASE_URL names."
    )
    return subject.cause(CODE, message, traceback_or_tail(exit.last_lines), "migrations")
