{{/* Where the pods of an application may run. */}}
{{- define "my-app.scheduling" }}
      {{- $app := .app }}
      enableServiceLinks: false
      {{- with $app.scheduling.priority }}
      priorityClassName: {{ printf "%s-%s" $.root.Values.priorityClasses.prefix . | quote }}
      {{- end }}
      {{- with $app.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if or $app.scheduling.spot $app.tolerations }}
      tolerations:
        {{- if $app.scheduling.spot }}
        - key: eks.amazonaws.com/capacityType
          operator: Equal
          value: SPOT
          effect: NoSchedule
        {{- end }}
        {{- with $app.tolerations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
      {{- if or $app.scheduling.spot $app.affinity }}
      affinity:
        {{- $affinity := $app.affinity | default dict }}
        {{- if $app.scheduling.spot }}
        {{- /* Beside one's own: a rule that keeps pods apart says nothing of the kind of node. */}}
        {{- $spot := dict "weight" 100 "preference" (dict "matchExpressions" (list (dict "key" "eks.amazonaws.com/capacityType" "operator" "In" "values" (list "SPOT")))) }}
        {{- $own := $affinity.nodeAffinity | default dict }}
        {{- $preferred := concat (list $spot) ($own.preferredDuringSchedulingIgnoredDuringExecution | default list) }}
        {{- $nodes := merge (dict "preferredDuringSchedulingIgnoredDuringExecution" $preferred) $own }}
        {{- $affinity = merge (dict "nodeAffinity" $nodes) $affinity }}
        {{- end }}
        {{- toYaml $affinity | nindent 8 }}
      {{- end }}
      {{- if $app.topologySpread.enabled }}
      topologySpreadConstraints:
        - maxSkew: {{ int64 $app.topologySpread.maxSkew }}
          topologyKey: {{ $app.topologySpread.topologyKey | quote }}
          whenUnsatisfiable: {{ $app.topologySpread.whenUnsatisfiable }}
          labelSelector:
            matchLabels:
              app.kubernetes.io/name: {{ $app.name | quote }}
              app.kubernetes.io/instance: {{ $.root.Release.Name | quote }}
      {{- end }}
{{- end }}
