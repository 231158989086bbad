"""The fault matrix: every fault by its name, what it is, and how it is done."""

from dataclasses import dataclass

from tests.contract.documents import SERVER
from tests.faults import harm, standing, state_files
from tests.faults.failing import Fault, contained, failing, program, undone
from tests.faults.standing import killed, moved
from tests.faults.state_files import spoilt

LEAVES = "import os\n{}\nserve()\n"
CHILD = "import time\nif os.fork() == 0: time.sleep(600)\n"
SESSION = "import time\nif os.fork() == 0:\n os.setsid()\n if os.fork() == 0: time.sleep(600)\n os._exit(0)\n"
DEAF = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
OVER = "python -I -S -c 'held = bytearray(400 << 20)'"
MANY = (
    "import threading, time\n"
    "for _ in range(1100): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n"
)
ANSWERS = ["python", "-u", "-c", SERVER]
THREAD = "import threading\nthreading.Thread(target=serve, daemon=False).start()\n"


@dataclass(frozen=True)
class Entry:
    name: str
    title: str
    do: Fault
    fast: bool = False

    def __str__(self) -> str:
        return self.name


def _python(text: str) -> list[str]:
    return ["python", "-I", "-S", "-c", text]


MATRIX = (
    Entry("update", "no fault: a rolling update under requests", moved("update"), fast=True),
    Entry("undo", "a deploy that fails is undone under requests", moved("undo"), fast=True),
    Entry("supervisor", "kill -9 of the supervisor, nobody asks anything", killed("supervisor"), fast=True),
    Entry("router", "kill -9 of the router", killed("router"), fast=True),
    Entry("spawner", "kill -9 of the spawner", killed("spawner")),
    Entry(
        "spawner-initializing",
        "kill -9 of the spawner while an initContainer runs",
        standing.unseen_initialization,
        fast=True,
    ),
    Entry("supervisor-spawner", "kill -9 of supervisor and spawner at once", killed("supervisor", "spawner")),
    Entry("router-spawner", "kill -9 of router and spawner at once", killed("router", "spawner")),
    Entry("frozen-supervisor", "SIGSTOP of the supervisor", standing.frozen_supervisor),
    Entry("silent-supervisor", "commands ask a stopped supervisor", standing.silent_supervisor, fast=True),
    Entry("stopped-spawner", "spawner and router stopped, supervisor killed", standing.stopped_spawner),
    Entry("damaged-table", "the router's file damaged, then kill -9 of the router", standing.damaged_table),
    Entry(
        "newer-state",
        "a state file of a newer version",
        spoilt(state_files.newer, "version 99", kept=False),
        fast=True,
    ),
    Entry(
        "corrupt-state",
        "a state file that is no database",
        spoilt(state_files.corrupt, "is damaged", kept=True),
    ),
    Entry("truncated-state", "half a state file", spoilt(state_files.truncated, "is damaged", kept=True)),
    Entry("emptied-state", "a state file of no bytes", spoilt(state_files.emptied, "it is empty", kept=True)),
    Entry("full-disk", "no room left for the state", state_files.full_disk),
    Entry(
        "second-writer", "two writers at once, the second does not wait", standing.second_writer, fast=True
    ),
    Entry("patient-writer", "two writers at once, the second waits", standing.patient_writer),
    Entry("dead-owner", "the lock's owner and the supervisor die", standing.dead_owner),
    Entry("reboot", "a reboot", standing.rebooted),
    Entry("exit-3", "the program ends with 3", failing(_python("raise SystemExit(3)"), "ExitNonZero")),
    Entry("exit-0", "the program ends with 0", failing(_python("pass"), "ProcessEnded")),
    Entry(
        "not-found", "the program does not exist", failing(["no-such-program"], "CommandNotFound"), fast=True
    ),
    Entry("not-executable", "the program is no program", failing(["/etc/hostname"], "NotExecutable")),
    Entry("import", "an import that fails", failing(_python("import nowhere"), "PythonImportError")),
    Entry(
        "exception", "an exception at the start", failing(_python("raise ValueError('boom')"), "PythonError")
    ),
    Entry(
        "never-ready",
        "readiness is never reached",
        failing(program("import time\ntime.sleep(600)\n"), "ReadinessFailed", deadline=3),
    ),
    Entry(
        "readiness-404",
        "readiness that is answered 404, five minutes before its deadline",
        failing(ANSWERS, "ReadinessFailed", ready_path="/nowhere", deadline=300),
        fast=True,
    ),
    Entry(
        "readiness-503",
        "readiness that is answered 503 after the startup probe, five minutes before its deadline",
        failing(ANSWERS, "ReadinessFailed", ready_path="/never", started_path="/started", deadline=300),
    ),
    Entry("killed", "kill -9 of a replica", contained("serve()\n", harm.killed_from_outside), fast=True),
    Entry("frozen", "SIGSTOP of a replica", contained("serve()\n", harm.frozen)),
    Entry("deaf", "a replica that ignores SIGTERM", contained(DEAF + "serve()\n", harm.only_ends)),
    Entry("grandchild", "a replica that leaves a child", contained(LEAVES.format(CHILD), harm.only_ends)),
    Entry(
        "session",
        "a replica whose child leaves its session",
        contained(LEAVES.format(SESSION), harm.only_ends),
    ),
    Entry(
        "bytes",
        "output that is not UTF-8",
        contained("os.write(1, b'\\xff\\xfe caf\\xe9\\n')\nserve()\n", harm.serves_on),
    ),
    Entry(
        "chatter",
        "10,000 log lines a second",
        contained(
            THREAD
            + "import time\nfor _ in range(40):\n"
            + " os.write(1, b'a line of the log\\n' * 1000)\n time.sleep(0.1)\n",
            harm.floods,
        ),
    ),
    Entry(
        "long-line",
        "a line of 1 GiB",
        contained(
            THREAD + "os.write(1, b'begins here ')\nfor _ in range(1024): os.write(1, b'x' * 1048576)\n",
            harm.one_line,
        ),
    ),
    Entry(
        "memory",
        "more memory than the limit",
        failing(program("held = bytearray(400 << 20)\nserve()\n"), "OutOfMemory", limits={"memory": "64Mi"}),
    ),
    Entry(
        "memory-child",
        "a child over the memory limit, its shell's exit code 137",
        failing(["sh", "-c", f"{OVER}; exit $?"], "OutOfMemory", limits={"memory": "64Mi"}),
    ),
    Entry(
        "threads",
        "more threads than its limit",
        failing(_python(MANY), "TooManyProcesses"),
    ),
    Entry(
        "fork-bomb",
        "a fork bomb",
        contained(
            THREAD
            + "import time\ndef fork():\n try: return os.fork()\n except OSError: time.sleep(1); return 1\n"
            + "for _ in range(300):\n if fork() == 0: time.sleep(600)\n",
            harm.bounded_fork,
        ),
    ),
    Entry(
        "fork-bomb-undone",
        "a deploy of what forks, leaves its session and ignores SIGTERM is undone",
        undone(
            DEAF
            + "import os, time\nfor _ in range(300):\n if os.fork() == 0:\n"
            + "  os.setsid()\n  time.sleep(600)\ntime.sleep(600)\n",
            "ReadinessFailed",
        ),
    ),
)
