"""Why the spawner refuses: a stable code and a sentence that names what was in the way."""


class Refused(Exception):
    """A request that was not carried out; nothing was started or changed by it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
