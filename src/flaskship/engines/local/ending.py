"""Ends the project's supervisor, router and spawner where nothing needs them, and sees them gone."""

import asyncio
import contextlib

from flaskship.engines.local import daemon
from flaskship.engines.local.channel import ChannelClosed, Message
from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.processes.identity import identify
from flaskship.engines.local.processes.watch import wait_gone
from flaskship.engines.local.rpc import Caller, RemoteError
from flaskship.engines.local.silence import Listening

PATIENCE_SECONDS = 10.0


async def end_daemons(paths: LocalPaths, listening: Listening, patience: float = PATIENCE_SECONDS) -> str:
    """Return what keeps them, in words; empty once they are gone. UnresponsiveError of a silent one."""
    running = await asyncio.to_thread(daemon.daemons, paths)
    ending = {f"{role} (pid {pid})": one for role, pid in running.items() if (one := identify(pid))}
    # A supervisor that takes no connections ends by itself: it had no more to do when the last command left.
    reply: Message = {}
    with contextlib.suppress(OSError):
        reply = await _ask(paths, listening)
    if reply.get("busy"):
        return f"{reply['busy']} is at work"
    if reply.get("running"):
        return f"{', '.join(reply['running'])} was started meanwhile"
    if not reply.get("leaving", True):
        return "processes run here that the state does not know"
    limit = asyncio.get_running_loop().time() + patience
    for name, one in ending.items():
        try:
            async with asyncio.timeout_at(limit):
                await wait_gone(one)
        except TimeoutError:
            return f"the {name} has not ended within {patience:g} s"
    return ""


async def _ask(paths: LocalPaths, listening: Listening) -> Message:
    caller = await Caller.connect(str(paths.socket("supervisor")))
    try:
        with contextlib.suppress(ChannelClosed, RemoteError):
            await listening.hello(caller)
            return await caller.call("shutdown")
    finally:
        await caller.close()
    return {}
