{{/* Requests are within their limits. */}}
{{- define "my-app.rule.resources" -}}
{{- $app := .app }}{{- $own := .own }}{{- $name := .app.name }}
{{- $limits := $app.resources.limits | default dict }}
{{- $amounts := .root.Values.computed.amounts }}
{{- range $resource, $request := $app.resources.requests }}
  {{- $limit := get $limits $resource }}
  {{- if and $limit (ne (toString $request) (toString $limit)) }}
    {{- /* Each text is read once a render: most applications ask for the same. */}}
    {{- range list $request $limit }}
      {{- if not (hasKey $amounts (toString .)) }}{{- $_ := set $amounts (toString .) (include "my-app.quantity" (include "my-app.string" .) | float64) }}{{- end }}
    {{- end }}
    {{- if gt (get $amounts (toString $request)) (get $amounts (toString $limit)) }}
      {{- $request = include "my-app.string" $request }}{{- $limit = include "my-app.string" $limit }}
      {{- $said := $own.resources | default dict }}
      {{- if and (hasKey ($said.limits | default dict) $resource) (not (hasKey ($said.requests | default dict) $resource)) }}
        {{- fail (printf "applications.%s.resources.limits.%s: %s is below the request of %s; raise it, or lower resources.requests.%s" $name $resource $limit $request $resource) }}
      {{- end }}
      {{- fail (printf "applications.%s.resources.requests.%s: %s is above the limit of %s; lower it, or raise resources.limits.%s" $name $resource $request $limit $resource) }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{/* A rollout can count as done before it counts as failed. */}}
{{- define "my-app.rule.progress" -}}
{{- $app := .app }}{{- $own := .own }}{{- $name := .app.name }}
{{- if ge (int64 $app.minReadySeconds) (int64 $app.progressDeadlineSeconds) }}
  {{- $key := ternary "progressDeadlineSeconds" "minReadySeconds" (and (hasKey $own "progressDeadlineSeconds") (not (hasKey $own "minReadySeconds"))) }}
  {{- fail (printf "applications.%s.%s: minReadySeconds %d must be less than progressDeadlineSeconds %d, or every rollout would count as failed" $name $key (int64 $app.minReadySeconds) (int64 $app.progressDeadlineSeconds)) }}
{{- end }}
{{- end }}

{{/* A range of ports ends after it began. */}}
{{- define "my-app.rule.ranges" -}}
{{- $app := .app }}
{{- range $app.networkPolicy.egress }}
  {{- range .ports }}
    {{- if and .endPort (lt (int64 .endPort) (int64 .port)) }}
      {{- fail (printf "applications.%s.networkPolicy.egress: endPort %d is before port %d, where its range begins" $app.name (int64 .endPort) (int64 .port)) }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{/* A toleration says one thing. */}}
{{- define "my-app.rule.tolerations" -}}
{{- $app := .app }}{{- $name := .app.name }}
{{- range $app.tolerations }}
  {{- if and (eq (.operator | default "Equal") "Exists") .value }}
    {{- fail (printf "applications.%s.tolerations: operator Exists compares no value, and one has %s; leave value out, or use Equal" $name .value) }}
  {{- else if and (not .key) (ne (.operator | default "Equal") "Exists") }}
    {{- fail (printf "applications.%s.tolerations: one without key means every taint, which needs operator Exists" $name) }}
  {{- else if and (hasKey . "tolerationSeconds") (ne (.effect | default "") "NoExecute") }}
    {{- fail (printf "applications.%s.tolerations: tolerationSeconds has a meaning for effect NoExecute alone" $name) }}
  {{- end }}
{{- end }}
{{- end }}

{{/* No label or annotation is the chart's own. */}}
{{- define "my-app.rule.keys" -}}
{{- $app := .app }}{{- $name := .app.name }}
{{- include "my-app.verifyKeys" (dict "at" (printf "applications.%s.podLabels" $name) "given" $app.podLabels "ours" (list "name" "instance" "component" "part-of")) }}
{{- include "my-app.verifyKeys" (dict "at" (printf "applications.%s.service.annotations" $name) "given" $app.service.annotations) }}
{{- include "my-app.verifyKeys" (dict "at" (printf "applications.%s.serviceAccount.annotations" $name) "given" $app.serviceAccount.annotations) }}
{{- end }}

{{/* A key of the chart's own, given again, would stand twice. Takes at, given, and ours: labels of app.kubernetes.io. */}}
{{- define "my-app.verifyKeys" -}}
{{- range $key, $value := .given }}
  {{- if or (eq $key "flaskship.dev/writer") (and (hasPrefix "app.kubernetes.io/" $key) (has (trimPrefix "app.kubernetes.io/" $key) ($.ours | default list))) }}
    {{- fail (printf "%s: %s is set by the chart already, and everything is found by it; use a key of your own" $.at $key) }}
  {{- end }}
{{- end }}
{{- end }}

{{/* A quantity as a number of thousandths, to compare two. */}}
{{- define "my-app.quantity" -}}
{{- $unit := trimAll "0123456789." . }}
{{- mulf (trimSuffix $unit . | float64) (get (dict "m" 1 "" 1e3 "k" 1e6 "M" 1e9 "G" 1e12 "T" 1e15 "Ki" 1024e3 "Mi" 1048576e3 "Gi" 1073741824e3 "Ti" 1099511627776e3) $unit) }}
{{- end }}

{{/* A mount needs its volume: the application's own, or one of the chart's that it has. */}}
{{- define "my-app.verifyMounts" -}}
{{- $app := .app }}
{{- if $app.volumeMounts }}
{{- $volumes := list "tmp" }}
{{- if and $app.database .root.Values.persistence.enabled }}{{- $volumes = append $volumes "data" }}{{- end }}
{{- if $app.secretFiles }}{{- $volumes = append $volumes "secrets" }}{{- end }}
{{- range $app.volumes }}{{- $volumes = append $volumes .name }}{{- end }}
{{- range $app.volumeMounts }}
  {{- if not (has .name $volumes) }}
    {{- fail (printf "applications.%s.volumeMounts: there is no volume %s; add it to volumes, beside %s" $app.name .name (join ", " $volumes)) }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The first path that an application needs and a null has deleted: $defs.complete of the schema, for a plain helm. */}}
{{- define "my-app.missing" -}}
{{- $app := . }}
{{- $found := list }}
{{- range $at, $keys := include "my-app.needed" . | fromYaml }}
  {{- $part := $app }}
  {{- if ne $at "top" }}{{- range splitList "." $at }}{{- $part = get ($part | default dict) . }}{{- end }}{{- end }}
  {{- $part = $part | default dict }}
  {{- range $keys }}
    {{- if or (not (hasKey $part .)) (kindIs "invalid" (get $part .)) }}{{- $found = append $found (ternary . (printf "%s.%s" $at .) (eq $at "top")) }}{{- end }}
  {{- end }}
{{- end }}
{{- first (sortAlpha $found) | default "" }}
{{- end }}

{{- define "my-app.needed" -}}
top: [enabled, image, command, args, env, envFrom, config, features, logLevel, webhooks, database, migrations, requireApiKey, replicas, revisionHistoryLimit, minReadySeconds, progressDeadlineSeconds, service, ingress, strategy, preStopSeconds, gracefulTimeoutSeconds, terminationGracePeriodSeconds, probes, resources, autoscaling, pdb, vpa, networkPolicy, topologySpread, scheduling, serviceAccount, aws]
image: [repository, tag, pullPolicy]
webhooks: [allow, deliver]
service: [enabled, type, port, targetPort]
strategy: [type, rollingUpdate]
strategy.rollingUpdate: [maxSurge, maxUnavailable]
probes: [startup, readiness, liveness]
probes.startup: [enabled, path]
probes.readiness: [enabled, path]
probes.liveness: [enabled, path]
autoscaling: [enabled, minReplicas, maxReplicas, cpu, memory]
autoscaling.cpu: [averageUtilization]
autoscaling.memory: [enabled, averageUtilization]
aws: [access]
pdb: [enabled, maxUnavailable]
topologySpread: [enabled, topologyKey, maxSkew, whenUnsatisfiable]
vpa: [enabled, updateMode, controlledResources, minAllowed, maxAllowed]
networkPolicy: [enabled]
ingress: [enabled]
scheduling: [spot]
serviceAccount: [create]
{{- end }}
