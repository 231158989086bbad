{{/*
The applications, merged once per render: defaults, then the role's part, then the application's own. Every template
reads the result from .Values.computed; whichever is rendered first makes it. Helm validates the schema before, so
that nobody can set the key.
*/}}
{{- define "my-app.compute" -}}
{{- if not (hasKey .Values "computed") }}
{{- $given := .Values.applications | default dict }}
{{- if kindIs "slice" $given }}
  {{- $byName := dict }}
  {{- range $given }}
    {{- if hasKey $byName .name }}
      {{- fail (printf "applications: %s stands twice in the list" .name) }}
    {{- end }}
    {{- $_ := set $byName .name (omit . "name") }}
  {{- end }}
  {{- $given = $byName }}
{{- end }}
{{- $deletes := contains ":null" (toJson $given) }}
{{- $groups := include "my-app.groups" . | fromYaml }}{{- $touched := dict }}
{{- range $group, $keys := $groups }}
  {{- range $key := $keys }}{{- $_ := set $touched $key (append (index $touched $key | default list) $group) }}{{- end }}
{{- end }}
{{- $shapes := dict }}{{- $roles := dict }}
{{- range $role, $part := .Values.roles }}
  {{- $base := mergeOverwrite (deepCopy $.Values.defaults) (deepCopy ($part | default dict)) }}
  {{- if contains ":null" (toJson $base) }}{{- include "my-app.dropNulls" $base }}{{- end }}
  {{- $lacks := not (empty (include "my-app.missing" $base)) }}
  {{- if $lacks }}{{- $deletes = true }}{{- end }}
  {{- $_ := set $base "role" $role }}
  {{- $_ := set $roles $role (dict "base" $base "part" $part "lacks" $lacks "known" dict) }}
{{- end }}
{{- $computed := include "my-app.shared" . | fromJson }}
{{- $_ := set .Values "computed" $computed }}
{{- $applications := list }}{{- $watching := list }}
{{- range $name, $own := $given }}
  {{- if kindIs "map" $own }}
    {{- with $own.name }}
      {{- if ne . $name }}
        {{- fail (printf "applications.%s.name: %s differs from the key, which is the name; leave it out, or rename the key" $name .) }}
      {{- end }}
    {{- end }}
    {{- $role := $own.role }}
    {{- if not $role }}
      {{- $role = splitList "-" $name | last }}
      {{- if not (hasKey $roles $role) }}{{- $role = "api" }}{{- end }}
    {{- end }}
    {{- $as := index $roles $role }}
    {{- if not $as }}
      {{- fail (printf "applications.%s.role: there is no role %s; the roles are %s" $name $role (keys $roles | sortAlpha | join ", ")) }}
    {{- end }}
    {{- $base := $as.base }}
    {{- /* The groups that it has to ask itself, and those that its role has not been asked yet. */}}
    {{- $shape := keys $own | sortAlpha | join "," }}
    {{- if not (hasKey $shapes $shape) }}
      {{- $asks := dict }}
      {{- range $key, $value := $own }}
        {{- range index $touched $key }}{{- $_ := set $asks . true }}{{- end }}
      {{- end }}
      {{- $_ := set $shapes $shape (dict "asks" $asks "order" (keys $asks | sortAlpha)) }}
    {{- end }}
    {{- $asked := index $shapes $shape }}
    {{- $due := $asked.asks }}{{- $order := $asked.order }}
    {{- range $variable, $value := $own.env }}
      {{- if hasKey $computed.secretVariables $variable }}{{- $due = set (omit $due) "my-app.sets.secrets" true }}{{- $order = "" }}{{- end }}
    {{- end }}
    {{- $on := $base.enabled }}{{- if hasKey $own "enabled" }}{{- $on = $own.enabled }}{{- end }}
    {{- if and $on (lt (len $as.known) (len $groups)) }}
      {{- $_ := set $base "name" $name }}
      {{- range $group, $keys := $groups }}
        {{- if $as.lacks }}
          {{- $due = set (omit $due) $group true }}{{- $order = "" }}
        {{- else if not (or (hasKey $due $group) (hasKey $as.known $group)) }}
          {{- include $group (dict "root" $ "app" $base "own" $own "part" $as.part) }}
          {{- $_ := set $as.known $group true }}
        {{- end }}
      {{- end }}
    {{- end }}
    {{- /* A copy of the first level shares the rest with the base; only what the application changes is copied. */}}
    {{- $app := omit $base "name" }}
    {{- range $key, $value := $own }}
      {{- if and $deletes (kindIs "invalid" $value) }}
        {{- $_ := unset $app $key }}
      {{- else }}
        {{- if kindIs "map" $value }}
          {{- $inherited := index $base $key }}
          {{- if kindIs "map" $inherited }}
            {{- $merged := omit $inherited }}
            {{- range $under, $new := $value }}
              {{- if kindIs "map" $new }}
                {{- $old := index $merged $under }}
                {{- if kindIs "map" $old }}{{- $new = mergeOverwrite (deepCopy $old) $new }}{{- end }}
              {{- end }}
              {{- $_ := set $merged $under $new }}
            {{- end }}
            {{- $value = $merged }}
          {{- end }}
          {{- if $deletes }}{{- include "my-app.dropNulls" $value }}{{- end }}
        {{- end }}
        {{- $_ := set $app $key $value }}
      {{- end }}
    {{- end }}
    {{- if $deletes }}
      {{- with include "my-app.missing" $app }}
        {{- fail (printf "applications.%s.%s: is required and missing; a null deletes what would be inherited" $name .) }}
      {{- end }}
    {{- end }}
    {{- if $app.enabled }}
      {{- $_ := set $app "name" $name }}{{- $_ := set $app "role" $role }}
      {{- if $due }}
        {{- $facts := dict "root" $ "app" $app "own" $own "part" $as.part }}
        {{- range ($order | default (keys $due | sortAlpha)) }}{{- include . $facts }}{{- end }}
      {{- end }}
      {{- $_ := set $app "configName" (printf "%s-config-%s" $name $app.settingsHash) }}
      {{- $variables := omit $app.variables }}
      {{- if not (hasKey $variables "APP_NAME") }}{{- $_ := set $variables "APP_NAME" (printf "value: %q" $name) }}{{- end }}
      {{- /* The operator knows the name of a Deployment, and not that of a Rollout. */}}
      {{- if and $app.aws.applicationSignals (not (hasKey $variables "OTEL_SERVICE_NAME")) }}{{- $_ := set $variables "OTEL_SERVICE_NAME" (printf "value: %q" $name) }}{{- end }}
      {{- $_ := set $app "environment" $variables }}
      {{- $_ := set $app "account" $name }}
      {{- if $app.aws.access }}{{- $_ := set $app "account" $.Values.aws.serviceAccount }}
      {{- else if $app.serviceAccount.name }}{{- $_ := set $app "account" $app.serviceAccount.name }}
      {{- end }}
      {{- $_ := set $app "meta" (printf "  namespace: %q\n  labels:\n    app.kubernetes.io/name: %q\n    app.kubernetes.io/component: %q\n%s" $.Release.Namespace $name $role $computed.labels) }}
      {{- if $app.initContainers }}{{- include "my-app.verifyContainers" (dict "app" $app) }}{{- end }}
      {{- $applications = append $applications $app }}
      {{- if eq $role "monitoring" }}{{- $watching = append $watching $app }}{{- end }}
    {{- end }}
  {{- end }}
{{- end }}
{{- include "my-app.verifyTogether" (dict "root" $ "applications" $applications) }}
{{- $_ := set $computed "applications" $applications }}
{{- range $app := $watching }}
  {{- include "my-app.sets.settings" (dict "root" $ "app" $app "watches" $applications) }}
  {{- $_ := set $app "configName" (printf "%s-config-%s" $app.name $app.settingsHash) }}
{{- end }}
{{- end }}
{{- end }}

{{/*
What is asked about an application, or made of it, in groups, each with the keys that it reads. A group runs for an
application that changes one of them, and once for what a role hands on: each takes root, app, own and part. They run
in the order of their names.
*/}}
{{- define "my-app.groups" -}}
my-app.rule.grace: [preStopSeconds, gracefulTimeoutSeconds, terminationGracePeriodSeconds, scheduling]
my-app.rule.keys: [podLabels, service, serviceAccount]
my-app.rule.owned: [env, config, command, args]
my-app.rule.pdb: [pdb]
my-app.rule.policy: [networkPolicy, webhooks, aws, database, ingress]
my-app.rule.probes: [probes]
my-app.rule.progress: [minReadySeconds, progressDeadlineSeconds]
my-app.rule.ranges: [networkPolicy, webhooks]
my-app.rule.resources: [resources]
my-app.rule.scaling: [autoscaling, replicas, vpa]
my-app.rule.spot: [affinity, scheduling]
my-app.rule.strategy: [strategy, service]
my-app.rule.tolerations: [tolerations]
my-app.sets.image: [image]
my-app.sets.secrets: [database, requireApiKey, volumes, volumeMounts]
my-app.sets.serving: [probes, preStopSeconds, service]
my-app.sets.settings: [config, features, logLevel, gracefulTimeoutSeconds, webhooks]
my-app.sets.variables: [env, service, database, requireApiKey, volumes, volumeMounts, aws]
my-app.sets.workload: [strategy]
{{- end }}

{{/* A null anywhere in an application deletes what it would have inherited. */}}
{{- define "my-app.dropNulls" -}}
{{- $map := . }}
{{- range $key, $value := $map }}
  {{- if kindIs "invalid" $value }}
    {{- $_ := unset $map $key }}
  {{- else if kindIs "map" $value }}
    {{- include "my-app.dropNulls" $value }}
  {{- end }}
{{- end }}
{{- end }}

{{/* What all applications share, as JSON: texts that are the same in every object, and where secrets are. */}}
{{- define "my-app.shared" -}}
{{- $secret := .Values.secrets.appSecrets }}
{{- $fetched := dict }}
{{- if eq .Values.secrets.provider "generated" }}
  {{- $secret = printf "%s-%s" $secret (toJson .Values.secrets.generated | sha256sum | trunc 10) }}
{{- else if eq .Values.secrets.provider "external" }}
  {{- range .Values.secrets.external.secrets }}
    {{- if . }}
      {{- if eq .target $secret }}
        {{- range $key, $remote := .data }}{{- if $remote }}{{- $_ := set $fetched $key true }}{{- end }}{{- end }}
        {{- range $key, $text := .template }}{{- if $text }}{{- $_ := set $fetched $key true }}{{- end }}{{- end }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end }}
{{- $labels := printf "    app.kubernetes.io/instance: %q\n    app.kubernetes.io/part-of: %q\n    app.kubernetes.io/managed-by: %s\n  annotations:\n    flaskship.dev/writer: %s" .Release.Name .Values.partOf .Release.Service .Values.writer }}
{{- $variables := dict "DATABASE_URL" true "DATABASE_URL_FILE" true "API_KEY" true "API_KEY_FILE" true "UI_PASSWORD" true "UI_PASSWORD_FILE" true }}
{{- dict "appSecrets" $secret "fetched" $fetched "secretVariables" $variables "texts" dict "amounts" dict "labels" $labels "security" (include "my-app.containerSecurity" . | indent 10) "podSecurity" (include "my-app.podSecurity" . | indent 6) | toJson }}
{{- end }}

{{/* The plain settings, in its ConfigMap. Takes watches, too: the applications, for the one that watches them. */}}
{{- define "my-app.sets.settings" -}}
{{- $app := .app }}{{- $values := .root.Values }}
{{- $config := dict "APP_ENVIRONMENT" ($values.environment | default .root.Release.Namespace) "LOG_LEVEL" $app.logLevel "GRACEFUL_TIMEOUT" (int64 $app.gracefulTimeoutSeconds | toString) "FEATURES" (toJson $app.features) "WEBHOOK_ALLOW" (join "," $app.webhooks.allow) }}
{{- if hasKey . "watches" }}
  {{- $siblings := list }}
  {{- range .watches }}
    {{- if and (ne .name $app.name) .service.enabled }}
      {{- $siblings = append $siblings (printf "%s=http://%s:%d" .name .name (int64 .service.port)) }}
    {{- end }}
  {{- end }}
  {{- $_ := set $config "SIBLINGS" (join "," $siblings) }}
{{- end }}
{{- range $key, $value := $app.config }}
  {{- $_ := set $config $key (include "my-app.string" $value) }}
{{- end }}
{{- $_ := set $app "settings" $config }}{{- $_ := set $app "settingsHash" (toJson $config | sha256sum | trunc 10) }}
{{- end }}

{{/* Its environment variables, each as YAML; its name joins them for each application. */}}
{{- define "my-app.sets.variables" -}}
{{- $app := .app }}
{{- $env := omit $app.secretVariables }}
{{- $_ := set $env "APP_ROLE" (printf "value: %q" $app.role) }}
{{- $_ := set $env "PORT" (printf "value: \"%d\"" (int64 $app.service.targetPort)) }}
{{- if $app.aws.applicationSignals }}
  {{- /* Threads that the SDK starts in gunicorn's master end with the fork. Events are a feature of their own, which prints lines that are no JSON. */}}
  {{- $_ := set $env "OTEL_AWS_PYTHON_DEFER_TO_WORKERS_ENABLED" "value: \"true\"" }}
  {{- $_ := set $env "OTEL_AWS_SERVICE_EVENTS_ENABLED" "value: \"false\"" }}
{{- end }}
{{- range $key, $value := $app.env }}
  {{- if kindIs "map" $value }}
    {{- $_ := set $env $key (printf "valueFrom:%s" (toYaml $value.valueFrom | nindent 16)) }}
  {{- else }}
    {{- if kindIs "float64" $value }}{{- $value = int64 $value }}{{- end }}
    {{- $_ := set $env $key (printf "value: %q" (toString $value)) }}
  {{- end }}
{{- end }}
{{- $_ := set $app "variables" $env }}
{{- end }}

{{- define "my-app.sets.image" -}}
{{- with .app.image }}
  {{- $reference := printf "%s:%s" .repository .tag }}
  {{- if .digest }}{{- $reference = printf "%s@%s" $reference .digest }}{{- end }}
  {{- $_ := set $.app "reference" $reference }}
{{- end }}
{{- end }}

{{- define "my-app.sets.workload" -}}
{{- $rollout := has .app.strategy.type (list "Canary" "BlueGreen") }}
{{- $_ := set .app "workload" (ternary (dict "apiVersion" "argoproj.io/v1alpha1" "kind" "Rollout") (dict "apiVersion" "apps/v1" "kind" "Deployment") $rollout) }}
{{- end }}

{{/* What it reads from the Secret, and the volumes that its mounts name: the Secret's files may be one of them. */}}
{{- define "my-app.sets.secrets" -}}
{{- $app := .app }}{{- $env := dict }}
{{- $_ := set $app "secretFiles" list }}
{{- if $app.database }}
  {{- include "my-app.secretSetting" (dict "root" .root "app" $app "env" $env "name" "DATABASE_URL" "key" "database-url" "optional" false) }}
{{- end }}
{{- if eq $app.role "api" }}
  {{- include "my-app.secretSetting" (dict "root" .root "app" $app "env" $env "name" "API_KEY" "key" "api-key" "optional" (not $app.requireApiKey)) }}
{{- else if or (eq $app.role "admin") (eq $app.role "monitoring") }}
  {{- include "my-app.secretSetting" (dict "root" .root "app" $app "env" $env "name" "UI_PASSWORD" "key" "ui-password" "optional" (eq .root.Values.secrets.provider "generated")) }}
{{- end }}
{{- $_ := set $app "secretVariables" $env }}
{{- include "my-app.verifyMounts" . }}
{{- end }}

{{/*
A secret setting: as a file, so that a rotated value is read at the next connection without a restart, wherever the
key is known to be in the Secret; as an environment variable where it may be missing or can only change by a release.
*/}}
{{- define "my-app.secretSetting" -}}
{{- $secrets := .root.Values.secrets }}{{- $computed := .root.Values.computed }}
{{- if not (or (hasKey .app.env .name) (hasKey .app.env (printf "%s_FILE" .name))) }}
{{- $external := eq $secrets.provider "external" }}
{{- $known := or (and $external (hasKey $computed.fetched .key)) (and (eq $secrets.provider "existing") (not .optional)) }}
{{- if $known }}
  {{- $_ := set .app "secretFiles" (append .app.secretFiles .key) }}
  {{- $_ := set .env (printf "%s_FILE" .name) (printf "value: %q" (printf "%s/%s" $secrets.mountPath .key)) }}
{{- else if not $external }}
  {{- $text := printf "valueFrom:\n                secretKeyRef:\n                  name: %q\n                  key: %s" $computed.appSecrets .key }}
  {{- $_ := set .env .name (ternary (printf "%s\n                  optional: true" $text) $text .optional) }}
{{- else if not .optional }}
  {{- fail (printf "secrets.external.secrets: none of them puts %s into the Secret %s, and applications.%s cannot start without it" .key $secrets.appSecrets .app.name) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Numbers of values files are floats: 5000000 would print as 5e+06. */}}
{{- define "my-app.string" -}}
{{- if kindIs "float64" . }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}
