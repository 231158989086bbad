output "topic_arn" {
  description = "Where alarms, budgets and anomalies are told."
  value       = aws_sns_topic.this.arn
}

output "arns" {
  description = "ARNs of the alarms, for the dashboard."
  value       = [for alarm in aws_cloudwatch_metric_alarm.this : alarm.arn]
}
