{{/* Requests are within their limits. */}}
{{- define "my-app.rule.resources" -}}
{{- $app := .app }}{{- $own := .own }}{{- $name := .app.name }}
{{- $limits := $app.resources.limits | default dict }}
{{- $amounts := .root.Values.computed.amounts }}
{{- range $resource, $limit := $limits }}
  {{- if hasPrefix "hugepages-" $resource }}
    {{- $size := trimPrefix "hugepages-" $resource }}{{- $asked := include "my-app.string" $limit }}
    {{- $pages := divf (include "my-app.quantity" $asked) (include "my-app.quantity" $size) }}
    {{- if ne $pages (floor $pages) }}
      {{- fail (printf "applications.%s.resources.limits.%s: %s is no whole number of pages of %s each, which Kubernetes refuses; write a multiple of %s" $name $resource $asked $size $size) }}
    {{- end }}
  {{- end }}
{{- end }}
{{- range $resource, $request := $app.resources.requests }}
  {{- $limit := get $limits $resource }}
  {{- if and (or (contains "/" $resource) (hasPrefix "hugepages-" $resource)) (ne (include "my-app.string" $request) (include "my-app.string" $limit)) }}
    {{- fail (printf "applications.%s.resources.requests.%s: %s is not what resources.limits says, and this resource cannot be shared; write the same amount under both" $name ($resource | replace "." "\\.") (include "my-app.string" $request)) }}
  {{- end }}
  {{- if and $limit (ne (toString $request) (toString $limit)) }}
    {{- $low := toString $request }}{{- $high := toString $limit }}
    {{- $unit := trimAll "0123456789." $low }}{{- $above := false }}
    {{- if and $unit (eq $unit (trimAll "0123456789." $high)) }}
      {{- $above = gt (trimSuffix $unit $low | float64) (trimSuffix $unit $high | float64) }}
    {{- else }}
      {{- /* Each text is read once a render: most applications ask for the same. */}}
      {{- range list $request $limit }}
        {{- if not (hasKey $amounts (toString .)) }}{{- $_ := set $amounts (toString .) (include "my-app.quantity" (include "my-app.string" .) | float64) }}{{- end }}
      {{- end }}
      {{- $above = gt (get $amounts $low) (get $amounts $high) }}
    {{- end }}
    {{- if $above }}
      {{- $request = include "my-app.string" $request }}{{- $limit = include "my-app.string" $limit }}
      {{- $said := $own.resources | default dict }}
      {{- if and (hasKey ($said.limits | default dict) $resource) (not (hasKey ($said.requests | default dict) $resource)) }}
        {{- fail (printf "applications.%s.resources.limits.%s: %s is below the request of %s; raise it, or lower resources.requests.%s%s" $name $resource $limit $request $resource (include "my-app.unitOf" (list $resource $limit))) }}
      {{- end }}
      {{- fail (printf "applications.%s.resources.requests.%s: %s is above the limit of %s; lower it, or raise resources.limits.%s%s" $name $resource $request $limit $resource (include "my-app.unitOf" (list $resource $request))) }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{/* What an amount is whose unit somebody forgot, for the end of a sentence. Takes the resource and its amount. */}}
{{- define "my-app.unitOf" -}}
{{- $amount := index . 1 }}
{{- if and (eq (index . 0) "memory") (regexMatch "^[0-9]{1,5}m?$" $amount) }} ({{ $amount }} is {{ ternary "thousandths of a byte" "bytes" (hasSuffix "m" $amount) }}; {{ trimSuffix "m" $amount }}Mi are megabytes)
{{- else if and (eq (index . 0) "cpu") (regexMatch "^[0-9]{2,}$" $amount) }} ({{ $amount }} is whole processors; {{ $amount }}m are thousandths)
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

{{/* A range of ports ends after it began, and a block is a network. */}}
{{- define "my-app.rule.ranges" -}}
{{- $app := .app }}{{- $at := printf "applications.%s.networkPolicy" $app.name }}
{{- range $app.networkPolicy.egress }}
  {{- range .ports }}
    {{- if and .endPort (lt (int64 .endPort) (int64 .port)) }}
      {{- fail (printf "%s.egress: endPort %d is before port %d, where its range begins" $at (int64 .endPort) (int64 .port)) }}
    {{- end }}
  {{- end }}
  {{- range .to }}{{- with .ipBlock }}{{- include "my-app.verifyBlock" (dict "at" (printf "%s.egress" $at) "block" .) }}{{- end }}{{- end }}
{{- end }}
{{- range $app.networkPolicy.from }}{{- with .ipBlock }}{{- include "my-app.verifyBlock" (dict "at" (printf "%s.from" $at) "block" .) }}{{- end }}{{- end }}
{{- range $app.webhooks.allow }}
  {{- if contains "/" . }}{{- include "my-app.verifyBlock" (dict "at" (printf "applications.%s.webhooks.allow" $app.name) "block" (dict "cidr" .)) }}{{- end }}
{{- end }}
{{- end }}

{{/* A block has no bits beyond its prefix, and what it leaves out is in it. Takes at and block. */}}
{{- define "my-app.verifyBlock" -}}
{{- $at := .at }}{{- $cidr := .block.cidr }}{{- $whole := dict }}
{{- range $index, $text := prepend (.block.except | default list) $cidr }}
  {{- $six := contains ":" $text }}{{- $width := ternary 16 8 $six }}
  {{- $prefix := splitList "/" $text | last | int }}
  {{- $numbers := include "my-app.numbers" (splitList "/" $text | first) | splitList "," }}
  {{- $outside := and (gt $index 0) (or (ne $six $whole.six) (le $prefix $whole.prefix)) }}
  {{- range $place, $number := $numbers }}
    {{- $number = int64 $number }}
    {{- /* How many numbers of this place are alike to the prefix: 1 to all of them. */}}
    {{- $size := include "my-app.power" (sub $width (sub $prefix (mul $place $width)) | max 0 | min $width) | int64 }}
    {{- if ne (mod $number $size) 0 }}
      {{- fail (printf "%s: %s has bits set beyond its prefix, which Kubernetes refuses; write the first address of the network" $at $text) }}
    {{- end }}
    {{- if and (gt $index 0) (not $outside) }}
      {{- $kept := include "my-app.power" (sub $width (sub $whole.prefix (mul $place $width)) | max 0 | min $width) | int64 }}
      {{- $outside = ne (div $number $kept) (div (index $whole.numbers $place | int64) $kept) }}
    {{- end }}
  {{- end }}
  {{- if $outside }}{{- fail (printf "%s: %s is no part of %s" $at $text $cidr) }}{{- end }}
  {{- if eq $index 0 }}{{- $whole = dict "six" $six "prefix" $prefix "numbers" $numbers }}{{- end }}
{{- end }}
{{- end }}

{{- define "my-app.power" -}}
{{- $power := 1 }}{{- range until (int .) }}{{- $power = mul $power 2 }}{{- end }}{{ $power }}
{{- end }}

{{/* The numbers of an address, joined by commas: four of IPv4, or eight of IPv6, of which :: leaves some out. */}}
{{- define "my-app.numbers" -}}
{{- if contains ":" . }}
  {{- $halves := splitList "::" . }}{{- $numbers := list }}
  {{- $known := 0 }}
  {{- range $halves }}{{- if . }}{{- $known = add $known (len (splitList ":" .)) }}{{- end }}{{- end }}
  {{- range $index, $half := $halves }}
    {{- if eq $index 1 }}{{- range until (int (sub 8 $known)) }}{{- $numbers = append $numbers 0 }}{{- end }}{{- end }}
    {{- if $half }}{{- range splitList ":" $half }}{{- $numbers = append $numbers (int64 (printf "0x%s" .)) }}{{- end }}{{- end }}
  {{- end }}
  {{- join "," $numbers }}
{{- else }}
  {{- splitList "." . | join "," }}
{{- end }}
{{- end }}

{{/* Containers of a pod have names of their own. Asked of each application: what a role hands on may have its name. */}}
{{- define "my-app.verifyContainers" -}}
{{- $app := .app }}{{- $names := dict $app.name "its own container" }}
{{- if and $app.database $app.migrations }}{{- $_ := set $names "migrate" "the migration" }}{{- end }}
{{- range $app.initContainers }}
  {{- if hasKey $names .name }}
    {{- fail (printf "applications.%s.initContainers: %s is %s's name; choose another one" $app.name .name (get $names .name)) }}
  {{- end }}
  {{- $_ := set $names .name "another one" }}
  {{- $ports := dict }}{{- $container := .name }}
  {{- range .ports }}
    {{- if and .name (hasKey $ports .name) }}
      {{- fail (printf "applications.%s.initContainers: %s has two ports of the name %s; choose another one" $app.name $container .name) }}
    {{- end }}
    {{- if .name }}{{- $_ := set $ports .name true }}{{- end }}
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

{{/* A mount needs its volume, the application's own or one of the chart's that it has, and a folder of its own. */}}
{{- define "my-app.verifyMounts" -}}
{{- $app := .app }}
{{- if or $app.volumeMounts $app.volumes }}
{{- $volumes := list "tmp" }}{{- $folders := dict "/tmp" "tmp" }}
{{- if and $app.database .root.Values.persistence.enabled }}
  {{- $volumes = append $volumes "data" }}{{- $_ := set $folders .root.Values.persistence.mountPath "data" }}
{{- end }}
{{- if $app.secretFiles }}
  {{- $volumes = append $volumes "secrets" }}{{- $_ := set $folders .root.Values.secrets.mountPath "secrets" }}
{{- end }}
{{- range $index, $_ := $app.volumes }}
  {{- if has .name $volumes }}
    {{- fail (printf "applications.%s.volumes[%d]: there is a volume %s already; give it another name" $app.name $index .name) }}
  {{- end }}
  {{- $volumes = append $volumes .name }}
  {{- include "my-app.verifyProjected" (dict "app" $app "volume" .) }}
{{- end }}
{{- range $index, $_ := $app.volumeMounts }}
  {{- if not (has .name $volumes) }}
    {{- fail (printf "applications.%s.volumeMounts[%d]: there is no volume %s; add it to volumes, beside %s" $app.name $index .name (join ", " $volumes)) }}
  {{- end }}
  {{- if hasKey $folders .mountPath }}
    {{- fail (printf "applications.%s.volumeMounts[%d]: %s is where %s is mounted already; choose another folder" $app.name $index .mountPath (get $folders .mountPath)) }}
  {{- end }}
  {{- $_ := set $folders .mountPath .name }}
{{- end }}
{{- end }}
{{- end }}

{{/* No two files of a projected volume have one path. */}}
{{- define "my-app.verifyProjected" -}}
{{- $app := .app }}{{- $name := .volume.name }}{{- $paths := dict }}
{{- range (.volume.projected | default dict).sources }}
  {{- range $kind, $source := . }}
    {{- range ($source | default dict).items }}
      {{- if hasKey $paths (.path | default "") }}
        {{- fail (printf "applications.%s.volumes: two files of %s have the path %s; choose another one" $app.name $name .path) }}
      {{- end }}
      {{- $_ := set $paths (.path | default "") true }}
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
aws: [access, applicationSignals]
pdb: [enabled, maxUnavailable]
topologySpread: [enabled, topologyKey, maxSkew, whenUnsatisfiable]
vpa: [enabled, updateMode, controlledResources, minAllowed, maxAllowed]
networkPolicy: [enabled]
ingress: [enabled]
scheduling: [spot]
serviceAccount: [create]
{{- end }}
