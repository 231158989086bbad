mock_provider "aws" {
  source = "../../mocks"
}

run "a_bucket_of_this_account" {
  # Nothing is applied: what cannot be destroyed could not be cleared away after the test.
  command = plan

  assert {
    condition     = strcontains(output.init, "-backend-config=bucket=my-app-terraform-state-")
    error_message = "The output says how other stacks find the bucket."
  }
}

run "a_region_that_is_none" {
  command = plan

  variables {
    region = "oregon"
  }

  expect_failures = [var.region]
}
