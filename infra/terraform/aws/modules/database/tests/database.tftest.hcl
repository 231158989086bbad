mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name           = "my-app-dev"
  database       = { name = "my_app", username = "my_app" }
  instance_class = "db.t4g.micro"
  storage_gib    = { initial = 20, max = 50 }
  multi_az       = false
  subnets        = ["subnet-0a", "subnet-0b"]
  security_group = "sg-0a"
  backup_days    = 1
  protected      = true
}

run "closed_encrypted_and_protected" {
  command = apply

  assert {
    condition     = aws_db_instance.this.storage_encrypted && !aws_db_instance.this.publicly_accessible && aws_db_instance.this.manage_master_user_password
    error_message = "The disk is encrypted, there is no public address, and RDS keeps the password."
  }

  assert {
    condition     = aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot && can(regex("^my-app-dev-last-[0-9a-z]{8}$", aws_db_instance.this.final_snapshot_identifier))
    error_message = "A protected database refuses to go, and leaves a last snapshot."
  }

  assert {
    condition     = anytrue([for one in aws_db_parameter_group.this.parameter : one.name == "rds.force_ssl" && one.value == "1"])
    error_message = "Nobody connects without TLS."
  }
}

run "no_way_back" {
  command = plan

  variables {
    backup_days = 0
  }

  expect_failures = [var.backup_days]
}

run "a_disk_that_cannot_grow" {
  command = plan

  variables {
    storage_gib = { initial = 20, max = 21 }
  }

  expect_failures = [var.storage_gib]
}

run "a_user_that_rds_reserves" {
  command = plan

  variables {
    database = { name = "my_app", username = "postgres" }
  }

  expect_failures = [var.database]
}

run "logs_have_an_end" {
  command = plan

  assert {
    condition     = { for name, group in aws_cloudwatch_log_group.this : group.name => group.retention_in_days } == { "/aws/rds/instance/my-app-dev/postgresql" = 30, "/aws/rds/instance/my-app-dev/upgrade" = 30 }
    error_message = "Both groups that RDS writes to are made here, with a retention."
  }
}

run "as_it_was" {
  command = apply
}

run "a_new_major_version_is_in_the_plan" {
  command = plan

  variables {
    engine_version              = "18"
    allow_major_version_upgrade = true
  }

  assert {
    condition     = aws_db_instance.this.engine_version == "18" && aws_db_instance.this.allow_major_version_upgrade && aws_db_instance.this.apply_immediately
    error_message = "The instance is upgraded, not its parameter group alone."
  }

  assert {
    condition     = aws_db_parameter_group.this.name_prefix == "my-app-dev-postgres18-" && aws_db_parameter_group.this.family == "postgres18"
    error_message = "The new version has a parameter group of its own, beside the old one."
  }
}

run "not_by_itself" {
  command = plan

  assert {
    condition     = !aws_db_instance.this.allow_major_version_upgrade && aws_db_instance.this.auto_minor_version_upgrade
    error_message = "Minor versions come by themselves, major ones do not."
  }
}
