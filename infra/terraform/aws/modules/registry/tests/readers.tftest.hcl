mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name = "my-app/my-demo-app"
}

run "nobody_else_by_default" {
  command = plan

  assert {
    condition     = length(aws_ecr_repository_policy.readers) == 0
    error_message = "Without readers no other account gets in."
  }
}

run "other_accounts_pull_and_no_more" {
  command = plan

  variables {
    readers = ["111122223333", "444455556666"]
  }

  assert {
    condition = (
      length(aws_ecr_repository_policy.readers) == 1 &&
      length(data.aws_iam_policy_document.readers.statement) == 1 &&
      data.aws_iam_policy_document.readers.statement[0].actions == toset(["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]) &&
      one(data.aws_iam_policy_document.readers.statement[0].principals).identifiers == toset(["arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:root"])
    )
    error_message = "They read layers, and write nothing."
  }
}

run "an_account_that_is_none" {
  command = plan

  variables {
    readers = ["*"]
  }

  expect_failures = [var.readers]
}
