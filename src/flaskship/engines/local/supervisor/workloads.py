"""A workload of the intended revision: what it wants, and how far its rollout has come."""

from collections.abc import Sequence
from dataclasses import field

from flaskship.engines.local.spec import Deployment, Recreate
from flaskship.engines.local.supervisor.replica import Replica
from flaskship.model.frozen import dataclass
from flaskship.rollout import recreate, rolling_update
from flaskship.rollout.budget import Allowance, within_budget
from flaskship.rollout.view import ReplicaView, RolloutView, Step


@dataclass
class Progress:
    """How far the rollout of one workload has come."""

    template: str = ""
    since: float = 0.0
    at: float = 0.0
    seen: tuple[int, ...] = ()
    complete: bool = False


@dataclass
class Workload:
    """A Deployment of the intended revision with what users steered since."""

    spec: Deployment
    template: str
    desired: int
    paused: bool
    budgets: tuple[Allowance, ...] = ()
    """What holds for a restart that is under way."""
    progress: Progress = field(default_factory=Progress)

    def next_step(self, mine: Sequence[Replica], now: float) -> Step:
        """Return what its strategy does next."""
        view = self._view(mine, now)
        recreating = isinstance(self.spec.strategy, Recreate)
        return recreate.next_step(view) if recreating else rolling_update.next_step(view)

    def available(self, replica: Replica, now: float) -> bool:
        """Tell whether the replica has been ready for minReadySeconds."""
        return replica.ready and self.available_in(replica, now) <= 0

    def available_in(self, replica: Replica, now: float) -> float:
        """Return in how many seconds a ready replica becomes available."""
        since = replica.ready_at if self.spec.min_ready else None
        return 0.0 if since is None else since + self.spec.min_ready - now

    def note_progress(self, mine: Sequence[Replica], now: float) -> None:
        """Remember when the rollout last came forward."""
        progress = self.progress
        new = [r for r in mine if r.record.template == self.template and not r.terminating]
        ready = [r for r in new if r.ready]
        counts = (len(new), len(ready), sum(self.available_in(r, now) <= 0 for r in ready))
        old = sum(r.record.template != self.template for r in mine)
        complete = counts == (self.desired,) * 3 and not old
        if progress.template != self.template:
            self.progress = Progress(self.template, now, now, (*counts, -old))
        elif progress.complete and not complete:
            # What was complete and lost a replica has its whole deadline to recover.
            progress.at, progress.seen = now, (*counts, -old)
        elif any(now_ > then for now_, then in zip((*counts, -old), progress.seen, strict=True)):
            progress.at, progress.seen = now, (*counts, -old)
        else:
            progress.seen = (*counts, -old)
        self.progress.complete = complete

    def _view(self, mine: Sequence[Replica], now: float) -> RolloutView:
        strategy = self.spec.strategy
        surge: int | str = 0
        unavailable: int | str = 0
        if not isinstance(strategy, Recreate):
            surge, unavailable = strategy.max_surge, strategy.max_unavailable
            if self.budgets:
                surge, unavailable = within_budget(self.desired, surge, unavailable, self.budgets)
        views = {replica.uid: self._replica_view(replica, now) for replica in mine}
        new = tuple(views[r.uid] for r in mine if r.record.template == self.template)
        old = tuple(views[r.uid] for r in mine if r.record.template != self.template)
        return RolloutView(self.desired, surge, unavailable, new, old, self.paused)

    def _replica_view(self, replica: Replica, now: float) -> ReplicaView:
        ready = replica.ready
        return ReplicaView(
            uid=replica.uid,
            ready=ready,
            available=ready and self.available_in(replica, now) <= 0,
            created_at=replica.record.created_at,
            terminating=replica.terminating,
            crashing=any(c.standing.waiting for c in replica.containers.values()),
        )
