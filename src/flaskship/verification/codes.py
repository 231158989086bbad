"""The stable codes that are not of a replica or a workload: of whole releases, and of refusals."""

from collections.abc import Mapping
from types import MappingProxyType

OF_A_RELEASE: Mapping[str, str] = MappingProxyType(
    {
        "ReleaseRefused": (
            "Helm could not apply all objects of a revision. The message has the API server's words, and "
            "what was applied before is undone with the revision."
        ),
        "WriteUnanswered": (
            "The Helm process was killed or ended before it said how its write went, and left a revision "
            "that nobody finishes. It is marked as failed in Helm's history too, and what it had applied is "
            "undone with it."
        ),
        "AddressNotServing": ("All is ready, and an address that users take does not answer well."),
        "RequestsLost": ("More requests failed meanwhile than `--max-failed` allows."),
        "TestFailed": (
            "All is ready and answers, and one of the release's own tests (`helm test`) failed on the "
            "cluster. Its evidence is the end of what the test printed, and its pod stays until the next "
            "run."
        ),
        "TestNotRun": (
            "A quota, an admission rule or a missing permission kept a test from being made: verify is "
            "inconclusive then, a deploy only warns."
        ),
        "TimedOut": (
            "The user's `--timeout` ran out before a verdict (exit 70). A deploy or a rollback goes back to "
            "the last healthy revision, as after a failure (`--no-rollback` leaves it); a restart, a scale, "
            "a pause or a resume goes on."
        ),
        "Interrupted": ("The user ended the command before it could judge (exit 130)."),
        "Withdrawn": (
            "Somebody aborted the rollout that a deploy watched. The message says who and why, and the "
            "abort puts back what served before."
        ),
        "Superseded": (
            "A newer revision, of somebody who took no lock (`helm rollback`, `kubectl`), took the place "
            "of the one that was followed: it is never called successful, and nothing is undone."
        ),
        "ObservationLost": (
            "The engine or cluster could not be observed any more before a verdict: inconclusive."
        ),
        "StillMoving": ("`verify` found a rollout under way, which nobody can judge yet."),
        "NotYetApplied": ("The commit is made, and Argo CD has not been seen to apply it."),
        "SyncFailed": ("Argo CD applied the commit, or tried to, and what it runs is not healthy."),
        "Unknown": ("A verdict without a cause: a fault of Flaskship, please tell it."),
    }
)
REFUSALS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "UsageInvalid": (
            2,
            "The command line is wrong; the message says what, and where its help is.",
        ),
        "ConfigurationInvalid": (
            2,
            "flaskship.yaml, the values, the chart or what was asked for is wrong: file, line and the "
            "nearest name are told.",
        ),
        "ImageUnknown": (
            2,
            "The manifests name an image, and `images` in flaskship.yaml does not say how this machine "
            "makes it. The line is the value that names the image. Correct it, or add the image there.",
        ),
        "ImageUnreadable": (
            2,
            "The image's folder, its Dockerfile or a file that it names cannot be read.",
        ),
        "DockerfileInvalid": (
            2,
            "The Dockerfile says something that cannot be done; file and line are told.",
        ),
        "DependencyFailed": (
            2,
            "A requirement does not exist, does not match its hash or does not build: its line, and as "
            "evidence the installer's own words.",
        ),
        "ImageBuildFailed": (
            1,
            "No image was made, for a reason that has no code of its own.",
        ),
        "SecretMissing": (
            2,
            "A Secret is read whole (`envFrom`) that no manifest brings, so that nobody knows its keys. "
            "The line is the one that names it. Correct the name, or write its keys into this machine's "
            "file of Secrets.",
        ),
        "KeyMissing": (
            2,
            "A key of a Secret belongs to something outside of this machine, which only a person can fill"
            " in: the file is told.",
        ),
        "PolicyFindings": (
            3,
            "`check` found what nobody accepted.",
        ),
        "PromotionRefused": (
            3,
            "A promotion would change more than images, or what nobody has tested: nothing was changed.",
        ),
        "WriteUnanswered": (
            1,
            "The Helm process was killed before it wrote a revision, or while it removed one: do it again.",
        ),
        "PreflightFailed": (
            4,
            "This machine or cluster lacks something: a tool, a permission, a context.",
        ),
        "PortConflict": (
            4,
            "A NodePort that a Service asks for is taken on this machine. The message says by whom, the "
            "line is the one that chose the port. Stop that, or choose another port.",
        ),
        "NoSpace": (
            4,
            "The disk is full, of the images or of the engine's state: nothing was changed.",
        ),
        "NoNetwork": (
            4,
            "The package index does not answer, or its certificate is not trusted.",
        ),
        "ImageFolderUnwritable": (
            4,
            "The folder of images cannot be written.",
        ),
        "Paused": (
            4,
            "A workload that would change is paused (by `flaskship pause ENV APP` or kubectl), so that "
            "nothing would move it and no progress deadline would run. Nothing was changed; the hint resumes "
            "it.",
        ),
        "Unresponsive": (
            4,
            "A process of ours lives and answers nothing: the message says which, and what to do.",
        ),
        "StateDamaged": (
            4,
            "The engine's state file is damaged: it is kept aside, and what runs goes on until its "
            "environment is changed (`up`, `deploy`, `down`).",
        ),
        "ClusterUnreachable": (
            4,
            "No answer came from the API server: not there, late, or not to be trusted.",
        ),
        "ClusterRefused": (
            4,
            "The API server refused; the message has its words.",
        ),
        "ClusterLoginFailed": (
            4,
            "The credentials of the context are missing, wrong or expired.",
        ),
        "ClusterForbids": (
            4,
            "The user of the context may not do this.",
        ),
        "ForwardRefused": (
            4,
            "The cluster does not let Flaskship reach a Service from this machine.",
        ),
        "Locked": (
            5,
            "Somebody else writes to the environment: who, since when and why is told.",
        ),
        "TwoWriters": (
            5,
            "The environment belongs to another writer (Argo CD, Terraform).",
        ),
        "DeployFailed": (
            1,
            "A deploy, a verification or a rollout failed, for a reason without a cause of its own.",
        ),
        "GitFailed": (
            1,
            "Git refused; the message has what it said.",
        ),
        "ImageShipmentFailed": (
            1,
            "A builder, a node or a registry refused; its last words are the evidence.",
        ),
        "PlanFailed": (
            1,
            "Terraform could not plan a stack.",
        ),
        "RehearsalFailed": (
            1,
            "The rehearsal of the infrastructure found something wrong.",
        ),
        "PicturesStale": (
            1,
            "The pictures of the infrastructure are not as they would be drawn now.",
        ),
        "CostExplorerFailed": (
            1,
            "AWS refused to say what it cost, or could not be asked.",
        ),
        "Failed": (
            1,
            "Something failed that has no code of its own; the message says what.",
        ),
        "Unexpected": (
            1,
            "Flaskship met an error of its own; the message names the file with the details.",
        ),
        "TimedOut": (
            70,
            "The user's `--timeout` ran out.",
        ),
        "Interrupted": (
            130,
            "The user ended the command.",
        ),
    }
)
"""The exit code of each beside what it means."""
