{{/* Metadata of an object: name, namespace, labels, the writer. Takes root, name, and optionally app, annotations. */}}
{{- define "my-app.metadata" -}}
metadata:
  name: {{ .name | quote }}
{{- if not .clusterWide }}
  namespace: {{ .root.Release.Namespace | quote }}
{{- end }}
  labels:
    {{- if .app }}
    app.kubernetes.io/name: {{ .app.name | quote }}
    app.kubernetes.io/component: {{ .app.role | quote }}
    {{- end }}
    app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
    app.kubernetes.io/part-of: {{ .root.Values.partOf | quote }}
    app.kubernetes.io/managed-by: {{ .root.Release.Service }}
    {{- range $key, $value := .labels }}
    {{ $key }}: {{ $value | quote }}
    {{- end }}
  annotations:
    flaskship.dev/writer: {{ .root.Values.writer }}
    {{- range $key, $value := .annotations }}
    {{ $key }}: {{ $value | quote }}
    {{- end }}
{{- end }}

{{- define "my-app.selector" -}}
app.kubernetes.io/name: {{ .app.name | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- end }}

{{/* The container security context of the restricted Pod Security standard. */}}
{{- define "my-app.containerSecurity" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  readOnlyRootFilesystem: true
  allowPrivilegeEscalation: false
  capabilities:
    drop:
      - ALL
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{- define "my-app.podSecurity" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{/* env and envFrom of a container of an application. */}}
{{- define "my-app.environment" -}}
env:
  {{- range $name, $given := .app.environment }}
  - name: {{ $name | quote }}
    {{- if hasKey $given "value" }}
    value: {{ $given.value | quote }}
    {{- else if hasKey $given "from" }}
    valueFrom:
      {{- toYaml $given.from | nindent 6 }}
    {{- else }}
    valueFrom:
      secretKeyRef:
        name: {{ $.root.Values.computed.appSecrets | quote }}
        key: {{ $given.secret }}
        {{- if $given.optional }}
        optional: true
        {{- end }}
    {{- end }}
  {{- end }}
envFrom:
  - configMapRef:
      name: {{ .app.configName | quote }}
  {{- with .app.envFrom }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "my-app.mounts" -}}
volumeMounts:
  - name: tmp
    mountPath: /tmp
  {{- if and .app.database .root.Values.persistence.enabled }}
  - name: data
    mountPath: {{ .root.Values.persistence.mountPath | quote }}
  {{- end }}
  {{- with .app.volumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "my-app.probe" -}}
{{ .kind }}:
  httpGet:
    path: {{ .probe.path | quote }}
    port: http
  {{- range $field := list "initialDelaySeconds" "periodSeconds" "timeoutSeconds" "successThreshold" "failureThreshold" }}
  {{- if hasKey $.probe $field }}
  {{ $field }}: {{ get $.probe $field | int64 }}
  {{- end }}
  {{- end }}
{{- end }}
