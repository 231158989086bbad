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
        {{- if $app.affinity }}
        {{- toYaml $app.affinity | nindent 8 }}
        {{- else }}
        nodeAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - weight: 100
              preference:
                matchExpressions:
                  - key: eks.amazonaws.com/capacityType
                    operator: In
                    values: [SPOT]
        {{- end }}
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
