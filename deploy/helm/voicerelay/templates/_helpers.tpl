{{- define "voicerelay.name" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "voicerelay.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "voicerelay.labels" -}}
{{ include "voicerelay.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "voicerelay.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- /* The port of an address of the configuration: a list of its name and its value. */ -}}
{{- define "voicerelay.port" -}}
{{- $port := regexFind "[0-9]+$" (toString (last .)) -}}
{{- if not $port }}{{ fail (printf "config: %s must be set, with a port, such as 0.0.0.0:8080" (first .)) }}{{ end -}}
{{- if hasPrefix "127." (toString (last .)) }}{{ fail (printf "config: %s must not be a loopback address, which no other pod reaches" (first .)) }}{{ end -}}
{{- $port -}}
{{- end }}

{{- /* A duration of the configuration, such as 1m30s or 500ms, in seconds. */ -}}
{{- define "voicerelay.seconds" -}}
{{- $seconds := 0.0 -}}
{{- range regexFindAll "[0-9.]+(ms|h|m|s)" (toString .) -1 -}}
{{- $unit := regexFind "[a-z]+$" . -}}
{{- $seconds = addf $seconds (mulf (float64 (trimSuffix $unit .)) (get (dict "h" 3600 "m" 60 "s" 1 "ms" 0.001) $unit)) -}}
{{- end -}}
{{- $seconds -}}
{{- end }}

{{- /* How long a relay may take to stop: drain_delay + shutdown_grace + 30 s, as docs/operating.md says. */ -}}
{{- define "voicerelay.grace" -}}
{{- $config := include "voicerelay.config" . | fromYaml -}}
{{- $drain := include "voicerelay.seconds" (get $config "drain_delay") | float64 -}}
{{- if lt $drain 5.0 }}{{ fail "config: drain_delay must be 5s or more: a Service takes some seconds to send newcomers elsewhere" }}{{ end -}}
{{- addf $drain (include "voicerelay.seconds" (get $config "shutdown_grace" | default "20s") | float64) 30.0 | ceil | int -}}
{{- end }}

{{- /* The configuration, once it is one that this chart can serve. */ -}}
{{- define "voicerelay.config" -}}
{{- $config := fromYaml .Values.config -}}
{{- if hasKey $config "Error" }}{{ fail (printf "config: %s" (get $config "Error")) }}{{ end -}}
{{- if not (hasPrefix "/data/" (dig "ledger" "path" "" $config)) }}{{ fail "config: ledger.path must be below /data, where the relay's disk is" }}{{ end -}}
{{- .Values.config -}}
{{- end }}
