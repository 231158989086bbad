"""Starts one process: fork, prepare, execve, and a pipe that tells which step failed and why.

Between fork and execve the child keeps the spawner's lock, so that a new spawner that takes the lock
knows that no half-started child is left that /proc would not show as ours.
"""

import errno
import os
import resource
import select
import signal
import stat
from typing import NamedTuple, NoReturn

from flaskship.engines.local.spawner.executable import explain_exec, find_program
from flaskship.engines.local.spawner.landlock import write_only_below
from flaskship.engines.local.spawner.refusal import Refused
from flaskship.engines.local.spawner.request import SpawnRequest

_START_SECONDS = 10.0
_LOG_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)


class Report(NamedTuple):
    """The step of the child that failed, its errno and the path or limit it was about."""

    step: str
    number: int
    subject: str


def start(request: SpawnRequest, keep_open: int) -> int:
    """Return the pid of the process that now runs the program; Refused when it could not be started."""
    if not os.path.isdir(request.cwd):  # noqa: PTH112 (a folder we may not enter is told by chdir)
        raise Refused("CwdMissing", f"the working folder {request.cwd} does not exist")
    program = find_program(request.argv[0], request.env.get("PATH"), request.cwd)
    reader, writer = os.pipe()
    try:
        pid = os.fork()
    except OSError as error:
        os.close(reader)
        os.close(writer)
        raise _fork_refused(error) from None
    if pid == 0:
        _run(request, program, writer, keep_open)
    os.close(writer)
    try:
        report = _read_report(reader)
    finally:
        os.close(reader)
    if report is None:
        return pid
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise explain(report, request)


def explain(report: Report, request: SpawnRequest) -> Refused:
    """Return what a failed step means, in a code and a sentence."""
    if report.step == "exec":
        return explain_exec(report.subject, request.cwd, report.number)
    reason = os.strerror(report.number)
    denied = report.number in (errno.EACCES, errno.EPERM)
    known = {
        "time": ("StartTimedOut", f"{request.argv[0]} was not running after {_START_SECONDS:.0f} seconds"),
        "cwd": (
            "PermissionDenied" if denied else "CwdMissing",
            f"the working folder {request.cwd} cannot be entered: {reason}",
        ),
        "log": ("LogUnwritable", f"the log file {request.log} cannot be opened: {reason}"),
        "cgroup": ("CgroupUnwritable", f"the process could not join {report.subject}: {reason}"),
        "limit": ("LimitRefused", f"the limit {report.subject} could not be set: {reason}"),
    }
    return Refused(*known.get(report.step, ("StartFailed", f"{report.step} failed: {reason}")))


def _fork_refused(error: OSError) -> Refused:
    if error.errno == errno.EAGAIN:
        return Refused(
            "OutOfProcesses",
            "no further process can be made: a limit on them is reached (ulimit -u, or pids.max)",
        )
    return Refused("OutOfMemory", f"no further process can be made: {error.strerror}")


def _read_report(reader: int) -> Report | None:
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    if not poll.poll(_START_SECONDS * 1000):
        return Report("time", errno.ETIMEDOUT, "")
    data = os.read(reader, 8192)
    if not data:
        return None
    step, number, subject = data.decode(errors="surrogateescape").split("\n", 2)
    return Report(step, int(number), subject)


def _run(request: SpawnRequest, program: str, writer: int, keep_open: int) -> NoReturn:
    step, subject, number = "session", "", errno.EINVAL
    try:
        os.setsid()
        step = "signals"
        _reset_signals()
        for subject in request.cgroup:
            step = "cgroup"
            _write_zero(subject)
        step, subject = "log", ""
        _open_streams(request.log)
        for limit, value in request.rlimits:
            step, subject = "limit", f"{limit} = {value}"
            _limit(limit, value)
        step, subject = "nice", ""
        if request.nice:
            os.nice(request.nice)
        os.umask(request.umask)
        step = "cwd"
        os.chdir(request.cwd)
        step, subject = "files", ""
        _close_others(writer, keep_open)
        if request.writable is not None:
            step = "landlock"
            write_only_below(request.writable)
        step, subject = "exec", program
        os.execve(program, request.argv, request.env)  # noqa: S606 (no shell is the point)
    except OSError as error:
        number = error.errno or errno.EINVAL
    finally:
        os.write(writer, f"{step}\n{number}\n{subject}".encode(errors="surrogateescape"))
        os._exit(127)


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if number not in (signal.SIGKILL, signal.SIGSTOP) and signal.getsignal(number) is not signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
    for number in _IGNORED_BY_PYTHON:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _limit(number: int, value: int) -> None:
    hard = resource.getrlimit(number)[1]
    unlimited = resource.RLIM_INFINITY
    bounded = hard if value == unlimited else value if hard == unlimited else min(value, hard)
    resource.setrlimit(number, (bounded, bounded))


def _write_zero(path: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    os.write(descriptor, b"0")
    os.close(descriptor)


def _open_streams(log: str) -> None:
    null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    output = os.open(log, _LOG_FLAGS, 0o600)
    if not stat.S_ISREG(os.fstat(output).st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    os.set_blocking(output, True)
    os.fchmod(output, 0o600)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)


def _close_others(*kept: int) -> None:
    low = 3
    for descriptor in (*sorted(set(kept)), os.sysconf("SC_OPEN_MAX")):
        if descriptor > low:
            os.closerange(low, descriptor)
        low = max(low, descriptor + 1)
