"""Small stacks on disk, as infra/terraform/aws has them."""

import shutil
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
STACKS = {
    "network": (
        'variable "zones" {\n  default = ["a", "b"]\n}\n\nvariable "nat_per_zone" {\n  default = false\n}\n\n'
        'variable "interface_endpoints" {\n  default = []\n}\n\n'
        'variable "flow_log_retention_days" {\n  default = 30\n}\n',
        'environment = "{0}"\n',
    ),
    "platform": (
        'variable "log_retention_days" {\n  default = 30\n}\n',
        'on_demand = { instance_types = ["t3.large"], size = { desired = 1, min = 1, max = 3 } }\n'
        'spot      = { instance_types = ["t3.large"], size = { desired = 0, min = 0, max = 3 } }\n',
    ),
    "app": (
        'variable "log_retention_days" {\n  default = 30\n}\n\nvariable "registry" {\n  default = true\n}\n',
        'applications = ["my-tomorrows-api", "my-tomorrows-worker"]\n'
        'database = {\n  instance_class = "db.t4g.micro"\n  storage_gib    = { initial = 20, max = 50 }\n'
        "  multi_az       = false\n}\n",
    ),
}


def lay_out(root: Path, *environments: str) -> None:
    """Write the stacks, the prices and the table of secrets below a project's root."""
    (root / "infra").mkdir(parents=True, exist_ok=True)
    for name in ("prices.toml", "secrets.yaml"):
        shutil.copy(REPOSITORY / "infra" / name, root / "infra")
    for stack, (variables, settings) in STACKS.items():
        folder = root / "infra" / "terraform" / "aws" / "stacks" / stack
        (folder / "environments").mkdir(parents=True)
        (folder / "variables.tf").write_text(variables)
        for name in environments:
            (folder / "environments" / f"{name}.tfvars").write_text(settings.replace("{0}", name))
