mock_provider "aws" {
  source = "../../mocks"
}

variables {
  repository = { owner = "example", name = "my-app" }
}

run "one_repository_by_name" {
  command = plan

  assert {
    condition     = one(local.roles["deploy-prod"]) == "repo:example/my-app:environment:prod"
    error_message = "Production's role is for the environment prod of the one repository."
  }
}

run "one_repository_by_its_ids" {
  command = plan

  variables {
    repository = { owner = "example", name = "my-app", owner_id = "123456", id = "456789" }
  }

  assert {
    condition     = local.roles["images"][0] == "repo:example@123456/my-app@456789:ref:refs/heads/main"
    error_message = "The subject carries the ids that GitHub writes into it."
  }
}

run "any_repository_of_an_owner" {
  command = plan

  variables {
    repository = { owner = "example", name = "*" }
  }

  expect_failures = [var.repository]
}

run "half_an_identity" {
  command = plan

  variables {
    repository = { owner = "example", name = "my-app", id = "456789" }
  }

  expect_failures = [var.repository]
}
