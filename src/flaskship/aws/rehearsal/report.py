"""The report of a rehearsal, for a person."""

from collections.abc import Iterator

from flaskship.aws.rehearsal.outcome import Rehearsal, StackRun


def lines(outcome: Rehearsal) -> Iterator[str]:
    """Write the outcome line by line; what does not hold is marked NO."""
    yield f"rehearsal of {outcome.environment}: AWS provider {outcome.provider}, {outcome.seconds:.0f} s"
    yield ""
    yield "STACK      RESOURCES  APPLY  PLAN AGAIN       DESTROY"
    for run in outcome.stacks:
        yield _stack(run)
    total = sum(run.resources for run in outcome.stacks)
    yield f"{'in all':<10} {total:>9}"
    for run in outcome.stacks:
        yield from (f"NO  {run.stack}: planned again: {address}" for address in run.second_plan)
        yield from (f"NO  {run.stack}: {line}" for line in run.errors)
        if run.refused:
            yield f"ok  {run.stack}: destroying was refused first, as it should be: {run.refused}"
    yield ""
    held = sum(fact.holds for fact in outcome.facts)
    yield f"facts, asked of the API: {held} of {len(outcome.facts)} hold"
    for fact in outcome.facts:
        seen = f"  ({fact.seen})" if fact.seen and not fact.holds else ""
        yield f"  {'ok' if fact.holds else 'NO'}  {fact.stack}: {fact.says}{seen}"
    yield ""
    if outcome.drift:
        yield "drift, made behind Terraform's back:"
    for one in outcome.drift:
        said = f"found, {one.resource}" if one.found else f"not found, {one.resource}"
        yield f"  {'ok' if one.found else 'NO'}  {one.stack}: {one.change}: {said}"
    if outcome.drift:
        yield ""
    yield "left after all of it was destroyed, asked of the API:"
    yield from (f"  NO  {one_}" for one_ in outcome.left)
    if not outcome.left:
        yield "  ok  nothing"
    yield ""
    if outcome.doubled:
        yield "asked, and answered by doubles of ours, because the API server lacks it:"
    services = dict.fromkeys(name.partition(":")[0] for name in outcome.doubled)
    for service in services:
        calls = [name.partition(":")[2] for name in outcome.doubled if name.startswith(f"{service}:")]
        yield f"  {service}: {', '.join(calls)}"
    yield "corrected in the API server, because AWS answers otherwise:"
    yield from (f"  {line}" for line in outcome.corrected)
    for one_ in outcome.unanswered:
        yield f"  answered by nobody: {one_}"
    yield "not shown by this, and how it is checked instead:"
    yield from (f"  {part.part}: {part.instead}" for part in outcome.instead)


def _stack(run: StackRun) -> str:
    again = "empty" if not run.second_plan else f"{len(run.second_plan)} changes"
    ended = f"{run.destroy_seconds:.0f} s" if run.destroyed else "NO"
    return (
        f"{run.stack:<10} {run.resources:>9}  {run.apply_seconds:>3.0f} s  {again}, {run.plan_seconds:.0f} s"
        f"{'':<4}  {ended:>7}"
    )
