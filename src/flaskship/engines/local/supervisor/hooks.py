"""Lifecycle hooks, carried out beside a container as a kubelet does."""

from collections.abc import Awaitable, Callable

from flaskship.engines.local import prober
from flaskship.engines.local.prober import PortResolver
from flaskship.engines.local.spec import Exec, Handler, Sleep
from flaskship.engines.local.supervisor.exec import run_command
from flaskship.engines.local.supervisor.world import LaunchPlan

POST_START_SECONDS = 24 * 3600.0
"""A kubelet waits for a postStart hook without a limit; a day is as good as none."""
LEAST_GRACE = 2.0
"""What is left for SIGTERM where a preStop hook used all of the grace: a kubelet's minimum."""


async def run_hook(
    hook: Handler,
    address: str,
    port: PortResolver,
    plan: LaunchPlan,
    seconds: float,
    sleep: Callable[[float], Awaitable[None]],
) -> str:
    """Run the hook within so many seconds; return in words how it failed, nothing where it went well."""
    if isinstance(hook, Sleep):
        await sleep(hook.seconds)
        return ""
    if isinstance(hook, Exec):
        try:
            code, output = await run_command(hook.command, plan, seconds)
        except TimeoutError:
            return f"no end within {seconds:g} s"
        said = prober.cleaned(output)
        return f"exit {code}{f': {said}' if said else ''}" if code else ""
    result = await prober.probe(
        hook, address, port, seconds, lambda command, limit: run_command(command, plan, limit)
    )
    return "" if result.ok else f"{result.request}: {result.answer}"
