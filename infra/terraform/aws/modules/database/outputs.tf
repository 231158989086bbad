output "name" {
  description = "The instance's name, as CloudWatch's metrics have it."
  value       = aws_db_instance.this.identifier
}

output "connection" {
  description = "Where it answers and as whom; the password is in the managed secret alone."
  value = {
    host     = aws_db_instance.this.address
    port     = aws_db_instance.this.port
    dbname   = aws_db_instance.this.db_name
    username = aws_db_instance.this.username
  }
}

output "secret_arn" {
  description = "The managed secret with username and password."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}

output "key_arn" {
  description = "The key of the managed secret."
  value       = aws_kms_key.this.arn
}
