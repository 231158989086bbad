"""Requests per second through the router, against the same server directly and against HAProxy and nginx.

python -m benchmarks.path [--rounds 7] [--seconds 2] [--connections 16] [--server gunicorn|bare] [--json FILE]
"""

import argparse
import contextlib
import json
import shutil
import statistics
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from benchmarks.figures import Goal, Options, Result, Series
from benchmarks.load import MODES, load
from benchmarks.machine import describe, family, free_port, seconds_used
from benchmarks.proxies import Target, proxy_command, router, running, server_command

LEVEL = 0.95
"""Rounds of one proxy differ by as much: from here on the router is level."""


def measure(target: Target, seconds: float, connections: int, mode: str) -> None:
    # A proxy listens before it has made the process that serves.
    pids = family(target.pids[0])
    before = seconds_used(pids)
    result = load(target.port, seconds, connections, mode)
    used = seconds_used(pids) - before
    target.rates[mode].append(result["rate"])
    target.costs[mode].append(used / max(result["done"], 1) * 1e6)
    target.failed += int(result["failed"])


def report(targets: list[Target], mode: str) -> None:
    direct = statistics.median(targets[0].rates[mode])
    print(
        f"\n{mode}: requests per second (min / median / max), share of direct, time of the proxy per request"
    )
    for target in targets:
        rates = target.rates[mode]
        middle = statistics.median(rates)
        cost = "" if target.name == "direct" else f"  {statistics.median(target.costs[mode]):6.1f} us"
        print(
            f"  {target.name:8} {min(rates):8.0f} / {middle:8.0f} / {max(rates):8.0f}"
            f"  {middle / direct:5.2f}{cost}  failed {target.failed}"
        )


def compare(arguments: argparse.Namespace) -> None:
    print(describe())
    tool = "wrk" if shutil.which("wrk") else "our generator (wrk is not installed)"
    print(f"load: {tool}, {arguments.connections} connections, server: {arguments.server}")
    targets, missing = rounds(
        arguments.server, range(arguments.rounds), arguments.seconds, arguments.connections
    )
    for reason in missing:
        print(reason)
    for mode in MODES:
        report(targets, mode)
    if arguments.json:
        document = {"machine": asdict(describe()), "targets": [asdict(target) for target in targets]}
        Path(arguments.json).write_text(json.dumps(document, indent=2) + "\n")


def rounds(
    kind: str, numbers: Iterable[int], seconds: float, connections: int
) -> tuple[list[Target], list[str]]:
    """Return every way to the server with its figures, and the reasons why a proxy is not among them."""
    missing = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="path-")))
        server = free_port()
        process = stack.enter_context(running(server_command(kind, server), server, folder))
        targets = [Target("direct", server, family(process.pid))]
        targets.append(stack.enter_context(router(server, folder)))
        for name in ("haproxy", "nginx"):
            port = free_port()
            command = proxy_command(name, port, server, folder)
            if command is None:
                missing.append(f"{name}: not compared, it is not installed here")
                continue
            proxy = stack.enter_context(running(command, port, folder))
            targets.append(Target(name, port, family(proxy.pid)))
        for each in numbers:
            for mode in MODES:
                for target in targets if each % 2 == 0 else targets[::-1]:
                    measure(target, seconds, connections, mode)
    return targets, missing


def run(options: Options) -> Result:
    """Measure with the image's server, which sets the pace, and with one that costs next to nothing."""
    result = Result("path")
    for kind in ("gunicorn", "bare"):
        numbers = options.each_round(f"path, {kind}")
        targets, missing = rounds(kind, numbers, options.pick(2.0, 1.0), int(options.pick(16, 4)))
        if shutil.which("wrk") is None:
            missing.append(
                "wrk: not installed here; the load comes from a generator of ours, which is slower"
            )
        result.notes += [reason for reason in missing if reason not in result.notes]
        for mode in MODES:
            for target in targets:
                result.series.append(Series(f"{kind}, {mode}, {target.name}", "req/s", target.rates[mode]))
            others = [target.rates[mode] for target in targets if target.name in ("haproxy", "nginx")]
            if others:
                best = max(others, key=statistics.median)
                share = statistics.median(a / b for a, b in zip(targets[1].rates[mode], best, strict=True))
                result.goals.append(Goal(f"{kind}, {mode}, router over the better proxy", share, LEVEL, True))
            result.notes.append(
                f"{kind}, {mode}, processor time per request: "
                + ", ".join(
                    f"{target.name} {statistics.median(target.costs[mode]):.1f} us" for target in targets[1:]
                )
            )
        result.goals.append(Goal(f"{kind}, requests that failed", sum(one.failed for one in targets), 0))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--server", choices=("gunicorn", "bare"), default="gunicorn")
    parser.add_argument("--json", help="write every round's figures to this file")
    compare(parser.parse_args())


if __name__ == "__main__":
    main()
