data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnets
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-postgres${var.engine_version}-"
  family      = "postgres${var.engine_version}"
  description = "TLS for everybody, and slow statements told"

  parameter {
    name         = "rds.force_ssl"
    value        = "1"
    apply_method = "immediate"
  }

  # Statements slower than a second.
  parameter {
    name         = "log_min_duration_statement"
    value        = "1000"
    apply_method = "immediate"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "this" {
  # checkov:skip=CKV_AWS_157:The environment says whether; prod must.
  # checkov:skip=CKV_AWS_293:The environment says whether; prod must.
  # checkov:skip=CKV_AWS_353:The smallest machines lack it.
  # checkov:skip=CKV_AWS_161:Applications sign in with the managed password, which RDS rotates.
  # checkov:skip=CKV_AWS_118:CloudWatch has the machine's figures each minute; alarms watch them.
  identifier     = var.name
  engine         = "postgres"
  engine_version = var.engine_version
  instance_class = var.instance_class

  db_name                       = var.database.name
  username                      = var.database.username
  manage_master_user_password   = true
  master_user_secret_kms_key_id = aws_kms_key.this.arn

  allocated_storage     = var.storage_gib.initial
  max_allocated_storage = var.storage_gib.max
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.this.arn

  multi_az               = var.multi_az
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [var.security_group]
  publicly_accessible    = false
  parameter_group_name   = aws_db_parameter_group.this.name

  backup_retention_period    = var.backup_days
  backup_window              = "02:00-03:00"
  maintenance_window         = "sun:03:30-sun:04:30"
  copy_tags_to_snapshot      = true
  auto_minor_version_upgrade = true

  # A change waits for the maintenance window, also one that restarts. A new major version does not: its parameter group
  # is a new one, and the old one cannot go before.
  allow_major_version_upgrade = var.allow_major_version_upgrade
  apply_immediately           = var.allow_major_version_upgrade

  deletion_protection = var.protected
  skip_final_snapshot = !var.protected
  # The key's id makes the name another one for each life of the database: a snapshot outlives it, and refuses its name.
  final_snapshot_identifier = var.protected ? "${var.name}-last-${substr(aws_kms_key.this.key_id, 0, 8)}" : null

  enabled_cloudwatch_logs_exports       = ["postgresql", "upgrade"]
  performance_insights_enabled          = var.performance_insights
  performance_insights_kms_key_id       = var.performance_insights ? aws_kms_key.this.arn : null
  performance_insights_retention_period = var.performance_insights ? 7 : null

  depends_on = [aws_cloudwatch_log_group.this]
}

# RDS makes them itself with the first line, without an end: logs would be kept, and paid, for ever.
resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338:The environment says how long.
  # checkov:skip=CKV_AWS_158:CloudWatch encrypts by itself; statements above a second are told without their values.
  for_each = toset(["postgresql", "upgrade"])

  name              = "/aws/rds/instance/${var.name}/${each.key}"
  retention_in_days = var.log_retention_days
}

resource "aws_kms_key" "this" {
  description             = "Database ${var.name}: disk, backups, password"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}

data "aws_iam_policy_document" "key" {
  # checkov:skip=CKV_AWS_109:A key's policy must let its account manage it, or nobody can any more.
  # checkov:skip=CKV_AWS_111:The same.
  # checkov:skip=CKV_AWS_356:In a key's policy * is this key.
  statement {
    sid       = "Account"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.this.partition}:iam::${data.aws_caller_identity.this.account_id}:root"]
    }
  }
}
