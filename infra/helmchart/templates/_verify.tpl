{{/* What no schema can say about one application. Each refusal names the values to change. */}}
{{- define "my-app.verify" -}}
{{- $sum := add (int64 .preStopSeconds) (int64 .gracefulTimeoutSeconds) 5 }}
{{- if lt (int64 .terminationGracePeriodSeconds) $sum }}
  {{- fail (printf "applications.%s.terminationGracePeriodSeconds: %d is less than preStopSeconds %d + gracefulTimeoutSeconds %d + 5 = %d, so requests in flight would be killed; raise it to %d" .name (int64 .terminationGracePeriodSeconds) (int64 .preStopSeconds) (int64 .gracefulTimeoutSeconds) $sum $sum) }}
{{- end }}
{{- if .autoscaling.enabled }}
  {{- if gt (int64 .autoscaling.minReplicas) (int64 .autoscaling.maxReplicas) }}
    {{- fail (printf "applications.%s.autoscaling: minReplicas %d is above maxReplicas %d" .name (int64 .autoscaling.minReplicas) (int64 .autoscaling.maxReplicas)) }}
  {{- end }}
  {{- if and .vpa.enabled (ne .vpa.updateMode "Off") }}
    {{- fail (printf "applications.%s.vpa.updateMode: %s beside autoscaling makes two controllers fight over the same resource; set it to Off" .name .vpa.updateMode) }}
  {{- end }}
{{- end }}
{{- if and .scheduling.spot (gt (int64 .terminationGracePeriodSeconds) 110) }}
  {{- fail (printf "applications.%s.terminationGracePeriodSeconds: %d is too long for a spot node, which is gone two minutes after its notice; use at most 110" .name (int64 .terminationGracePeriodSeconds)) }}
{{- end }}
{{- if and (has .strategy.type (list "Canary" "BlueGreen")) (not .service.enabled) }}
  {{- fail (printf "applications.%s.strategy.type: %s moves requests between two services, but service.enabled is false" .name .strategy.type) }}
{{- end }}
{{- if and .service.nodePort (ne .service.type "NodePort") }}
  {{- fail (printf "applications.%s.service.nodePort: %d has no meaning for a service of type %s; set service.type to NodePort" .name (int64 .service.nodePort) .service.type) }}
{{- end }}
{{- if and .pdb.enabled (has (toString .pdb.maxUnavailable) (list "0" "0%")) }}
  {{- fail (printf "applications.%s.pdb.maxUnavailable: %v blocks every drain of a node; use at least 1" .name .pdb.maxUnavailable) }}
{{- end }}
{{- end }}

{{/* What no application can see alone. */}}
{{- define "my-app.verifyTogether" -}}
{{- $root := .root }}
{{- $ports := dict }}
{{- $hosts := dict }}
{{- $policy := $root.Values.networkPolicy }}
{{- range .applications }}
  {{- if and .scheduling.priority (not (hasKey $root.Values.priorityClasses.classes .scheduling.priority)) }}
    {{- fail (printf "applications.%s.scheduling.priority: there is no class %s; priorityClasses.classes has %s" .name .scheduling.priority (keys $root.Values.priorityClasses.classes | sortAlpha | join ", ")) }}
  {{- end }}
  {{- if and $policy.enabled .networkPolicy.enabled .database (not $policy.databaseCidrs) (not .networkPolicy.egress) (not $root.Values.persistence.enabled) }}
    {{- fail (printf "networkPolicy.databaseCidrs: is empty, so %s would be cut off from its database; name the database's networks" .name) }}
  {{- end }}
  {{- if .service.nodePort }}
    {{- $port := int64 .service.nodePort | toString }}
    {{- if hasKey $ports $port }}
      {{- fail (printf "applications.%s.service.nodePort: %s is taken by %s already" .name $port (get $ports $port)) }}
    {{- end }}
    {{- $_ := set $ports $port .name }}
  {{- end }}
  {{- if and $root.Values.ingress.enabled .ingress.enabled }}
    {{- if not .service.enabled }}
      {{- fail (printf "applications.%s.ingress: exposes a service that is off; set service.enabled to true" .name) }}
    {{- end }}
    {{- $host := include "my-app.host" (dict "root" $root "app" .) }}
    {{- if hasKey $hosts $host }}
      {{- fail (printf "applications.%s.ingress: the host %s is taken by %s already" .name $host (get $hosts $host)) }}
    {{- end }}
    {{- $_ := set $hosts $host .name }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The public name of an application. */}}
{{- define "my-app.host" -}}
{{- $ingress := .app.ingress -}}
{{- $ingress.host | default (printf "%s.%s" ($ingress.subdomain | default .app.name) .root.Values.ingress.domain) -}}
{{- end }}
