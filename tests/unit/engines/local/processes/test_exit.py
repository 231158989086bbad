import pytest

from flaskship.engines.local.processes.exit import ExitStatus, Killer, describe_exit


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (ExitStatus(0), "without an error"),
        (ExitStatus(1), "exited with 1"),
        (ExitStatus(3), "exited with 3"),
        (ExitStatus(42), "exited with 42: its own code"),
        (ExitStatus(126), "not executable"),
        (ExitStatus(127), "not found"),
        (ExitStatus(255), "exited with 255: its own code"),
        (ExitStatus(143), "exited with 143: 128 + SIGTERM"),
        (ExitStatus(137), "128 + SIGKILL"),
        (ExitStatus(signal=15), "SIGTERM (143), asked to stop from outside"),
        (
            ExitStatus(signal=11, core=True),
            "SIGSEGV (139), a crash in native code or an abort; it dumped core",
        ),
        (ExitStatus(signal=9), "SIGKILL (137), killed from outside"),
        (ExitStatus(signal=40), "signal 40 (168)"),
        (ExitStatus(), "ExitUnknown"),
    ],
)
def test_each_end_has_its_words(status, words):
    assert words in describe_exit(status)


@pytest.mark.parametrize(
    ("killer", "words"),
    [
        (Killer.US, "stopped by Flaskship"),
        (Killer.GRACE_OVER, "grace period was over"),
        (Killer.MEMORY_LIMIT, "by the kernel at its memory limit (OOMKilled)"),
        (Killer.WATCHDOG, "watchdog"),
        (Killer.OUTSIDE, "from outside"),
    ],
)
def test_137_names_who_killed(killer, words):
    shown = describe_exit(ExitStatus(signal=9), killer)
    assert shown.startswith("ended by SIGKILL (137), ")
    assert words in shown


def test_a_signal_counts_as_128_and_more():
    assert ExitStatus(signal=9).code == 137
    assert ExitStatus(3).code == 3
    assert ExitStatus().code is None
    assert ExitStatus().unknown
    assert not ExitStatus(0).unknown


@pytest.mark.parametrize("code", range(256))
def test_no_code_is_without_words(code):
    assert str(code) in describe_exit(ExitStatus(code))
