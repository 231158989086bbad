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
    condition     = aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.final_snapshot_identifier == "my-app-dev-last"
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
    storage_gib = { initial = 20, max = 20 }
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
