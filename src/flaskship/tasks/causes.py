"""The values line that set what failed, or the manifest's own field where no value did."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from flaskship.engines.base import Engine
from flaskship.engines.local.paths import LocalPaths
from flaskship.model.errors import FlaskshipError
from flaskship.model.frozen import dataclass
from flaskship.model.location import Location
from flaskship.model.release import Document, Release
from flaskship.model.verdict import Cause, Manifest, Verdict
from flaskship.tasks.blame import of_a_probe
from flaskship.tasks.manifest_paths import manifest_path, quoted
from flaskship.tasks.migration import is_of_a_migration
from flaskship.tasks.migration_places import content_place, place_of
from flaskship.tasks.places import application_path, entries, extra_path, place, set_above
from flaskship.tasks.prepare import Draft
from flaskship.tasks.references import Reference, named_in, references
from flaskship.tasks.setters import pod_of, setter_of
from flaskship.tasks.suspects import in_values, suspects
from flaskship.tasks.world import World

WORKLOADS = ("Deployment", "Rollout", "StatefulSet", "Job")
OF_A_REFERENCE = frozenset({"ConfigMapMissing", "SecretMissing", "KeyMissing"})
VARIABLE = "env."
VOLUME = "volumes."
_ENTRY = re.compile(r"spec\.template\.spec\.(?P<list>volumes|initContainers)\[(?P<index>\d+)\]")
_OWN = re.compile(r"^spec\.(?:template\.spec\.(?:containers\[0\]\.)?)?")


@dataclass(frozen=True, slots=True)
class Origins:
    """Where what was deployed comes from: the draft, what ran healthily before, where Secrets are kept."""

    world: World
    plan: Draft
    healthy: Release | None = None
    secrets: Path | None = None

    def explain(self, verdict: Verdict) -> Verdict:
        """Add its file and line to each cause: those of a change since the healthy release first."""
        return replace(verdict, causes=tuple(map(self._placed, verdict.causes)))

    def explain_refusal(self, error: FlaskshipError) -> None:
        """Give an error that is about an object of the manifests its file and line, if it has none.

        Of several that are refused at once each has its own, and the first of these is that of the whole.
        """
        for part in error.parts:
            self.explain_refusal(part)
        if error.parts and error.location is None:
            error.location = next((one.location for one in error.parts if one.location), None)
            return
        about = error.about
        if about is None or error.location is not None:
            return
        for document in (*self.plan.rendered.documents, *self.plan.rendered.hooks):
            if about.kind == "Secret" and not about.path:
                reference = next(
                    (r for r in references(document) if (r.kind, r.name) == (about.kind, about.name)), None
                )
                if reference is not None:
                    error.location = (
                        self._of_extra(document, reference.path)
                        or self._of_reference(document, reference)
                        or self._in_template(document, reference.path)
                    )
                    return
            elif (document.get("kind"), _name(document)) == (about.kind, about.name):
                if about.path:
                    error.location = self._of_path(document, quoted(document, about.path))
                    return
                # A workload's values are the application's own; those of other kinds are below their name.
                path = about.field if about.kind in WORKLOADS else f"{about.kind.lower()}.{about.field}"
                field = manifest_path(document, about.field) if about.field else "metadata.name"
                error.location = (
                    self._of_extra(document, field)
                    or self.world.locate(self.plan.layered, document, path)
                    or self._in_template(document, field)
                )
                return

    def _placed(self, cause: Cause) -> Cause:
        if cause.values is not None or cause.application is None:
            return cause
        document = workload_of(self.plan.rendered.documents, cause.application)
        if document is None:
            return cause
        reference = named_in(document, cause) if cause.code in OF_A_REFERENCE else None
        if extra := self._extra(document):
            return replace(cause, values=self._within(extra, cause, document, reference))
        if cause.field is None:
            return cause
        values = self._values(cause, document, reference)
        if values is not None:
            return replace(cause, values=values)
        path = (
            reference.path if reference is not None else manifest_path(document, cause.field, cause.container)
        )
        place = self._in_template(document, path)
        return replace(cause, manifest=Manifest(f"{document.get('kind')}/{_name(document)}", path, place))

    def _values(self, cause: Cause, document: Document, reference: Reference | None) -> Location | None:
        if reference is not None and (found := self._of_reference(document, reference)) is not None:
            return found
        if (found := self._of_probe(cause)) is not None:
            return found
        suspected, application = self._suspects(cause, document), cause.application or ""
        if is_of_a_migration(cause):
            found_at = (
                place_of(self.world, self.plan, document, application, field, self.secrets)
                for field in suspected
            )
        else:
            found_at = (self._of_field(application, document, field) for field in suspected)
        if (found := next(filter(None, found_at), None)) is not None:
            return found
        own = in_values(cause, self.plan.rendered.documents, document)
        return self._of_field(application, document, own)

    def _of_probe(self, cause: Cause) -> Location | None:
        """Where the setting of a probe stands that its answer speaks of: one that somebody has set, else the
        chart's own where what somebody has set of the probe is another.
        """
        root, layered = application_path(cause.application or ""), self.plan.layered
        fields = of_a_probe(cause)
        for field in fields:
            if (found := set_above(self.world, layered, f"{root}.{field}")) is not None:
                return found.location
        if fields and set_above(self.world, layered, f"{root}.{cause.field}") is not None:
            return place(self.world, layered, f"{root}.{fields[0]}")
        return None

    def _suspects(self, cause: Cause, document: Document) -> tuple[str, ...]:
        healthy = self.healthy.documents if self.healthy is not None else ()
        before = workload_of(healthy, cause.application or "")
        return suspects(cause, healthy, before, self.plan.rendered.documents, document)

    def _extra(self, document: Document) -> str | None:
        """The path of an object that the values hold whole: there its fields are the manifest's own."""
        return extra_path(self.world, self.plan.layered, str(document.get("kind")), _name(document))

    def _of_extra(self, document: Document, path: str) -> Location | None:
        extra = self._extra(document)
        return place(self.world, self.plan.layered, f"{extra}.{path}") if extra else None

    def _within(
        self, extra: str, cause: Cause, document: Document, reference: Reference | None
    ) -> Location | None:
        """The line of the field that is to blame in such an object, else that of the object itself."""
        layered = self.plan.layered
        if reference is not None:
            return place(self.world, layered, f"{extra}.{reference.path}")
        for field in self._suspects(cause, document):
            whole = "image" if field.startswith("image.") else field
            path = manifest_path(document, whole, cause.container)
            if (found := content_place(self.world, self.plan, field)) is not None:
                return found
            if origins := self.world.origins(layered, f"{extra}.{path}"):
                return origins[-1].location
        for field in of_a_probe(cause):
            below = manifest_path(document, field)
            if origins := self.world.origins(layered, f"{extra}.{below}"):
                return origins[-1].location
        named = cause.field is not None
        own = manifest_path(document, cause.field or "", cause.container) if named else "metadata.name"
        return place(self.world, layered, f"{extra}.{own}")

    def _of_field(self, application: str, document: Document, field: str) -> Location | None:
        if field.startswith(VARIABLE):
            variable = field.removeprefix(VARIABLE)
            found = setter_of(self.world, self.plan, document, application, variable, self.secrets)
            if found is not None:
                return found
        return self.world.locate(self.plan.layered, document, field)

    def _of_reference(self, document: Document, reference: Reference) -> Location | None:
        """Where the values name what is referred to."""
        application = _application(document)
        if reference.field.startswith(VARIABLE):
            variable = reference.field.removeprefix(VARIABLE)
            return setter_of(self.world, self.plan, document, application, variable, self.secrets)
        root = application_path(application)
        if reference.field.startswith(VOLUME):
            return self._of_entry(document, reference.path)
        for number in range(len(tuple(references(document)))):
            at = f"{root}.envFrom[{number}]"
            for key in ("configMapRef", "secretRef") if reference.field == "envFrom" else ():
                origins = self.world.origins(self.plan.layered, f"{at}.{key}.name")
                if origins and origins[-1].value == reference.name:
                    return origins[-1].location
        return None

    def _of_path(self, document: Document, path: str) -> Location | None:
        """Where an extra object, a value or the object's template writes a path of its manifest."""
        return (
            self._of_extra(document, path)
            or self._of_entry(document, path)
            or self._of_value(document, path)
            or self._in_template(document, path)
        )

    def _of_entry(self, document: Document, path: str) -> Location | None:
        """Where the values have the volume or initContainer that a path leads into; the chart puts its own
        before those.
        """
        if (found := _ENTRY.match(path)) is None:
            return None
        given = pod_of(document).get(found["list"]) or ()
        number = int(found["index"])
        name = given[number].get("name") if number < len(given) else None
        listed = f"{application_path(_application(document))}.{found['list']}"
        for at, entry in entries(self.world, self.plan.layered, listed):
            if entry.at("name").text == name:
                return place(self.world, self.plan.layered, f"{at}{path[found.end() :]}")
        return None

    def _of_value(self, document: Document, path: str) -> Location | None:
        """Where the values have the very field that a manifest took over under its own name."""
        kind = str(document.get("kind"))
        field = _OWN.sub("", path) if kind in WORKLOADS else f"{kind.lower()}.{path.rpartition('.')[2]}"
        origins = self.world.origins(self.plan.layered, f"{application_path(_application(document))}.{field}")
        exact = origins and "[" not in field and origins[-1].path.endswith(f".{field}")
        return origins[-1].location if exact else None

    def _in_template(self, document: Document, path: str) -> Location | None:
        file = self.plan.rendered.sources.get((str(document.get("kind")), _name(document)))
        return self.world.find_in_template(file, document, path) if file is not None else None


def explaining(
    world: World, plan: Draft, healthy: Release | None = None, engine: Engine | None = None
) -> Callable[[Verdict], Verdict]:
    """Return what adds its file and line to each cause."""
    return origins_of(world, plan, healthy, engine).explain


def origins_of(
    world: World, plan: Draft, healthy: Release | None = None, engine: Engine | None = None
) -> Origins:
    """Return where what an engine is given comes from; this machine's Secrets count on it alone."""
    here = engine is not None and engine.local_images
    secrets = LocalPaths(plan.project.root).secrets(plan.environment.name) if here else None
    return Origins(world, plan, healthy, secrets)


def workload_of(documents: Iterable[Document], application: str) -> Document | None:
    """Return the workload that carries the application's name or label."""
    for document in documents:
        if document.get("kind") in WORKLOADS and application in (_name(document), _application(document)):
            return document
    return None


def _name(document: Document) -> str:
    return str((document.get("metadata") or {}).get("name", ""))


def _application(document: Document) -> str:
    labels = (document.get("metadata") or {}).get("labels") or {}
    return str(labels.get("app.kubernetes.io/name", _name(document)))
