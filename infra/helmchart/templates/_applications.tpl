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
{{- $bases := dict }}{{- $verified := dict }}
{{- $all := include "my-app.rules" . | fromYaml }}{{- $rules := dict }}
{{- range $rule, $keys := $all }}
  {{- range $key := $keys }}{{- $_ := set $rules $key (append (index $rules $key | default list) $rule) }}{{- end }}
{{- end }}
{{- range $role, $part := .Values.roles }}
  {{- $base := mergeOverwrite (deepCopy $.Values.defaults) (deepCopy ($part | default dict)) }}
  {{- if contains ":null" (toJson $base) }}{{- include "my-app.dropNulls" $base }}{{- end }}
  {{- $_ := set $bases $role $base }}{{- $_ := set $verified $role dict }}
  {{- if include "my-app.missing" $base }}{{- $deletes = true }}{{- end }}
{{- end }}
{{- $applications := list }}
{{- range $name, $own := $given }}
  {{- if kindIs "map" $own }}
    {{- if ne ($own.name | default $name) $name }}
      {{- fail (printf "applications.%s.name: %s differs from the key, which is the name; leave it out, or rename the key" $name $own.name) }}
    {{- end }}
    {{- $guess := splitList "-" $name | last }}
    {{- $role := $own.role | default (ternary $guess "api" (hasKey $bases $guess)) }}
    {{- if not (hasKey $bases $role) }}
      {{- fail (printf "applications.%s.role: there is no role %s; the roles are %s" $name $role (keys $bases | sortAlpha | join ", ")) }}
    {{- end }}
    {{- /* A copy of the first level shares the rest with the base; only what the application changes is copied. */}}
    {{- $app := omit (get $bases $role) "name" }}
    {{- range $key, $value := $own }}
      {{- if kindIs "invalid" $value }}
        {{- $_ := unset $app $key }}
      {{- else if kindIs "map" $value }}
        {{- $inherited := get $app $key }}
        {{- $merged := ternary (mergeOverwrite (deepCopy ($inherited | default dict)) $value) $value (kindIs "map" $inherited) }}
        {{- if $deletes }}{{- include "my-app.dropNulls" $merged }}{{- end }}
        {{- $_ := set $app $key $merged }}
      {{- else }}
        {{- $_ := set $app $key $value }}
      {{- end }}
    {{- end }}
    {{- if $deletes }}
      {{- with include "my-app.missing" $app }}
        {{- fail (printf "applications.%s.%s: is required and missing; a null deletes what would be inherited" $name .) }}
      {{- end }}
    {{- end }}
    {{- if $app.enabled }}
      {{- $_ := set $app "name" $name }}
      {{- $_ := set $app "role" $role }}
      {{- $due := dict }}{{- $known := get $verified $role }}
      {{- range $key, $value := $own }}
        {{- range $rule := index $rules $key }}{{- $_ := set $due $rule true }}{{- end }}
      {{- end }}
      {{- if lt (len $known) (len $all) }}
        {{- range $rule, $keys := $all }}
          {{- if not (or (hasKey $due $rule) (hasKey $known $rule)) }}{{- $_ := set $due $rule true }}{{- $_ := set $known $rule true }}{{- end }}
        {{- end }}
      {{- end }}
      {{- range $rule, $value := $due }}
        {{- include (printf "my-app.rule.%s" $rule) (dict "app" $app "own" $own "part" (get $.Values.roles $role)) }}
      {{- end }}
      {{- $applications = append $applications $app }}
    {{- end }}
  {{- end }}
{{- end }}
{{- include "my-app.verifyTogether" (dict "root" $ "applications" $applications) }}
{{- $_ := set .Values "computed" (include "my-app.shared" . | fromJson) }}
{{- $_ := set .Values.computed "applications" $applications }}
{{- range $app := $applications }}
  {{- include "my-app.configure" (dict "root" $ "app" $app "own" (get $given $app.name)) }}
  {{- if $app.volumeMounts }}{{- include "my-app.verifyMounts" (dict "root" $ "app" $app) }}{{- end }}
{{- end }}
{{- end }}
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
{{- $common := printf "    app.kubernetes.io/instance: %q\n    app.kubernetes.io/part-of: %q\n    app.kubernetes.io/managed-by: %s\n" .Release.Name .Values.partOf .Release.Service }}
{{- $writer := printf "  annotations:\n    flaskship.dev/writer: %s" .Values.writer }}
{{- dict "appSecrets" $secret "fetched" $fetched "texts" dict "settings" dict "labels" $common "writer" $writer "security" (include "my-app.containerSecurity" . | indent 10) "podSecurity" (include "my-app.podSecurity" . | indent 6) | toJson }}
{{- end }}

{{/* What the application reads from its environment: plain settings into its ConfigMap, the rest as env or files. */}}
{{- define "my-app.configure" -}}
{{- $root := .root }}{{- $app := .app }}
{{- $computed := $root.Values.computed }}
{{- $own := .own }}{{- $inherits := ne $app.role "monitoring" }}
{{- range list "config" "features" "logLevel" "gracefulTimeoutSeconds" "webhooks" }}
  {{- if hasKey $own . }}{{- $inherits = false }}{{- end }}
{{- end }}
{{- $config := dict }}{{- $hash := "" }}
{{- with and $inherits (index $computed.settings $app.role) }}
  {{- /* What the role hands on, made and hashed for another application before. */}}
  {{- $config = .config }}{{- $hash = .hash }}
{{- else }}
{{- $config = dict "APP_ENVIRONMENT" ($root.Values.environment | default $root.Release.Namespace) "LOG_LEVEL" $app.logLevel "GRACEFUL_TIMEOUT" (int64 $app.gracefulTimeoutSeconds | toString) "FEATURES" (toJson $app.features) "WEBHOOK_ALLOW" (join "," $app.webhooks.allow) }}
{{- if eq $app.role "monitoring" }}
  {{- $siblings := list }}
  {{- range $computed.applications }}
    {{- if and (ne .name $app.name) .service.enabled }}
      {{- $siblings = append $siblings (printf "%s=http://%s:%d" .name .name (int64 .service.port)) }}
    {{- end }}
  {{- end }}
  {{- $_ := set $config "SIBLINGS" (join "," $siblings) }}
{{- end }}
{{- range $key, $value := $app.config }}
  {{- $_ := set $config $key (include "my-app.string" $value) }}
{{- end }}
{{- $hash = toJson $config | sha256sum | trunc 10 }}
{{- if $inherits }}{{- $_ := set $computed.settings $app.role (dict "config" $config "hash" $hash) }}{{- end }}
{{- end }}
{{- $_ := set $app "settings" $config }}
{{- $_ := set $app "configName" (printf "%s-config-%s" $app.name $hash) }}
{{- $env := dict "APP_ROLE" (printf "value: %q" $app.role) "APP_NAME" (printf "value: %q" $app.name) "PORT" (printf "value: \"%d\"" (int64 $app.service.targetPort)) }}
{{- $_ := set $app "secretFiles" list }}
{{- if $app.database }}
  {{- include "my-app.secretSetting" (dict "root" $root "app" $app "env" $env "name" "DATABASE_URL" "key" "database-url" "optional" false) }}
{{- end }}
{{- if eq $app.role "api" }}
  {{- include "my-app.secretSetting" (dict "root" $root "app" $app "env" $env "name" "API_KEY" "key" "api-key" "optional" (not $app.requireApiKey)) }}
{{- else if or (eq $app.role "admin") (eq $app.role "monitoring") }}
  {{- include "my-app.secretSetting" (dict "root" $root "app" $app "env" $env "name" "UI_PASSWORD" "key" "ui-password" "optional" (eq $root.Values.secrets.provider "generated")) }}
{{- end }}
{{- range $key, $value := $app.env }}
  {{- if kindIs "map" $value }}
    {{- $_ := set $env $key (printf "valueFrom:%s" (toYaml $value.valueFrom | nindent 16)) }}
  {{- else }}
    {{- $_ := set $env $key (printf "value: %q" (include "my-app.string" $value)) }}
  {{- end }}
{{- end }}
{{- $_ := set $app "environment" $env }}
{{- $rollout := has $app.strategy.type (list "Canary" "BlueGreen") }}
{{- $_ := set $app "workload" (ternary (dict "apiVersion" "argoproj.io/v1alpha1" "kind" "Rollout") (dict "apiVersion" "apps/v1" "kind" "Deployment") $rollout) }}
{{- $reference := printf "%s:%s" $app.image.repository $app.image.tag }}
{{- $_ := set $app "reference" (ternary (printf "%s@%s" $reference $app.image.digest) $reference (not (empty $app.image.digest))) }}
{{- $_ := set $app "account" (ternary $root.Values.aws.serviceAccount ($app.serviceAccount.name | default $app.name) $app.aws.access) }}
{{- $_ := set $app "meta" (printf "  namespace: %q\n  labels:\n    app.kubernetes.io/name: %q\n    app.kubernetes.io/component: %q\n%s%s" $root.Release.Namespace $app.name $app.role $computed.labels $computed.writer) }}
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
