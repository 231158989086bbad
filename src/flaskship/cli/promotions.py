"""What a promotion or its way back came to, as lines for a person and as fields for a script."""

from typing import Any

from flaskship.cli import documents, screens
from flaskship.cli.differences import change_lines, changes_document
from flaskship.model.verdict import Verdict
from flaskship.tasks.gitops import Delivery
from flaskship.tasks.promotion.promote import Promoted
from flaskship.tasks.revert import Reverted

NO_TRAFFIC = "nothing was moved by this command"
Json = dict[str, Any]


def promoted_document(one: Promoted) -> Json:
    """The fields of a promotion: those of a deploy, and the proof of both sides."""
    if one.moved is not None:
        moved = documents.moved_document(one.moved)
    else:
        moved = _unmoved(one.target.name, one.target.engine, one.target.release, _verdict(one.delivery))
    proof = one.proof
    return {
        **moved,
        "dry_run": one.dry_run,
        "writer": one.target.writer,
        "from": {
            "environment": proof.environment,
            "engine": proof.engine,
            "release": {"name": proof.release, "revision": proof.revision},
            "images": {name: image.choices[-1].digest for name, image in proof.images.items()},
            "receipt": documents.receipt_document(proof.receipt),
        },
        "images": {
            name: {"before": choice.before, "after": choice.after, "digest": choice.keys.digest}
            for name, choice in one.choices.items()
        },
        "file": one.file,
        "next": one.next,
        **_delivered(one.delivery),
        **changes_document(one.difference),
    }


def reverted_document(one: Reverted) -> Json:
    """The fields of a rollback through Git."""
    target = one.environment
    return {
        **_unmoved(target.name, target.engine, target.release, one.delivery.verdict),
        "writer": target.writer,
        "reverted": one.promotion.sha,
        "file": one.file,
        "next": one.delivery.next,
        **_delivered(one.delivery),
        **changes_document(one.difference),
    }


def promoted_screen(one: Promoted) -> list[str]:
    """What changes, which digests they are, and what is left to do."""
    proof = one.proof
    lines = [f"{proof.environment} revision {proof.revision} -> {one.target.name}"]
    if proof.receipt is not None:
        lines.append(f"verified under {proof.receipt.sent} requests, of which {proof.receipt.failed} failed")
    lines += ["", *change_lines(one.difference)]
    lines += ["", *(f"{name}  {choice.after}" for name, choice in one.choices.items())]
    if one.dry_run:
        return [*lines, "", "dry run: nothing was written"]
    lines += [
        "",
        f"nothing to write: {one.file} has these already" if one.unchanged else f"written: {one.file}",
    ]
    if one.moved is not None:
        return [*lines, "", *screens.moved_screen(one.moved)]
    return [*lines, *_delivery_lines(one.delivery, one.next)]


def reverted_screen(one: Reverted) -> list[str]:
    """Which promotion was taken back, what changes by it, and what is left to do."""
    title = one.promotion.message.splitlines()[0]
    lines = [f"{one.environment.name}: took back {one.promotion.sha[:12]} ({title})", ""]
    lines += [*change_lines(one.difference), "", f"written: {one.file}"]
    return [*lines, *_delivery_lines(one.delivery, one.delivery.next)]


def _delivery_lines(delivery: Delivery | None, what_next: str | None) -> list[str]:
    lines = []
    if delivery is not None:
        pushed = f", pushed to {delivery.pushed_to}" if delivery.pushed_to else ""
        lines.append(f"commit: {delivery.commit[:12]}{pushed}")
        if delivery.sync is not None:
            lines.append(f"Argo CD: {delivery.sync}")
        if delivery.unknown is not None:
            lines.append(f"Argo CD: not known ({delivery.unknown})")
        lines.append(f"verdict: {delivery.verdict.outcome}")
    return [*lines, f"next: {what_next}"] if what_next else lines


def _unmoved(environment: str, engine: str, release: str, verdict: Verdict | None) -> Json:
    return {
        "environment": environment,
        "engine": engine,
        "release": {"name": release, "revision": None, "previous": None},
        "verdict": documents.verdict_document(verdict) if verdict else None,
        "receipt": None,
        "receipt_reason": NO_TRAFFIC,
        "rolled_back_to": None,
        "undo": None,
        "not_undone": None,
    }


def _verdict(delivery: Delivery | None) -> Verdict | None:
    return delivery.verdict if delivery is not None else None


def _delivered(delivery: Delivery | None) -> Json:
    if delivery is None:
        return {"commit": None, "pushed_to": None, "sync": None, "sync_unknown": None}
    sync = delivery.sync
    return {
        "commit": delivery.commit,
        "pushed_to": delivery.pushed_to,
        "sync": None
        if sync is None
        else {
            "application": sync.application,
            "status": sync.status,
            "health": sync.health,
            "revision": sync.revision,
            "message": sync.message,
        },
        "sync_unknown": delivery.unknown,
    }
