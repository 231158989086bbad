{{/* What no schema can say, in the groups of my-app.groups: each refusal names the values to change. */}}

{{/* The time that a pod has to end covers what it has to do. */}}
{{- define "my-app.rule.grace" -}}
{{- $app := .app }}{{- $name := .app.name }}
{{- $sum := add (int64 $app.preStopSeconds) (int64 $app.gracefulTimeoutSeconds) 5 }}
{{- if lt (int64 $app.terminationGracePeriodSeconds) $sum }}
  {{- fail (printf "applications.%s.terminationGracePeriodSeconds: %d is less than preStopSeconds %d + gracefulTimeoutSeconds %d + 5 = %d, so requests in flight would be killed; raise it to %d" $name (int64 $app.terminationGracePeriodSeconds) (int64 $app.preStopSeconds) (int64 $app.gracefulTimeoutSeconds) $sum $sum) }}
{{- end }}
{{- if and $app.scheduling.spot (gt (int64 $app.terminationGracePeriodSeconds) 110) }}
  {{- fail (printf "applications.%s.terminationGracePeriodSeconds: %d is too long for a spot node, which is gone two minutes after its notice; use at most 110" $name (int64 $app.terminationGracePeriodSeconds)) }}
{{- end }}
{{- end }}

{{/* Spot nodes are preferred, and not ruled out by the same application. */}}
{{- define "my-app.rule.spot" -}}
{{- $app := .app }}
{{- if and $app.scheduling.spot $app.affinity }}
  {{- $required := ($app.affinity.nodeAffinity | default dict).requiredDuringSchedulingIgnoredDuringExecution | default dict }}
  {{- range $required.nodeSelectorTerms }}
    {{- range .matchExpressions }}
      {{- if and (eq (.key | default "") "eks.amazonaws.com/capacityType") (not (and (eq (.operator | default "") "In") (has "SPOT" (.values | default list)))) }}
        {{- fail (printf "applications.%s.affinity.nodeAffinity: requires nodes by eks.amazonaws.com/capacityType that are no spot nodes, and scheduling.spot asks for those; remove one of them" $app.name) }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{/* What the arithmetic and the Service go by is said by its value alone. */}}
{{- define "my-app.rule.owned" -}}
{{- $app := .app }}{{- $option := `--graceful-timeout([ =]|$)` }}
{{- range $part := list "env" "config" }}
  {{- with get $app $part }}
    {{- if or (hasKey . "GRACEFUL_TIMEOUT") (hasKey . "PORT") }}
      {{- $variable := ternary "GRACEFUL_TIMEOUT" "PORT" (hasKey . "GRACEFUL_TIMEOUT") }}
      {{- $value := get (dict "GRACEFUL_TIMEOUT" "gracefulTimeoutSeconds" "PORT" "service.targetPort") $variable }}
      {{- fail (printf "applications.%s.%s.%s: would go past what the chart reckons with; leave it out, and set %s" $app.name $part $variable $value) }}
    {{- end }}
    {{- with get . "GUNICORN_CMD_ARGS" }}
      {{- if regexMatch $option (toString .) }}
        {{- fail (printf "applications.%s.%s.GUNICORN_CMD_ARGS: --graceful-timeout would go past what the chart reckons with; leave it out, and set gracefulTimeoutSeconds" $app.name $part) }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end }}
{{- range $part := list "command" "args" }}
  {{- with get $app $part }}
    {{- if regexMatch $option (join " " .) }}
      {{- fail (printf "applications.%s.%s: --graceful-timeout would go past what the chart reckons with; leave it out, and set gracefulTimeoutSeconds" $app.name $part) }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{/* A probe that is on has something to ask. */}}
{{- define "my-app.rule.probes" -}}
{{- $app := .app }}{{- $name := .app.name }}
{{- range $kind, $probe := $app.probes }}
  {{- if and $probe.enabled (not $probe.path) }}
    {{- fail (printf "applications.%s.probes.%s.path: is missing, so nothing could be asked; name the path that answers, or set enabled to false" $name $kind) }}
  {{- end }}
{{- end }}
{{- end }}

{{/* One controller decides the number of replicas, and one the size of each. */}}
{{- define "my-app.rule.scaling" -}}
{{- $app := .app }}{{- $name := .app.name }}
{{- $scaling := $app.autoscaling }}
{{- if $scaling.enabled }}
  {{- if not (and (kindIs "invalid" .own.replicas) (kindIs "invalid" (.part | default dict).replicas)) }}
    {{- fail (printf "applications.%s.replicas: beside autoscaling.enabled two would decide the number; remove one of them" $name) }}
  {{- end }}
  {{- if gt (int64 $scaling.minReplicas) (int64 $scaling.maxReplicas) }}
    {{- fail (printf "applications.%s.autoscaling.minReplicas: %d is above autoscaling.maxReplicas %d; lower it, or raise autoscaling.maxReplicas" $name (int64 $scaling.minReplicas) (int64 $scaling.maxReplicas)) }}
  {{- end }}
  {{- if and $app.vpa.enabled (ne $app.vpa.updateMode "Off") }}
    {{- range $resource := $app.vpa.controlledResources }}
      {{- if or (eq $resource "cpu") $scaling.memory.enabled }}
        {{- fail (printf "applications.%s.vpa.updateMode: %s beside autoscaling makes two controllers fight over the same resource, %s; set it to Off, or take %s out of vpa.controlledResources" $name $app.vpa.updateMode $resource $resource) }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The strategy and the service fit each other. */}}
{{- define "my-app.rule.strategy" -}}
{{- $app := .app }}{{- $name := .app.name }}
{{- $asks := get (dict "Canary" (list "canary" "steps") "BlueGreen" (list "blueGreen" "autoPromotion" "scaleDownDelaySeconds")) $app.strategy.type }}
{{- with $asks }}
  {{- $key := first . }}{{- $part := get $app.strategy $key }}
  {{- if not (kindIs "map" $part) }}{{- fail (printf "applications.%s.strategy.%s: is required and missing; a null deletes what would be inherited" $name $key) }}{{- end }}
  {{- range rest . }}
    {{- if or (not (hasKey $part .)) (kindIs "invalid" (get $part .)) }}{{- fail (printf "applications.%s.strategy.%s.%s: is required and missing; a null deletes what would be inherited" $name $key .) }}{{- end }}
  {{- end }}
{{- end }}
{{- if and (or (eq $app.strategy.type "Canary") (eq $app.strategy.type "BlueGreen")) (not $app.service.enabled) }}
  {{- fail (printf "applications.%s.strategy.type: %s moves requests between two services, but service.enabled is false" $name $app.strategy.type) }}
{{- end }}
{{- if and $app.service.nodePort (ne $app.service.type "NodePort") }}
  {{- fail (printf "applications.%s.service.nodePort: %d has no meaning for a service of type %s; set service.type to NodePort" $name (int64 $app.service.nodePort) $app.service.type) }}
{{- end }}
{{- if has $app.strategy.type (list "RollingUpdate" "Canary") }}
  {{- $surge := toString $app.strategy.rollingUpdate.maxSurge }}{{- $gone := toString $app.strategy.rollingUpdate.maxUnavailable }}
  {{- if and (has $surge (list "0" "0%")) (has $gone (list "0" "0%")) }}
    {{- fail (printf "applications.%s.strategy.rollingUpdate.maxSurge: %s, and strategy.rollingUpdate.maxUnavailable %s, leave no step to take; give one of them at least 1" $name $surge $gone) }}
  {{- end }}
{{- end }}
{{- end }}

{{/* A budget lets a node be drained. */}}
{{- define "my-app.rule.pdb" -}}
{{- $app := .app }}{{- $name := .app.name }}
{{- if $app.pdb.enabled }}
  {{- $allowed := toString $app.pdb.maxUnavailable }}
  {{- if or (eq $allowed "0") (eq $allowed "0%") }}
    {{- fail (printf "applications.%s.pdb.maxUnavailable: %s blocks every drain of a node; use at least 1" $name $allowed) }}
  {{- end }}
{{- end }}
{{- end }}

{{/* What no application can see alone. */}}
{{- define "my-app.verifyTogether" -}}
{{- $root := .root }}
{{- $ports := dict }}{{- $hosts := dict }}{{- $services := dict }}
{{- $ingress := $root.Values.ingress }}{{- $tests := $root.Values.tests.enabled }}
{{- include "my-app.verifyKeys" (dict "at" "ingress.annotations" "given" $ingress.annotations) }}
{{- range $key := list "ingressCidrs" "databaseCidrs" "awsCidrs" }}
  {{- range get $root.Values.networkPolicy $key | default list }}{{- include "my-app.verifyBlock" (dict "at" (printf "networkPolicy.%s" $key) "block" (dict "cidr" .)) }}{{- end }}
{{- end }}
{{- if and $ingress.enabled $ingress.annotations (eq $ingress.className "alb") }}
  {{- $paths := list }}
  {{- range .applications }}{{- if .ingress.enabled }}{{- $paths = append $paths .probes.readiness.path }}{{- end }}{{- end }}
  {{- include "my-app.verifyAlb" (dict "at" "ingress.annotations" "given" $ingress.annotations "paths" $paths) }}
{{- end }}
{{- include "my-app.verifyKeys" (dict "at" "monitoring.labels" "given" $root.Values.monitoring.labels "ours" (list "name" "instance" "component" "part-of" "managed-by")) }}
{{- if eq $root.Values.secrets.provider "external" }}
  {{- range $name, $secret := $root.Values.secrets.external.secrets }}
    {{- if $secret }}
      {{- range $key, $text := $secret.template }}
        {{- range regexFindAll `index \. "[^"]+"` ($text | default "") -1 }}
          {{- $part := . | trimPrefix `index . "` | trimSuffix `"` }}
          {{- if not (get ($secret.data | default dict) $part) }}
            {{- fail (printf "secrets.external.secrets.%s.data.%s: is missing, and template.%s is composed of it; fetch it, or write the template without it" $name $part $key) }}
          {{- end }}
        {{- end }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end }}
{{- range .applications }}
  {{- $_ := set $services .name .name }}
{{- end }}
{{- $taken := dict (printf "%s-default-deny" $root.Values.partOf) "the network policy that denies the rest" (printf "%s-tests" $root.Values.partOf) "the network policy of helm test" $root.Values.aws.serviceAccount "the account with the IAM role (aws.serviceAccount)" }}
{{- range $app := .applications }}
  {{- with get $taken .name }}
    {{- fail (printf "applications.%s: this name is kept for %s; choose another one" $app.name .) }}
  {{- end }}
  {{- if and .scheduling.priority (not (hasKey $root.Values.priorityClasses.classes .scheduling.priority)) }}
    {{- fail (printf "applications.%s.scheduling.priority: there is no class %s; priorityClasses.classes has %s" .name .scheduling.priority (keys $root.Values.priorityClasses.classes | sortAlpha | join ", ")) }}
  {{- end }}
  {{- if or (eq .strategy.type "Canary") (eq .strategy.type "BlueGreen") }}
    {{- $second := printf "%s-%s" .name (ternary "canary" "preview" (eq .strategy.type "Canary")) }}
    {{- if hasKey $services $second }}
      {{- fail (printf "applications.%s: its service has the name that %s needs for its new revision; rename it" $second .name) }}
    {{- end }}
  {{- end }}
  {{- if and $tests .service.enabled (hasKey $services (printf "%s-test" .name)) }}
    {{- fail (printf "applications.%s-test: the pod by which helm test asks %s has this name, and would get its requests; rename it, or set tests.enabled to false" .name .name) }}
  {{- end }}
  {{- if .service.nodePort }}
    {{- $port := int64 .service.nodePort | toString }}
    {{- if hasKey $ports $port }}
      {{- fail (printf "applications.%s.service.nodePort: %s is taken by %s already" .name $port (get $ports $port)) }}
    {{- end }}
    {{- $_ := set $ports $port .name }}
  {{- end }}
  {{- $exposed := and $ingress.enabled .ingress.enabled }}
  {{- if $exposed }}
    {{- if not .service.enabled }}
      {{- fail (printf "applications.%s.ingress: exposes a service that is off; set service.enabled to true" .name) }}
    {{- end }}
    {{- $host := include "my-app.host" (dict "root" $root "app" .) }}
    {{- if hasKey $hosts $host }}
      {{- fail (printf "applications.%s.ingress: the host %s is taken by %s already" .name $host (get $hosts $host)) }}
    {{- end }}
    {{- $_ := set $hosts $host .name }}
    {{- if eq $ingress.className "alb" }}
      {{- include "my-app.verifyBehindAlb" (dict "app" . "delay" (int64 $ingress.deregistrationDelaySeconds)) }}
      {{- if .service.annotations }}
        {{- include "my-app.verifyAlb" (dict "at" (printf "applications.%s.service.annotations" .name) "given" .service.annotations "paths" (list .probes.readiness.path)) }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{/*
What an AWS load balancer needs to lose nothing: it goes on sending for some seconds after a pod began to stop, and
whatever it lets finish within its delay needs a server that still lives.
*/}}
{{- define "my-app.verifyBehindAlb" -}}
{{- $stop := int64 .app.preStopSeconds }}{{- $graceful := int64 .app.gracefulTimeoutSeconds }}
{{- if lt $stop 10 }}
  {{- fail (printf "applications.%s.preStopSeconds: %d is less than the 10 that the load balancer needs to stop sending; raise it, and terminationGracePeriodSeconds to at least 10 + gracefulTimeoutSeconds %d + 5 = %d" .app.name $stop $graceful (add 15 $graceful)) }}
{{- end }}
{{- if gt .delay (add $stop $graceful) }}
  {{- fail (printf "ingress.deregistrationDelaySeconds: %d is more than the preStopSeconds %d + gracefulTimeoutSeconds %d = %d of %s, so the load balancer would wait for requests whose server has ended; use at most %d" .delay $stop $graceful (add $stop $graceful) .app.name (add $stop $graceful)) }}
{{- end }}
{{- end }}

{{/*
Annotations that contradict what the chart makes of values, which nobody would compare with them. Takes at, given, and
paths: those that answer when the load balancer asks.
*/}}
{{- define "my-app.verifyAlb" -}}
{{- $prefix := "alb.ingress.kubernetes.io/" }}{{- $given := .given | default dict }}
{{- range $key, $value := $given }}
  {{- if hasPrefix $prefix $key }}
    {{- $said := toString $value }}{{- $name := trimPrefix $prefix $key }}{{- $wrong := "" }}
    {{- if and (eq $name "target-group-attributes") (contains "deregistration_delay.timeout_seconds" $said) }}
      {{- fail (printf "%s: %s would set deregistration_delay.timeout_seconds past the chart's arithmetic; take it out, and set deregistrationDelaySeconds under ingress" $.at $key) }}
    {{- else if and (eq $name "target-type") (ne $said "ip") }}
      {{- $wrong = printf "%s leads to nodes, and the Services and readiness gates are those of pods; leave it out" $said }}
    {{- else if and (eq $name "healthcheck-path") (not (has $said $.paths)) }}
      {{- $wrong = printf "%s is not where readiness is asked; leave it out, and set path under probes, readiness" $said }}
    {{- else if and (eq $name "scheme") (not (has $said (list "internet-facing" "internal"))) }}
      {{- $wrong = printf "%s is none of internal and internet-facing; leave it out, and set scheme under ingress" $said }}
    {{- else if and (eq $name "healthcheck-port") (not (or (has $said (list "traffic-port" "http")) (and (regexMatch "^[0-9]{1,5}$" $said) (ge (int64 $said) 1) (le (int64 $said) 65535)))) }}
      {{- $wrong = printf "%s is no port: traffic-port, http, or 1 to 65535; leave it out, and readiness is asked where requests go" $said }}
    {{- end }}
    {{- with $wrong }}{{- fail (printf "%s: %s: %s" $.at $key .) }}{{- end }}
  {{- end }}
{{- end }}
{{- $listens := printf "%slisten-ports" $prefix }}{{- $redirects := printf "%sssl-redirect" $prefix }}
{{- if or (hasKey $given $listens) (hasKey $given $redirects) }}
  {{- $port := get $given $redirects | default "443" }}
  {{- if hasKey $given $listens }}
    {{- if not (regexMatch (printf `"HTTPS"\s*:\s*%s\b` $port) (get $given $listens)) }}
      {{- fail (printf "%s: %s: nobody would listen for HTTPS on port %s, to which requests are redirected; add it, or leave the annotation out" .at $listens $port) }}
    {{- end }}
  {{- else if ne $port "443" }}
    {{- fail (printf "%s: %s: nobody listens for HTTPS on port %s; name it in %s, or leave the annotation out" .at $redirects $port $listens) }}
  {{- end }}
{{- end }}
{{- end }}

{{/* A policy must leave an application what it cannot do without: database, webhooks, siblings, its callers. */}}
{{- define "my-app.rule.policy" -}}
{{- $app := .app }}{{- $policy := .root.Values.networkPolicy }}
{{- if $policy.enabled }}
{{- $exposed := and .root.Values.ingress.enabled $app.ingress.enabled }}
{{- $database := and $app.database (not .root.Values.persistence.enabled) }}
{{- if not $app.networkPolicy.enabled }}
  {{- $need := "" }}
  {{- if $database }}{{- $need = "its database" }}
  {{- else if $app.webhooks.deliver }}{{- $need = "its webhooks" }}
  {{- else if $app.aws.access }}{{- $need = "AWS" }}
  {{- else if eq $app.role "monitoring" }}{{- $need = "the applications that it watches" }}
  {{- else if $exposed }}{{- $need = "the load balancer" }}
  {{- else if $app.aws.applicationSignals }}{{- $need = "the agent of CloudWatch, which takes its traces" }}
  {{- end }}
  {{- if $need }}
    {{- fail (printf "applications.%s.networkPolicy.enabled: false leaves it with DNS alone, cut off from %s; set it to true" $app.name $need) }}
  {{- end }}
{{- else }}
  {{- if and $database (not $policy.databaseCidrs) }}
    {{- $open := false }}
    {{- range $app.networkPolicy.egress }}{{- if include "my-app.leads" (dict "rule" . "port" $policy.databasePort) }}{{- $open = true }}{{- end }}{{- end }}
    {{- if not $open }}
      {{- fail (printf "networkPolicy.databaseCidrs: is empty, so %s would be cut off from its database; name the database's networks, or open port %d by name in its networkPolicy.egress (a block without ports may hold the database or not)" $app.name (int64 $policy.databasePort)) }}
    {{- end }}
  {{- end }}
  {{- if and $app.aws.access (not $policy.awsCidrs) }}
    {{- $open := false }}
    {{- range $app.networkPolicy.egress }}{{- if include "my-app.leads" (dict "rule" . "port" 443) }}{{- $open = true }}{{- end }}{{- end }}
    {{- if not $open }}
      {{- fail (printf "applications.%s.aws.access: true needs a way to AWS, and networkPolicy.awsCidrs is empty, so it would be cut off from AWS and from its role; name the subnets of the VPC's endpoints there, or 0.0.0.0/0 for the public ones" $app.name) }}
    {{- end }}
  {{- end }}
  {{- if and (eq $app.role "worker") (not $app.webhooks.deliver) }}
    {{- $open := false }}
    {{- range $rule := $app.networkPolicy.egress }}
      {{- range $port := list 443 80 }}{{- if include "my-app.leads" (dict "rule" $rule "port" $port) }}{{- $open = true }}{{- end }}{{- end }}
    {{- end }}
    {{- if not $open }}
      {{- fail (printf "applications.%s.webhooks.deliver: false closes the network to the webhooks that a worker delivers; set it to true, or name where they go in networkPolicy.egress, with port 443 or 80" $app.name) }}
    {{- end }}
  {{- end }}
{{- end }}
{{- $from := $app.networkPolicy.from }}
{{- if eq .root.Values.ingress.className "alb" }}
  {{- /* The load balancer of AWS is no pod: a block alone can let it in. */}}
  {{- $from = list }}
  {{- range $app.networkPolicy.from }}{{- if .ipBlock }}{{- $from = append $from . }}{{- end }}{{- end }}
{{- end }}
{{- if and $exposed $app.networkPolicy.enabled (not $policy.ingressCidrs) (not $from) }}
  {{- fail (printf "networkPolicy.ingressCidrs: is empty, so the load balancer would be cut off from %s; name its subnets" $app.name) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The public name of an application. */}}
{{- define "my-app.host" -}}
{{- $ingress := .app.ingress -}}
{{- $ingress.host | default (printf "%s.%s" ($ingress.subdomain | default .app.name) .root.Values.ingress.domain) -}}
{{- end }}

{{/*
Whether an egress rule is a way to a TCP port of what nobody gave an address: it goes everywhere, or it names the port
for somebody. That somebody is the right one is for flaskship check to judge. Only databasePort tells a database.
*/}}
{{- define "my-app.leads" -}}
{{- $everywhere := not .rule.to }}{{- $pods := false }}
{{- range .rule.to }}
  {{- if not .ipBlock }}{{- $pods = true }}
  {{- else if and (has .ipBlock.cidr (list "0.0.0.0/0" "::/0")) (not .ipBlock.except) }}{{- $everywhere = true }}
  {{- end }}
{{- end }}
{{- if and $everywhere (not .rule.ports) }}yes{{ end }}
{{- range .rule.ports }}
  {{- if eq (.protocol | default "TCP") "TCP" }}
    {{- if not .port }}{{ if $everywhere }}yes{{ end }}
    {{- else if kindIs "string" .port }}{{ if $pods }}yes{{ end }}
    {{- else if and (le (int64 .port) (int64 $.port)) (ge (int64 (.endPort | default .port)) (int64 $.port)) }}yes
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}
