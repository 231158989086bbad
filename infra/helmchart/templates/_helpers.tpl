{{/* Metadata of an object that belongs to no application. Takes root, name, and optionally labels, annotations. */}}
{{- define "my-app.metadata" -}}
metadata:
  name: {{ .name | quote }}
{{- if not .clusterWide }}
  namespace: {{ .root.Release.Namespace | quote }}
{{- end }}
  labels:
    app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
    app.kubernetes.io/part-of: {{ .root.Values.partOf | quote }}
    app.kubernetes.io/managed-by: {{ .root.Release.Service }}
    {{- range $key, $value := .labels }}
    {{- if not (kindIs "invalid" $value) }}
    {{ $key | quote }}: {{ $value | quote }}
    {{- end }}
    {{- end }}
  annotations:
    flaskship.dev/writer: {{ .root.Values.writer }}
    {{- range $key, $value := .annotations }}
    {{ $key | quote }}: {{ $value | quote }}
    {{- end }}
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
