"""A promotion that the command line itself brings there, whole: proof, values, deploy, verdict."""

import asyncio
import shutil

from tests.cluster.test_environments import HERE, KEYS
from tests.cluster.town import API, COMMAND, ROOT, WORKER, Ended, Town

from flaskship.engines.kubernetes.resources import DEPLOYMENTS, SECRETS

REPOSITORY = "cloudandparth/my-demo-app"
HEAD = """environment: staging
# Why it is here: a comment that stays.
policy:
  accept:
    - rule: untested
      reason: One node has no load balancer and no store of secrets.
"""


async def said(town: Town, *words: str) -> Ended:
    return await asyncio.to_thread(town.run_words, [*COMMAND, *words, "--project", str(town.folder)])


async def image(town: Town, name: str) -> str:
    found = await town.cluster.get(DEPLOYMENTS, name, town.namespace("staging"))
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"])


async def test_what_dev_has_proven_runs_in_staging_and_nothing_else_does(town: Town) -> None:
    (town.folder / "infra").unlink()
    shutil.copytree(ROOT / "infra" / "helmchart", town.folder / "infra" / "helmchart")
    values = town.folder / "infra" / "helmchart" / "values-staging.yaml"
    values.write_text(HEAD + HERE.lstrip())
    file = town.folder / "flaskship.yaml"
    name = f"{town.namespace('staging')}, engine: kubernetes"
    assert name in file.read_text()
    file.write_text(file.read_text().replace(name, f"{name}, promotes_from: dev"))
    (await town.go("deploy")).succeeded()
    by_tag = await said(town, "promote", "dev", "staging")
    assert by_tag.code == 4
    assert "by a tag" in by_tag.document["error"]["message"]
    digest = (await town.go("history")).document["revisions"][0]["images"][API]
    images = [f"{one}={REPOSITORY}@{digest}" for one in (API, WORKER)]
    (await town.go("deploy", "dev", *(word for one in images for word in ("--image", one)))).succeeded()
    await town.make_namespace("staging")
    secret = {"metadata": {"name": "app-secrets"}, "stringData": KEYS}
    await town.cluster.create(SECRETS, secret, town.namespace("staging"))
    before = values.read_text()
    told = (await said(town, "promote", "dev", "staging", "--dry-run")).succeeded()
    assert values.read_text() == before
    assert told.document["from"]["release"]["revision"] == 2
    promoted = (await said(town, "promote", "dev", "staging", "--reason", "proven")).succeeded()
    assert promoted.outcome == "successful"
    after = values.read_text()
    assert "# Why it is here: a comment that stays." in after
    assert after.count(digest) == 3, after
    for one in (API, WORKER):
        assert (await image(town, one)).endswith(f"@{digest}")
    (newest,) = (await said(town, "history", "staging")).document["revisions"]
    assert set(newest["images"].values()) == {digest}
    assert newest["reason"] == "proven"
