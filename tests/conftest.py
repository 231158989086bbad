"""What every suite stands on, whoever started it."""

import signal


def pytest_configure() -> None:
    # A shell without job control ignores SIGINT for what it runs in the background, and every child inherits it.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
