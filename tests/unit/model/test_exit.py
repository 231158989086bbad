import pytest

from flaskship.model.exit import describe_exit, signal_name
from flaskship.model.snapshot import Exit, KilledBy


def exit(code=None, signal=None, by=None) -> Exit:
    return Exit("api", 0.0, code=code, signal=signal, killed_by=by)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (exit(0), "exit 0"),
        (exit(1), "exit 1"),
        (exit(3), "exit 3 (its own code; gunicorn's when its workers cannot boot)"),
        (exit(126), "exit 126 (found but not executable)"),
        (exit(127), "exit 127 (command not found)"),
        (exit(137), "exit 137 (SIGKILL)"),
        (exit(143), "exit 143 (SIGTERM)"),
        (exit(255), "exit 255"),
        (exit(128), "exit 128"),
        (exit(0, by=KilledBy.LIVENESS), "exit 0 after it was stopped by the liveness probe"),
        (exit(signal=9), "killed by SIGKILL"),
        (exit(signal=9, by=KilledBy.OUTSIDE), "killed by SIGKILL from outside"),
        (exit(signal=9, by=KilledBy.MEMORY_LIMIT), "killed by SIGKILL, sent by the memory limit"),
        (exit(signal=11), "crashed with SIGSEGV"),
        (exit(signal=11, by=KilledBy.OUTSIDE), "crashed with SIGSEGV"),
        (exit(signal=40), "killed by signal 40"),
        (exit(), "ended with an unknown status"),
    ],
)
def test_an_end_is_told_in_words(given, words):
    assert describe_exit(given) == words


def test_a_number_without_a_name_is_a_number():
    assert signal_name(99) == "signal 99"
