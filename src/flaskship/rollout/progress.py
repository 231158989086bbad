"""When a rollout has stood still for too long."""


def deadline_passed(progressed_at: float, deadline: int, now: float, complete: bool) -> bool:
    """Tell whether a rollout that is not complete last came forward more than `deadline` seconds ago."""
    return not complete and now - progressed_at > deadline
