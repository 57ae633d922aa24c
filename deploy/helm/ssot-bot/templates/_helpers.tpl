{{- define "ssot-bot.labels" -}}
app.kubernetes.io/name: ssot-bot
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- define "ssot-bot.image" -}}
{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}
