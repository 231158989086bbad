{{/* The pod template of an application: the same under a Deployment and under a Rollout. */}}
{{- define "my-app.podTemplate" -}}
{{- $app := .app -}}
metadata:
  labels:
    {{- include "my-app.selector" $ | nindent 4 }}
    app.kubernetes.io/component: {{ $app.role | quote }}
    app.kubernetes.io/part-of: {{ $.root.Values.partOf | quote }}
    {{- range $key, $value := $app.podLabels }}
    {{ $key }}: {{ $value | quote }}
    {{- end }}
  {{- with $app.podAnnotations }}
  annotations:
    {{- range $key, $value := . }}
    {{ $key }}: {{ $value | quote }}
    {{- end }}
  {{- end }}
spec:
  serviceAccountName: {{ $app.account | quote }}
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: {{ int64 $app.terminationGracePeriodSeconds }}
  {{- include "my-app.podSecurity" $ | nindent 2 }}
  {{- with $app.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . | quote }}
    {{- end }}
  {{- end }}
  {{- include "my-app.scheduling" $ | nindent 2 }}
  {{- if or (and $app.database $app.migrations) $app.initContainers }}
  initContainers:
    {{- if and $app.database $app.migrations }}
    - name: migrate
      image: {{ $app.image.reference | quote }}
      imagePullPolicy: {{ $app.image.pullPolicy }}
      command: [python, -m, tomorrows.migrate]
      {{- include "my-app.environment" $ | nindent 6 }}
      {{- include "my-app.containerSecurity" $ | nindent 6 }}
      resources:
        {{- toYaml $app.resources | nindent 8 }}
      {{- include "my-app.mounts" $ | nindent 6 }}
    {{- end }}
    {{- with $app.initContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
  containers:
    - name: {{ $app.name | quote }}
      image: {{ $app.image.reference | quote }}
      imagePullPolicy: {{ $app.image.pullPolicy }}
      {{- with $app.command }}
      command:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $app.args }}
      args:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        - name: http
          containerPort: {{ int64 $app.service.targetPort }}
          protocol: TCP
      {{- include "my-app.environment" $ | nindent 6 }}
      {{- range $kind := list "startup" "readiness" "liveness" }}
      {{- $probe := get $app.probes $kind }}
      {{- if $probe.enabled }}
      {{- include "my-app.probe" (dict "kind" (printf "%sProbe" $kind) "probe" $probe) | nindent 6 }}
      {{- end }}
      {{- end }}
      lifecycle:
        preStop:
          sleep:
            seconds: {{ int64 $app.preStopSeconds }}
      {{- include "my-app.containerSecurity" $ | nindent 6 }}
      resources:
        {{- toYaml $app.resources | nindent 8 }}
      {{- include "my-app.mounts" $ | nindent 6 }}
  volumes:
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
    {{- if and $app.database $.root.Values.persistence.enabled }}
    - name: data
      persistentVolumeClaim:
        claimName: {{ $.root.Values.persistence.name | quote }}
    {{- end }}
    {{- with $app.volumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}
