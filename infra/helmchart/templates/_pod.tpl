{{/*
The pod template of an application, at its place under spec of a Deployment or a Rollout. Parts that stand twice are
made once, and at their final column: indenting text again costs more than making it.
*/}}
{{- define "my-app.podTemplate" -}}
{{- $app := .app -}}
{{- $computed := .root.Values.computed -}}
{{- $claim := and $app.database .root.Values.persistence.enabled -}}
{{- $migrates := and $app.database $app.migrations -}}
{{- $asked := toJson $app.resources }}
{{- if not (hasKey $computed.texts $asked) }}
  {{- $_ := set $computed.texts $asked (include "my-app.resources" $app.resources | fromJson) }}
{{- end }}
{{- $resources := get $computed.texts $asked }}
{{- $container := include "my-app.container" (dict "app" $app "root" .root "claim" $claim "resources" $resources.whole) }}
    metadata:
      labels:
        app.kubernetes.io/name: {{ $app.name | quote }}
        app.kubernetes.io/instance: {{ $.root.Release.Name | quote }}
        app.kubernetes.io/component: {{ $app.role | quote }}
        app.kubernetes.io/part-of: {{ $.root.Values.partOf | quote }}
        {{- range $key, $value := $app.podLabels }}
        {{ $key | quote }}: {{ $value | quote }}
        {{- end }}
      {{- $traced := and $app.aws.applicationSignals (not (hasKey ($app.podAnnotations | default dict) "instrumentation.opentelemetry.io/inject-python")) }}
      {{- if or $traced $app.podAnnotations }}
      annotations:
        {{- if $traced }}
        instrumentation.opentelemetry.io/inject-python: "true"
        {{- end }}
        {{- range $key, $value := $app.podAnnotations }}
        {{ $key | quote }}: {{ $value | quote }}
        {{- end }}
      {{- end }}
    spec:
      serviceAccountName: {{ $app.account | quote }}
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: {{ int64 $app.terminationGracePeriodSeconds }}
{{ $computed.podSecurity }}
      {{- with $app.image.pullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . | quote }}
        {{- end }}
      {{- end }}
      {{- include "my-app.scheduling" $ }}
      {{- if or $migrates $app.initContainers }}
      initContainers:
        {{- if $migrates }}
        - name: migrate
          image: {{ $app.reference | quote }}
          imagePullPolicy: {{ $app.image.pullPolicy }}
          command: [python, -m, tomorrows.migrate]
          {{- if $resources.shared }}
          {{- include "my-app.container" (dict "app" $app "root" $.root "claim" $claim "resources" $resources.shared) }}
          {{- else }}
          {{- $container }}
          {{- end }}
        {{- end }}
        {{- with $app.initContainers }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
      containers:
        - name: {{ $app.name | quote }}
          image: {{ $app.reference | quote }}
          imagePullPolicy: {{ $app.image.pullPolicy }}
          {{- with $app.command }}
          command:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with $app.args }}
          args:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- $app.serving }}
          {{- $container }}
      volumes:
        - name: tmp
          emptyDir:
            sizeLimit: 64Mi
        {{- if $claim }}
        - name: data
          persistentVolumeClaim:
            claimName: {{ $.root.Values.persistence.name | quote }}
        {{- end }}
        {{- with $app.secretFiles }}
        - name: secrets
          secret:
            secretName: {{ $computed.appSecrets | quote }}
            # Readable by the group of fsGroup alone.
            defaultMode: 288
            items:
              {{- range . }}
              - key: {{ . }}
                path: {{ . }}
              {{- end }}
        {{- end }}
        {{- with $app.volumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end }}

{{/* Resources as text; and, where there are devices or huge pages, what is left for a migration, which uses none. */}}
{{- define "my-app.resources" }}
{{- $shared := dict }}{{- $alone := false }}
{{- range $kind, $amounts := . }}
  {{- $rest := dict }}
  {{- range $name, $amount := $amounts }}
    {{- if or (contains "/" $name) (hasPrefix "hugepages-" $name) }}{{- $alone = true }}{{- else }}{{- $_ := set $rest $name $amount }}{{- end }}
  {{- end }}
  {{- $_ := set $shared $kind $rest }}
{{- end }}
{{- dict "whole" (toYaml . | nindent 12) "shared" (ternary (toYaml $shared | nindent 12) "" $alone) | toJson }}
{{- end }}

{{/* What the application's container and its migration have alike. Takes app, root, claim, and resources as text. */}}
{{- define "my-app.container" }}
          env:
            {{- range $name, $given := .app.environment }}
            - name: {{ $name | quote }}
              {{ $given }}
            {{- end }}
          envFrom:
            - configMapRef:
                name: {{ .app.configName | quote }}
            {{- with .app.envFrom }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
{{ .root.Values.computed.security }}
          resources:
            {{- .resources }}
          volumeMounts:
            - name: tmp
              mountPath: /tmp
            {{- if .claim }}
            - name: data
              mountPath: {{ .root.Values.persistence.mountPath | quote }}
            {{- end }}
            {{- if .app.secretFiles }}
            - name: secrets
              mountPath: {{ .root.Values.secrets.mountPath | quote }}
              readOnly: true
            {{- end }}
            {{- with .app.volumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
{{- end }}

{{/* How the application is asked, and how it is told to end: the same text for whoever changes nothing of it. */}}
{{- define "my-app.sets.serving" -}}
{{- $_ := set .app "serving" (include "my-app.serving" .app) }}
{{- end }}

{{- define "my-app.serving" }}
          ports:
            - name: http
              containerPort: {{ int64 .service.targetPort }}
              protocol: TCP
          {{- range $kind, $probe := .probes }}
          {{- if $probe.enabled }}
          {{ $kind }}Probe:
            httpGet:
              path: {{ $probe.path | quote }}
              port: http
            {{- with $probe.initialDelaySeconds }}
            initialDelaySeconds: {{ int64 . }}
            {{- end }}
            {{- with $probe.periodSeconds }}
            periodSeconds: {{ int64 . }}
            {{- end }}
            {{- with $probe.timeoutSeconds }}
            timeoutSeconds: {{ int64 . }}
            {{- end }}
            {{- with $probe.successThreshold }}
            successThreshold: {{ int64 . }}
            {{- end }}
            {{- with $probe.failureThreshold }}
            failureThreshold: {{ int64 . }}
            {{- end }}
          {{- end }}
          {{- end }}
          {{- with int64 .preStopSeconds }}
          lifecycle:
            preStop:
              sleep:
                seconds: {{ . }}
          {{- end }}
{{- end }}
