import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from flaskship.engines.local.images.process import Job, Outcome, run_job


def job(code: str, *words: str) -> Job:
    return Job((sys.executable, "-c", code, *words), {"PATH": os.environ["PATH"]}, Path("/"))


async def run(code: str, *words: str) -> tuple[Outcome, list[str]]:
    heard: list[str] = []
    return await asyncio.wait_for(run_job(job(code, *words), heard.append), 30), heard


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_both_outputs_and_the_status_are_heard() -> None:
    outcome, heard = await run("import sys; print('one'); print('two', file=sys.stderr); sys.exit(3)")
    assert outcome.status == 3
    assert sorted(heard) == sorted(outcome.lines) == ["one", "two"]


async def test_only_the_last_lines_are_kept() -> None:
    outcome, heard = await run("for n in range(500): print(n)")
    assert len(heard) == 500
    assert outcome.lines == tuple(map(str, range(440, 500)))


async def test_an_endless_line_and_bytes_that_are_no_text_do_not_stop_the_hearing() -> None:
    outcome, _ = await run("import sys; o = sys.stdout.buffer; o.write(b'x' * 300000 + b'\\n\\xff\\nend\\n')")
    assert outcome.lines[-2:] == ("\ufffd", "end")


async def test_a_program_reads_nothing_and_leads_its_own_session() -> None:
    outcome, _ = await run("import os, sys; print(len(sys.stdin.read()), os.getsid(0) == os.getpid())")
    assert outcome.lines == ("0 True",)


async def test_a_cancelled_job_takes_its_children_with_it() -> None:
    code = (
        "import subprocess, sys, time;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(run_job(job(code), lambda line: started.set_result(int(line))))
    child = await asyncio.wait_for(started, 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    deadline = time.monotonic() + 10
    while alive(child) and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    assert not alive(child)


async def test_a_descriptor_that_is_handed_over_stays_open_there(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        given = Job(
            (sys.executable, "-c", f"import os; os.fstat({descriptor}); print('held')"),
            {},
            tmp_path,
            (descriptor,),
        )
        assert (await run_job(given, lambda _: None)).lines == ("held",)
    finally:
        os.close(descriptor)
