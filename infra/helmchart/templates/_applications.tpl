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
{{- $bases := dict }}
{{- range $role, $part := .Values.roles }}
  {{- $_ := set $bases $role (mergeOverwrite (deepCopy $.Values.defaults) (deepCopy ($part | default dict))) }}
{{- end }}
{{- $deletes := or (contains ":null" (toJson $given)) (contains ":null" (toJson $bases)) }}
{{- $applications := list }}
{{- range $name, $own := $given }}
  {{- if kindIs "map" $own }}
    {{- $guess := splitList "-" $name | last }}
    {{- $role := $own.role | default (ternary $guess "api" (hasKey $bases $guess)) }}
    {{- if not (hasKey $bases $role) }}
      {{- fail (printf "applications.%s.role: there is no role %s; the roles are %s" $name $role (keys $bases | sortAlpha | join ", ")) }}
    {{- end }}
    {{- $app := mergeOverwrite (deepCopy (get $bases $role)) $own }}
    {{- if $deletes }}{{- include "my-app.dropNulls" $app }}{{- end }}
    {{- if $app.enabled }}
      {{- if and $app.autoscaling.enabled (hasKey $own "replicas") (not (kindIs "invalid" $own.replicas)) }}
        {{- fail (printf "applications.%s.replicas: beside autoscaling.enabled two would decide the number; remove one of them" $name) }}
      {{- end }}
      {{- $_ := set $app "name" $name }}
      {{- $_ := set $app "role" $role }}
      {{- include "my-app.verify" $app }}
      {{- $applications = append $applications $app }}
    {{- end }}
  {{- end }}
{{- end }}
{{- include "my-app.verifyTogether" (dict "root" $ "applications" $applications) }}
{{- $secret := .Values.secrets.appSecrets }}
{{- if eq .Values.secrets.provider "generated" }}
  {{- $secret = printf "%s-%s" $secret (toJson .Values.secrets.generated | sha256sum | trunc 10) }}
{{- end }}
{{- $_ := set .Values "computed" (dict "applications" $applications "appSecrets" $secret) }}
{{- range $app := $applications }}
  {{- include "my-app.configure" (dict "root" $ "app" $app) }}
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

{{/* What the application reads from its environment: plain settings into its ConfigMap, the rest as env. */}}
{{- define "my-app.configure" -}}
{{- $root := .root }}{{- $app := .app }}
{{- $config := dict "APP_ENVIRONMENT" ($root.Values.environment | default $root.Release.Namespace) "LOG_LEVEL" $app.logLevel "GRACEFUL_TIMEOUT" (int64 $app.gracefulTimeoutSeconds | toString) "FEATURES" (toJson $app.features) "WEBHOOK_ALLOW" (join "," $app.webhooks.allow) }}
{{- if eq $app.role "monitoring" }}
  {{- $siblings := list }}
  {{- range $root.Values.computed.applications }}
    {{- if and (ne .name $app.name) .service.enabled }}
      {{- $siblings = append $siblings (printf "%s=http://%s:%d" .name .name (int64 .service.port)) }}
    {{- end }}
  {{- end }}
  {{- $_ := set $config "SIBLINGS" (join "," $siblings) }}
{{- end }}
{{- range $key, $value := $app.config }}
  {{- $_ := set $config $key (include "my-app.string" $value) }}
{{- end }}
{{- $_ := set $app "settings" $config }}
{{- $_ := set $app "configName" (printf "%s-config-%s" $app.name (toJson $config | sha256sum | trunc 10)) }}
{{- $env := dict "APP_ROLE" (dict "value" $app.role) "APP_NAME" (dict "value" $app.name) "PORT" (dict "value" (int64 $app.service.targetPort | toString)) }}
{{- if $app.database }}
  {{- $_ := set $env "DATABASE_URL" (dict "secret" "database-url" "optional" false) }}
{{- end }}
{{- if eq $app.role "api" }}
  {{- $_ := set $env "API_KEY" (dict "secret" "api-key" "optional" (not $app.requireApiKey)) }}
{{- end }}
{{- if has $app.role (list "admin" "monitoring") }}
  {{- $_ := set $env "UI_PASSWORD" (dict "secret" "ui-password" "optional" (eq $root.Values.secrets.provider "generated")) }}
{{- end }}
{{- range $key, $value := $app.env }}
  {{- if kindIs "map" $value }}
    {{- $_ := set $env $key (dict "from" $value.valueFrom) }}
  {{- else }}
    {{- $_ := set $env $key (dict "value" (include "my-app.string" $value)) }}
  {{- end }}
{{- end }}
{{- $_ := set $app "environment" $env }}
{{- $rollout := has $app.strategy.type (list "Canary" "BlueGreen") }}
{{- $_ := set $app "workload" (ternary (dict "apiVersion" "argoproj.io/v1alpha1" "kind" "Rollout") (dict "apiVersion" "apps/v1" "kind" "Deployment") $rollout) }}
{{- $_ := set $app "image" (set $app.image "reference" (include "my-app.image" $app.image)) }}
{{- $_ := set $app "account" (ternary $root.Values.aws.serviceAccount ($app.serviceAccount.name | default $app.name) $app.aws.access) }}
{{- end }}

{{/* Numbers of values files are floats: 5000000 would print as 5e+06. */}}
{{- define "my-app.string" -}}
{{- if kindIs "float64" . }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{- define "my-app.image" -}}
{{ .repository }}:{{ .tag }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}
